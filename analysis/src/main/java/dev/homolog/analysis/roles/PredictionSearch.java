package dev.homolog.analysis.roles;

import dev.homolog.analysis.roles.PredictionRole.Fit;
import dev.homolog.analysis.roles.PredictionRole.Kind;
import dev.homolog.analysis.roles.PredictionRole.Neuron;
import dev.homolog.analysis.roles.PredictionRole.TokenSet;
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
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Looks for prediction, suppression and partition neurons: the {@link PredictionRole} of a model.
 */
final class PredictionSearch {
  /** Neurons of each kind whose set is named. */
  static final int NAMED = 200;

  /** Neurons of each kind with a named set whose effect is measured. */
  private static final int RAISED = 20;

  /** Random neurons that are raised beside those of a set. */
  private static final int RANDOM = 10;

  private static final List<Kind> LOOKED_FOR =
      List.of(Kind.PREDICTION, Kind.SUPPRESSION, Kind.PARTITION);

  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final Kernels kernels;
  private final NeuronRoles.Options options;

  PredictionSearch(Checkpoint checkpoint, Kernels kernels, NeuronRoles.Options options) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.kernels = kernels;
    this.options = options;
  }

  /** Mean probability of a neuron's set, before and after raising, and what random neurons do. */
  private record Watched(double probability, double raised, double randomChange) {
    static final Watched NONE = new Watched(Double.NaN, Double.NaN, Double.NaN);
  }

  /**
   * Finds the kind of every neuron, names sets, and raises neurons.
   *
   * @param weights of all neurons, by flat id
   * @param sets classes of tokens that sets are named by
   * @param text the rows on which sets are measured
   */
  PredictionRole find(
      OutputWeights weights, List<TokenSet> sets, Sweep.Text text, NeuronRoles.Watch watch) {
    int n = config.neurons();
    Kind[] kinds = kinds(weights);
    List<Integer> named = new ArrayList<>();
    for (Kind kind : LOOKED_FOR) {
      double[] values = kind == Kind.PARTITION ? weights.variance() : weights.kurtosis();
      IntStream.range(0, n)
          .filter(i -> kinds[i] == kind)
          .boxed()
          .sorted(Comparator.comparingDouble((Integer i) -> -values[i]).thenComparing(i -> i))
          .limit(NAMED)
          .forEach(named::add);
    }
    Map<Integer, Fit> fits = fits(named, kinds, sets);
    Map<TokenSet, List<Integer>> bySet = new LinkedHashMap<>();
    for (Kind kind : LOOKED_FOR) {
      named.stream()
          .filter(i -> kinds[i] == kind && fits.containsKey(i))
          .limit(RAISED)
          .forEach(i -> bySet.computeIfAbsent(fits.get(i).set(), _ -> new ArrayList<>()).add(i));
    }
    Map<Integer, Watched> watched = new HashMap<>();
    Random random = new Random(options.seed());
    bySet.forEach((set, ofSet) -> watched.putAll(watch(set, ofSet, random, text, watch)));
    List<Neuron> neurons = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Fit fit = fits.get(i);
      Watched seen = watched.getOrDefault(i, Watched.NONE);
      neurons.add(
          new Neuron(
              NeuronId.of(i, config),
              kinds[i],
              weights.mean()[i],
              weights.variance()[i],
              weights.skew()[i],
              weights.kurtosis()[i],
              fit == null ? "" : fit.set().name(),
              fit == null ? 0 : fit.set().ids().cardinality(),
              fit == null ? Double.NaN : fit.reduction(),
              fit == null ? Double.NaN : fit.welchT(),
              seen.probability,
              seen.raised,
              seen.randomChange));
    }
    return new PredictionRole(List.copyOf(neurons));
  }

  private static Kind[] kinds(OutputWeights weights) {
    double[] variance = weights.variance();
    double[] sorted = Arrays.stream(variance).filter(Double::isFinite).sorted().toArray();
    double median = sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    Kind[] kinds = new Kind[variance.length];
    for (int i = 0; i < kinds.length; i++) {
      if (weights.kurtosis()[i] > PredictionRole.LEAST_KURTOSIS) {
        kinds[i] = weights.skew()[i] > 0 ? Kind.PREDICTION : Kind.SUPPRESSION;
      } else {
        boolean partition =
            variance[i] >= PredictionRole.LEAST_VARIANCE * median
                && weights.kurtosis()[i] <= PredictionRole.MOST_KURTOSIS;
        kinds[i] = partition ? Kind.PARTITION : Kind.NONE;
      }
    }
    return kinds;
  }

  /** The class that names each neuron's set. Classes need two tokens inside and two outside. */
  private Map<Integer, Fit> fits(List<Integer> neurons, Kind[] kinds, List<TokenSet> sets) {
    int vocabulary = config.vocabSize();
    List<TokenSet> usable =
        sets.stream()
            .filter(set -> set.ids().cardinality() > 1 && set.ids().cardinality() < vocabulary - 1)
            .toList();
    float[][] cosines = cosines(neurons);
    Map<Integer, Fit> fits = new HashMap<>();
    for (int j = 0; j < neurons.size(); j++) {
      Fit best = null;
      for (TokenSet set : usable) {
        Fit fit = Fit.of(set, cosines[j]);
        if (fit.names(kinds[neurons.get(j)])
            && (best == null || fit.reduction() > best.reduction())) {
          best = fit;
        }
      }
      if (best != null) {
        fits.put(neurons.get(j), best);
      }
    }
    return fits;
  }

  /** cos(w_out, W_U) of chosen neurons [neurons][vocab]. */
  float[][] cosines(List<Integer> neurons) {
    ProcessedWeights weights = new ProcessedWeights(checkpoint, options.processing());
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

  /** Mean probability of a set, also with each of its neurons raised, or a random neuron. */
  private Map<Integer, Watched> watch(
      TokenSet set,
      List<Integer> neurons,
      Random random,
      Sweep.Text text,
      NeuronRoles.Watch watch) {
    List<Integer> raised = new ArrayList<>(neurons);
    for (int i = 0; i < RANDOM; i++) {
      int layer = NeuronId.of(neurons.get(i % neurons.size()), config).layer();
      raised.add(layer * config.dMlp() + random.nextInt(config.dMlp()));
    }
    List<List<Intervention>> variants = new ArrayList<>();
    for (int i : raised) {
      variants.add(List.of(Intervention.fix(NeuronId.of(i, config), PredictionRole.RAISED_TO)));
    }
    double[] inSet = new double[config.vocabSize()];
    set.ids().stream().forEach(v -> inSet[v] = 1);
    Sweep.Result result;
    try (Arena arena = Arena.ofShared()) {
      var reading =
          new Sweep.Options(false, List.of(Reading.TOTAL), new Sweep.Vocabulary(inSet, null));
      long tokens = (long) text.batchRows() * text.table().context();
      Sweep sweep = new Sweep(checkpoint, kernels, arena, tokens, variants, reading);
      result =
          sweep.run(text, watch.progress(), _ -> {}, watch.journal().sweep("set." + set.name()));
    }
    double before = result.nominal().expectation();
    double[] after =
        result.variants().stream()
            .map(metrics -> metrics.get(Reading.TOTAL))
            .mapToDouble(Metrics::expectation)
            .toArray();
    double randomChange =
        IntStream.range(neurons.size(), raised.size())
            .filter(j -> !neurons.contains(raised.get(j)))
            .mapToDouble(j -> Math.abs(Neuron.oddsChange(before, after[j])))
            .max()
            .orElse(Double.NaN); // nothing is confirmed beside no random neuron
    Map<Integer, Watched> watched = new HashMap<>();
    for (int j = 0; j < neurons.size(); j++) {
      watched.put(neurons.get(j), new Watched(before, after[j], randomChange));
    }
    return watched;
  }
}
