package dev.homolog.analysis.roles;

import dev.homolog.core.Brief;
import dev.homolog.core.model.NeuronId;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * Neurons that raise or lower the logits of a set of tokens (Gurnee et al. 2024, section 5.1). They
 * are told by moments of cos(w_out, W_U) over the vocabulary.
 *
 * @param neurons every neuron of the model, by flat id
 */
public record PredictionRole(List<Neuron> neurons) {
  /** A prediction or suppression neuron has a kurtosis above this. */
  public static final double LEAST_KURTOSIS = 10;

  /** A partition neuron has at least so many times the median variance. */
  public static final double LEAST_VARIANCE = 2;

  /** A partition neuron has at most this kurtosis. */
  public static final double MOST_KURTOSIS = 4;

  /** Least share of the cosines' variance that a class must explain to name a set. */
  public static final double LEAST_REDUCTION = 0.05;

  /** Activation that a neuron is fixed to when it is raised. */
  public static final double RAISED_TO = 6;

  /** Kinds of neurons, by their moments. */
  public enum Kind {
    /** High kurtosis, skew above 0. */
    PREDICTION,
    /** High kurtosis, skew below 0. */
    SUPPRESSION,
    /** High variance, low kurtosis. */
    PARTITION,
    /** None of these. */
    NONE
  }

  /** A class of tokens and the ids that belong to it. */
  public record TokenSet(String name, BitSet ids) {
    @Override
    public String toString() {
      return Brief.of("TokenSet").with("name", name).with("ids", ids).toString();
    }
  }

  /**
   * A neuron, the set of tokens it writes to, and what raising it does.
   *
   * <p>The set is the class of tokens that explains most of the cosines' variance. Only classes
   * that the neuron raises or lowers as its kind says are tried. A class must explain {@link
   * #LEAST_REDUCTION}.
   *
   * @param mean mean of the cosines
   * @param variance their population variance
   * @param skew their skewness
   * @param kurtosis their kurtosis, 3 for a normal law
   * @param set name of the set; empty where none was looked for or none was found
   * @param setSize number of tokens of the set
   * @param varianceReduction 1 − ((1 − b) Var₀ + b Var₁) / Var, population variances, b the share
   *     of the class
   * @param welchT Welch's t of the cosines in the class against those outside
   * @param probability mean probability of the set; NaN where it was not measured
   * @param raisedProbability the same with the neuron at {@link #RAISED_TO}
   * @param randomChange the largest size of {@link #oddsChange()} of random neurons of the same
   *     layers
   */
  public record Neuron(
      NeuronId id,
      Kind kind,
      double mean,
      double variance,
      double skew,
      double kurtosis,
      String set,
      int setSize,
      double varianceReduction,
      double welchT,
      double probability,
      double raisedProbability,
      double randomChange) {

    /** Whether the set's probability was measured. */
    public boolean watched() {
      return !Double.isNaN(probability);
    }

    /** What raising the neuron adds to the logarithm of the set's odds, in nats. */
    public double oddsChange() {
      return oddsChange(probability, raisedProbability);
    }

    static double oddsChange(double before, double after) {
      return Math.log(after / (1 - after)) - Math.log(before / (1 - before));
    }

    /**
     * Whether raising the neuron moves the set's odds the way its cosines point, and further than
     * any random neuron does.
     */
    public boolean confirmed() {
      return oddsChange() * welchT > 0 && Math.abs(oddsChange()) > randomChange;
    }
  }

  /** Number of neurons of a kind in each layer. */
  public int[] byLayer(Kind kind) {
    int layers = neurons.stream().mapToInt(n -> n.id().layer()).max().orElse(-1) + 1;
    int[] counts = new int[layers];
    neurons.stream().filter(n -> n.kind == kind).forEach(n -> counts[n.id().layer()]++);
    return counts;
  }

  /**
   * The layer where suppression takes over from prediction. From it to the last layer, more neurons
   * suppress than predict in each. Empty where the last layer has no such majority.
   */
  public OptionalInt suppressesFrom() {
    int[] predict = byLayer(Kind.PREDICTION);
    int[] suppress = byLayer(Kind.SUPPRESSION);
    int layer = predict.length;
    while (layer > 0 && suppress[layer - 1] > predict[layer - 1]) {
      layer--;
    }
    return layer == predict.length ? OptionalInt.empty() : OptionalInt.of(layer);
  }

  /**
   * How well a class explains cosines.
   *
   * @param reduction share of the cosines' variance that it explains
   * @param welchT Welch's t of the cosines in the class against those outside
   */
  record Fit(TokenSet set, double reduction, double welchT) {
    /** Whether the class can name the set of a neuron of that kind. */
    boolean names(Kind kind) {
      boolean signFits =
          switch (kind) {
            case PREDICTION -> welchT > 0;
            case SUPPRESSION -> welchT < 0;
            case PARTITION -> true;
            case NONE -> false;
          };
      return signFits && reduction >= LEAST_REDUCTION;
    }

    /** The fit of a class of two tokens or more, with two or more outside. */
    static Fit of(TokenSet set, float[] cosines) {
      double n = cosines.length;
      double[] count = new double[2];
      double[] sum = new double[2];
      double[] squares = new double[2];
      double mean = 0;
      for (float value : cosines) {
        mean += value / n;
      }
      for (int v = 0; v < cosines.length; v++) {
        int in = set.ids.get(v) ? 1 : 0;
        double c = cosines[v] - mean;
        count[in]++;
        sum[in] += c;
        squares[in] += c * c;
      }
      double[] variance = new double[2];
      double[] means = new double[2];
      for (int in = 0; in < 2; in++) {
        means[in] = sum[in] / count[in];
        variance[in] = squares[in] / count[in] - means[in] * means[in];
      }
      double all = (squares[0] + squares[1]) / n;
      double within = (count[0] * variance[0] + count[1] * variance[1]) / n;
      double error = variance[1] / (count[1] - 1) + variance[0] / (count[0] - 1); // ddof 1 over n
      return new Fit(set, 1 - within / all, (means[1] - means[0]) / Math.sqrt(error));
    }
  }

  @Override
  public String toString() {
    return Brief.of("PredictionRole").with("neurons", neurons).toString();
  }
}
