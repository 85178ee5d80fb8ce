package dev.homolog.analysis.roles;

import dev.homolog.core.model.NeuronId;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * Neurons that raise or lower the logits of a set of tokens (Gurnee et al. 2024, section 5.1), by
 * moments over the vocabulary of cos(w_out, W_U), folded weights.
 *
 * @param neurons every neuron of the model, by flat id
 */
public record PredictionRole(List<Neuron> neurons) {
  /** What the kurtosis must exceed for a set of tokens to stand out. */
  public static final double LEAST_KURTOSIS = 10;

  /** A partition has at least so many times the median variance, and at most this kurtosis. */
  public static final double LEAST_VARIANCE = 2;

  public static final double MOST_KURTOSIS = 4;

  /** The share of the cosines' variance that a class must explain to name a set. */
  public static final double LEAST_REDUCTION = 0.05;

  /** What a neuron is raised to. */
  public static final double RAISED_TO = 6;

  /** What moments say. */
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
  public record TokenSet(String name, BitSet ids) {}

  /**
   * A neuron.
   *
   * @param mean of the cosines; variance, skew and kurtosis likewise
   * @param set class of tokens that explains most of the cosines' variance, among those that the
   *     neuron raises or lowers as its kind says; empty where none was looked for, or none explains
   *     {@link #LEAST_REDUCTION}
   * @param setSize its tokens
   * @param varianceReduction 1 − ((1 − b) Var₀ + b Var₁) / Var, population variances, b the share
   *     of the class
   * @param welchT Welch's t of the cosines in the class against those outside
   * @param probability of the set as it is; NaN where it was not looked at
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

    /** Whether the set's probability was looked at. */
    public boolean watched() {
      return !Double.isNaN(probability);
    }

    /** What raising the neuron adds to the logarithm of the odds of the set. */
    public double oddsChange() {
      return oddsChange(probability, raisedProbability);
    }

    static double oddsChange(double before, double after) {
      return Math.log(after / (1 - after)) - Math.log(before / (1 - before));
    }

    /**
     * Whether raising the neuron moves the set's probability the way its cosines point, and further
     * than any random neuron does.
     */
    public boolean confirmed() {
      return oddsChange() * welchT > 0 && Math.abs(oddsChange()) > randomChange;
    }
  }

  /** How many neurons of each layer are of a kind. */
  public int[] byLayer(Kind kind) {
    int layers = neurons.stream().mapToInt(n -> n.id().layer()).max().orElse(-1) + 1;
    int[] counts = new int[layers];
    neurons.stream().filter(n -> n.kind == kind).forEach(n -> counts[n.id().layer()]++);
    return counts;
  }

  /**
   * The layer where suppression takes over from prediction: the first from which on, to the last
   * layer, more neurons suppress than predict; empty where the last layer has no such majority.
   */
  public OptionalInt turnsToSuppression() {
    int[] predict = byLayer(Kind.PREDICTION);
    int[] suppress = byLayer(Kind.SUPPRESSION);
    int layer = predict.length;
    while (layer > 0 && suppress[layer - 1] > predict[layer - 1]) {
      layer--;
    }
    return layer == predict.length ? OptionalInt.empty() : OptionalInt.of(layer);
  }

  /** How well a class explains cosines. */
  record Fit(TokenSet set, double reduction, double welchT) {
    /** Whether the class can name the set of a neuron of that kind. */
    boolean names(Kind kind) {
      boolean way =
          switch (kind) {
            case PREDICTION -> welchT > 0;
            case SUPPRESSION -> welchT < 0;
            case PARTITION -> true;
            case NONE -> false;
          };
      return way && reduction >= LEAST_REDUCTION;
    }

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
}
