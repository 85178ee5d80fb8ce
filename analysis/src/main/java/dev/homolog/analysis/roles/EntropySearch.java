package dev.homolog.analysis.roles;

import dev.homolog.analysis.roles.EntropyRole.Kind;
import dev.homolog.analysis.roles.EntropyRole.Neuron;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Intervention;
import dev.homolog.core.intervention.Metrics;
import dev.homolog.core.intervention.Reading;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Looks for entropy and token-frequency neurons: the {@link EntropyRole} of a model. */
final class EntropySearch {
  /** Candidates of each kind. */
  private static final int CANDIDATES = 6;

  /** Random neurons beside the candidates. */
  static final int CONTROLS = 20;

  /** Equal parts of a layer in order of a value; controls are not of the outermost. */
  private static final int DECILES = 10;

  private EntropySearch() {}

  /**
   * What weights say of the neurons of the last two layers.
   *
   * @param first flat id of the first of them
   * @param dMlp neurons a layer
   * @param writers w_out [neurons][d_model]
   * @param score |w_out| / √vocab_var in medians of the layer
   * @param frequencyCosine cosine of W_Uᵀ w_out with the direction of token frequency
   * @param cosineRatio its size in medians of the layer
   * @param entropyLike whether the neuron is no control
   */
  private record Weighed(
      int first,
      int dMlp,
      double[][] writers,
      double[] score,
      double[] frequencyCosine,
      double[] cosineRatio,
      boolean[] entropyLike) {

    static Weighed of(
        Checkpoint checkpoint,
        Processing processing,
        OutputWeights weights,
        Unembedding unembedding) {
      ModelConfig config = checkpoint.config();
      int firstLayer = Math.max(0, config.layers() - 2);
      int m = config.dMlp();
      int first = firstLayer * m;
      int count = config.neurons() - first;
      double[][] writers = new double[count][config.dModel()];
      ProcessedWeights processed = new ProcessedWeights(checkpoint, processing);
      for (int layer = firstLayer; layer < config.layers(); layer++) {
        try (Arena arena = Arena.ofConfined()) {
          var W = processed.mlp(layer, arena).W_out();
          for (int n = 0; n < m; n++) {
            W.readRow(n, writers[(layer - firstLayer) * m + n]);
          }
        }
      }
      double[] score = new double[count];
      double[] cosine = new double[count];
      for (int i = 0; i < count; i++) {
        score[i] = weights.norm()[first + i] / Math.sqrt(weights.variance()[first + i]);
        cosine[i] = unembedding.frequencyCosine(writers[i]);
      }
      return new Weighed(
          first,
          m,
          writers,
          inMedians(score, m),
          cosine,
          inMedians(cosine, m),
          EntropySearch.entropyLike(weights, first, m));
    }

    /** Sizes divided by the median size of their layer. */
    private static double[] inMedians(double[] values, int m) {
      double[] ratios = new double[values.length];
      for (int start = 0; start < values.length; start += m) {
        double[] sorted =
            Arrays.stream(values, start, start + m)
                .map(Math::abs)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        double median = sorted.length == 0 ? 1 : sorted[sorted.length / 2];
        for (int i = start; i < start + m; i++) {
          ratios[i] = Math.abs(values[i]) / median;
        }
      }
      return ratios;
    }

    /** The neurons of largest absolute value, without NaN and those that are taken. */
    List<Integer> best(double[] values, Set<Integer> taken) {
      return IntStream.range(0, values.length)
          .filter(i -> !Double.isNaN(values[i]) && !taken.contains(i))
          .boxed()
          .sorted(
              Comparator.comparingDouble((Integer i) -> -Math.abs(values[i])).thenComparing(i -> i))
          .limit(CANDIDATES)
          .toList();
    }
  }

  /**
   * Which neurons are entropy-like: |w_out| above the ninth decile of the layer, or vocab_var below
   * the first. Either is enough, as in {@code sample_baseline_neurons} of wesg52/universal-neurons
   * (analysis/entropy_neurons.py). That code takes quantiles over the whole model, and |w_in|² +
   * |w_out|² for the norm. A layer of fewer than {@link #DECILES} neurons has no deciles. A neuron
   * that writes nothing is not entropy-like.
   *
   * @param first flat id of the first neuron of the first layer that is looked at
   * @param m neurons a layer
   * @return one value for each neuron from {@code first} on
   */
  static boolean[] entropyLike(OutputWeights weights, int first, int m) {
    boolean[] entropyLike = new boolean[weights.norm().length - first];
    if (m < DECILES) {
      return entropyLike;
    }
    for (int start = first; start < weights.norm().length; start += m) {
      double greatestNorm = quantile(weights.norm(), start, m, 1 - 1.0 / DECILES);
      double leastVariance = quantile(weights.variance(), start, m, 1.0 / DECILES);
      for (int i = start; i < start + m; i++) {
        entropyLike[i - first] =
            weights.norm()[i] > greatestNorm || weights.variance()[i] < leastVariance;
      }
    }
    return entropyLike;
  }

