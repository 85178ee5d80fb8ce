package dev.homolog.analysis.roles;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Intervention;
import dev.homolog.core.intervention.Metrics;
import dev.homolog.core.intervention.Reading;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

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

  /** Neurons of each kind whose set is named, and of these, whose effect is looked at. */
  static final int NAMED = 200;

  static final int RAISED = 20;

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
   * @param set class of tokens that explains most of the cosines' variance; empty where none was
   *     looked for
   * @param setSize its tokens
   * @param varianceReduction 1 − ((1 − b) Var₀ + b Var₁) / Var, population variances, b the share
   *     of the class
   * @param welchT Welch's t of the cosines in the class against those outside
   * @param probability of the set as it is; NaN where it was not looked at
   * @param raisedProbability the same with the neuron at {@link #RAISED_TO}
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
      double raisedProbability) {

    /** Whether the set's probability was looked at. */
    public boolean watched() {
      return !Double.isNaN(probability);
    }

    /** Whether raising the neuron moves the set's probability as its kind says. */
    public boolean confirmed() {
      double change = raisedProbability - probability;
      return switch (kind) {
        case PREDICTION -> change > 0;
        case SUPPRESSION -> change < 0;
        case PARTITION -> change > 0 || change < 0;
        case NONE -> false;
      };
    }
  }

  /** How well a class explains cosines. */
  record Fit(TokenSet set, double reduction, double welchT) {
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

  static PredictionRole of(
      Checkpoint checkpoint,
      Kernels kernels,
      OutputWeights weights,
      List<TokenSet> sets,
      Sweep.Text text,
      ProgressListener progress) {
    ModelConfig config = checkpoint.config();
    int n = config.neurons();
    Kind[] kinds = kinds(weights);
    List<Integer> named = new ArrayList<>();
    for (Kind kind : List.of(Kind.PREDICTION, Kind.SUPPRESSION, Kind.PARTITION)) {
      double[] by = kind == Kind.PARTITION ? weights.variance() : weights.kurtosis();
      IntStream.range(0, n)
          .filter(i -> kinds[i] == kind)
          .boxed()
          .sorted(Comparator.comparingDouble((Integer i) -> -by[i]).thenComparing(i -> i))
          .limit(NAMED)
          .forEach(named::add);
    }
    Map<Integer, Fit> fits = fits(checkpoint, named, sets);
    Map<Integer, double[]> raised = new HashMap<>();
    for (Kind kind : List.of(Kind.PREDICTION, Kind.SUPPRESSION, Kind.PARTITION)) {
      named.stream()
          .filter(i -> kinds[i] == kind && fits.containsKey(i))
          .limit(RAISED)
          .forEach(
              i -> raised.put(i, raised(checkpoint, kernels, i, fits.get(i).set, text, progress)));
    }
    List<Neuron> neurons = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Fit fit = fits.get(i);
      double[] probability = raised.getOrDefault(i, new double[] {Double.NaN, Double.NaN});
      neurons.add(
          new Neuron(
              NeuronId.of(i, config),
              kinds[i],
              weights.mean()[i],
              weights.variance()[i],
              weights.skew()[i],
              weights.kurtosis()[i],
              fit == null ? "" : fit.set.name,
              fit == null ? 0 : fit.set.ids.cardinality(),
              fit == null ? Double.NaN : fit.reduction,
              fit == null ? Double.NaN : fit.welchT,
              probability[0],
              probability[1]));
    }
    return new PredictionRole(List.copyOf(neurons));
  }

  private static Kind[] kinds(OutputWeights weights) {
    double[] variance = weights.variance();
    double[] sorted = Arrays.stream(variance).filter(Double::isFinite).sorted().toArray();
    double median = sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    Kind[] kinds = new Kind[variance.length];
    for (int i = 0; i < kinds.length; i++) {
      if (weights.kurtosis()[i] > LEAST_KURTOSIS) {
        kinds[i] = weights.skew()[i] > 0 ? Kind.PREDICTION : Kind.SUPPRESSION;
      } else {
        boolean partition =
            variance[i] >= LEAST_VARIANCE * median && weights.kurtosis()[i] <= MOST_KURTOSIS;
        kinds[i] = partition ? Kind.PARTITION : Kind.NONE;
      }
    }
    return kinds;
  }

  /** The best class of each neuron, as far as one has two tokens inside and two outside. */
  private static Map<Integer, Fit> fits(
      Checkpoint checkpoint, List<Integer> neurons, List<TokenSet> sets) {
    int vocabulary = checkpoint.config().vocabSize();
    List<TokenSet> usable =
        sets.stream()
            .filter(set -> set.ids.cardinality() > 1 && set.ids.cardinality() < vocabulary - 1)
            .toList();
    float[][] cosines = cosines(checkpoint, neurons);
    Map<Integer, Fit> fits = new HashMap<>();
    for (int j = 0; j < neurons.size(); j++) {
      Fit best = null;
      for (TokenSet set : usable) {
        Fit fit = Fit.of(set, cosines[j]);
        if (Double.isFinite(fit.reduction) && (best == null || fit.reduction > best.reduction)) {
          best = fit;
        }
      }
      if (best != null) {
        fits.put(neurons.get(j), best);
      }
    }
    return fits;
  }

  /** cos(w_out, W_U) of chosen neurons: [neurons][vocab]. */
  static float[][] cosines(Checkpoint checkpoint, List<Integer> neurons) {
    ModelConfig config = checkpoint.config();
    ProcessedWeights weights = new ProcessedWeights(checkpoint, Processing.FOLDED);
    double[][] writers = new double[neurons.size()][config.dModel()];
    for (int layer = 0; layer < config.layers(); layer++) {
      try (Arena arena = Arena.ofConfined()) {
        Tensor W = null;
        for (int j = 0; j < writers.length; j++) {
          NeuronId id = NeuronId.of(neurons.get(j), config);
          if (id.layer() == layer) {
            W = W == null ? weights.mlp(layer, arena).W_out() : W;
            W.readRow(id.neuron(), writers[j]);
          }
        }
      }
    }
    double[] norms = new double[writers.length];
    Arrays.setAll(norms, j -> Math.sqrt(Unembedding.dot(writers[j], writers[j])));
    float[][] cosines = new float[writers.length][config.vocabSize()];
    int block = 1024;
    double[] column = new double[config.dModel()];
    for (int from = 0; writers.length > 0 && from < config.vocabSize(); from += block) {
      int to = Math.min(config.vocabSize(), from + block);
      try (Arena arena = Arena.ofConfined()) {
        Tensor tokens = weights.W_U(from, to, arena).transposed();
        for (int v = from; v < to; v++) {
          tokens.readRow(v - from, column);
          double length = Math.sqrt(Unembedding.dot(column, column));
          for (int j = 0; j < writers.length; j++) {
            cosines[j][v] = (float) (Unembedding.dot(writers[j], column) / (length * norms[j]));
          }
        }
      }
    }
    return cosines;
  }

  /** Mean probability of a set, as it is and with the neuron raised. */
  private static double[] raised(
      Checkpoint checkpoint,
      Kernels kernels,
      int neuron,
      TokenSet set,
      Sweep.Text text,
      ProgressListener progress) {
    double[] weights = new double[checkpoint.config().vocabSize()];
    set.ids.stream().forEach(v -> weights[v] = 1);
    NeuronId id = NeuronId.of(neuron, checkpoint.config());
    try (Arena arena = Arena.ofShared()) {
      var options =
          new Sweep.Options(false, List.of(Reading.TOTAL), new Sweep.Vocabulary(weights, null));
      Sweep sweep =
          new Sweep(
              checkpoint,
              kernels,
              arena,
              (long) text.batchRows() * text.table().context(),
              List.of(List.of(Intervention.fix(id, RAISED_TO))),
              options);
      Sweep.Result found = sweep.run(text, progress, _ -> {});
      Metrics changed = found.variants().getFirst().get(Reading.TOTAL);
      return new double[] {found.nominal().expectation(), changed.expectation()};
    }
  }
}