  /** A quantile, interpolated linearly as in pandas; NaN is skipped. */
  private static double quantile(double[] values, int start, int count, double share) {
    double[] sorted =
        Arrays.stream(values, start, start + count)
            .filter(value -> !Double.isNaN(value))
            .sorted()
            .toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double position = share * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  /** A neuron to intervene on, by its index among those of the last two layers. */
  private record Chosen(int index, Kind kind) {}

  /**
   * Chooses candidates and controls, and intervenes on them.
   *
   * @param checkpoint must stay open
   * @param weights of all neurons, by flat id
   * @param text the rows that interventions are made on
   */
  static EntropyRole find(
      Checkpoint checkpoint,
      Kernels kernels,
      OutputWeights weights,
      Sweep.Text text,
      NeuronRoles.Options options,
      NeuronRoles.Watch watch) {
    ModelConfig config = checkpoint.config();
    TokenFrequencies frequencies = TokenFrequencies.of(text.table(), config.vocabSize());
    Unembedding unembedding =
        Unembedding.of(checkpoint, options.processing(), frequencies.direction());
    Weighed weighed = Weighed.of(checkpoint, options.processing(), weights, unembedding);
    List<Chosen> chosen = chosen(weighed, options.seed());
    List<List<Intervention>> variants = new ArrayList<>();
    for (Chosen neuron : chosen) {
      NeuronId id = NeuronId.of(weighed.first + neuron.index, config);
      EntropyRole.VALUES.forEach(value -> variants.add(List.of(Intervention.fix(id, value))));
    }
    List<Reading> readings = List.of(Reading.TOTAL, Reading.FROZEN_SCALE, Reading.FROZEN_DIRECTION);
    var vocabulary = new Sweep.Vocabulary(frequencies.logP(), frequencies.direction());
    Sweep.Result result;
    try (Arena arena = Arena.ofShared()) {
      long tokens = (long) text.batchRows() * text.table().context();
      var reading = new Sweep.Options(false, readings, vocabulary);
      Sweep sweep = new Sweep(checkpoint, kernels, arena, tokens, variants, reading);
      result = sweep.run(text, watch.progress(), _ -> {}, watch.journal().sweep("entropy"));
    }
    int values = EntropyRole.VALUES.size();
    List<Neuron> neurons = new ArrayList<>();
    for (int i = 0; i < chosen.size(); i++) {
      int index = chosen.get(i).index;
      int flat = weighed.first + index;
      List<Map<Reading, Metrics>> byValue = result.variants().subList(i * values, (i + 1) * values);
      neurons.add(
          new Neuron(
              NeuronId.of(flat, config),
              chosen.get(i).kind,
              weights.norm()[flat],
              weights.variance()[flat],
              unembedding.nullShare(weighed.writers[index]),
              weighed.score[index],
              weighed.frequencyCosine[index],
              weighed.cosineRatio[index],
              read(byValue, Reading.TOTAL),
              read(byValue, Reading.FROZEN_SCALE),
              read(byValue, Reading.FROZEN_DIRECTION)));
    }
    return new EntropyRole(
        new EntropyRole.Spectrum(unembedding.singular(), unembedding.nullity()),
        new EntropyRole.Counted(frequencies.tokens(), frequencies.unseen()),
        result.nominal(),
        result.positions(),
        List.copyOf(neurons));
  }

  /** Bytes of {@link #find}, for batches of so many tokens. */
  static long bytes(ModelConfig config, Kernels kernels, long tokens) {
    int last = config.layers() - 1;
    List<List<Intervention>> variants = new ArrayList<>();
    for (int layer = Math.max(0, last - 1); layer <= last; layer++) {
      variants.add(List.of(Intervention.fix(new NeuronId(layer, 0), 0)));
    }
    long d = config.dModel();
    long writers = 2L * config.dMlp() * d;
    return Sweep.bytes(config, kernels, tokens, variants) + (3 * d * d + writers) * Double.BYTES;
  }

  private static List<Metrics> read(List<Map<Reading, Metrics>> byValue, Reading reading) {
    return byValue.stream().map(metrics -> metrics.get(reading)).toList();
  }

  private static List<Chosen> chosen(Weighed weighed, long seed) {
    List<Chosen> chosen = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    for (Kind kind : List.of(Kind.ENTROPY, Kind.FREQUENCY)) {
      double[] values = kind == Kind.ENTROPY ? weighed.score : weighed.frequencyCosine;
      for (int i : weighed.best(values, taken)) {
        chosen.add(new Chosen(i, kind));
        taken.add(i);
      }
    }
    controls(weighed, taken, seed).forEach(i -> chosen.add(new Chosen(i, Kind.CONTROL)));
    return chosen;
  }

  /** Neurons drawn at random, as many of each layer as there are, in order of their index. */
  private static List<Integer> controls(Weighed weighed, Set<Integer> taken, long seed) {
    Random random = new Random(seed);
    List<Deque<Integer>> byLayer = new ArrayList<>();
    for (int start = 0; start < weighed.score.length; start += weighed.dMlp) {
      List<Integer> candidates =
          new ArrayList<>(
              IntStream.range(start, start + weighed.dMlp)
                  .filter(i -> !taken.contains(i) && !weighed.entropyLike[i])
                  .boxed()
                  .toList());
      Collections.shuffle(candidates, random);
      byLayer.add(new ArrayDeque<>(candidates));
    }
    List<Integer> controls = new ArrayList<>();
    while (controls.size() < CONTROLS && byLayer.stream().anyMatch(layer -> !layer.isEmpty())) {
      byLayer.stream()
          .filter(layer -> !layer.isEmpty())
          .limit(CONTROLS - controls.size())
          .forEach(layer -> controls.add(layer.pop()));
    }
    return controls.stream().sorted().toList();
  }
}
