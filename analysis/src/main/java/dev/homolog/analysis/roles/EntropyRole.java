package dev.homolog.analysis.roles;

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
import dev.homolog.core.stream.ProgressListener;
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
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Neurons of the last two layers that set how sure the model is (Gurnee et al. 2024, section 5.2),
 * or how close its prediction is to the frequencies of tokens (Stolfo et al. 2024, section 4):
 * candidates by their weights, and what becomes of predictions when their activation is fixed,
 * beside random neurons of the same layers.
 *
 * @param unembedding what its null space is taken from
 * @param frequencies what token frequencies were counted on
 * @param nominal metrics without intervention; the expectation is that of log p(token)
 * @param positions over how many metrics are averages
 * @param neurons candidates first, the highest score first, then controls
 */
public record EntropyRole(
    Spectrum unembedding,
    Counted frequencies,
    Metrics nominal,
    long positions,
    List<Neuron> neurons) {
  /** What activations are fixed to. */
  public static final List<Double> VALUES = List.of(-0.17, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0);

  /** Candidates of each kind, and random neurons beside them. */
  static final int CANDIDATES = 6;

  static final int CONTROLS = 20;

  /** Parts of a layer in order of a value; the outermost are not drawn from. */
  private static final int DECILES = 10;

  /** What a neuron's score must reach: so many times the median of its layer. */
  public static final double LEAST_SCORE = 2;

  /** What the size of the cosine with the direction of token frequency must reach. */
  public static final double LEAST_COSINE = 0.5;

  /**
   * What it must reach in medians of its layer: all cosines grow with the text that the frequencies
   * are counted on, until half of a layer is above {@link #LEAST_COSINE}.
   */
  public static final double LEAST_COSINE_RATIO = 2;

  /** Below so many controls that change anything, nothing is said of a candidate. */
  public static final int LEAST_CONTROLS = 10;

  /** Why a neuron is in the table. */
  public enum Kind {
    /** Long w_out that hardly moves logits. */
    ENTROPY,
    /** Moves logits along token frequency. */
    FREQUENCY,
    /** Drawn at random from those of the same layers that are not entropy-like. */
    CONTROL
  }

  /**
   * Singular values of the unembedding.
   *
   * @param singular the greatest first
   * @param nullity how many of the last are the effective null space
   */
  public record Spectrum(double[] singular, int nullity) {}

  /**
   * What token frequencies were counted on.
   *
   * @param unseen share of the vocabulary that does not occur
   */
  public record Counted(long tokens, double unseen) {}

  /**
   * A neuron.
   *
   * @param norm |w_out|
   * @param vocabVariance of the cosines with W_U
   * @param nullShare share ρ of w_out in the effective null space of W_U
   * @param score |w_out| / √vocab_var, in medians of its layer; infinite where logits are not moved
   *     at all
   * @param frequencyCosine of W_Uᵀ w_out and the direction of token frequency
   * @param cosineRatio its size, in medians of its layer
   * @param total metrics for each of {@link #VALUES}
   * @param frozenScale the same with the last LayerNorm's scale frozen
   * @param frozenFrequency the same with logits frozen along token frequency
   */
  public record Neuron(
      NeuronId id,
      Kind kind,
      double norm,
      double vocabVariance,
      double nullShare,
      double score,
      double frequencyCosine,
      double cosineRatio,
      List<Metrics> total,
      List<Metrics> frozenScale,
      List<Metrics> frozenFrequency) {

    /** Entropy at the greatest value less that at 0. */
    public double entropyEffect() {
      return effect(total, false);
    }

    /** The same with the scale frozen: what is not mediated by the LayerNorm. */
    public double directEntropyEffect() {
      return effect(frozenScale, false);
    }

    /**
     * What of the effect on entropy goes by way of the last LayerNorm: the whole less the direct.
     */
    public double mediatedEntropyEffect() {
      return entropyEffect() - directEntropyEffect();
    }

    /** 1 − |direct| / |whole|, Stolfo et al. 2024, section 3.2; far below 0 where they oppose. */
    public double mediatedShare() {
      return 1 - Math.abs(directEntropyEffect()) / Math.abs(entropyEffect());
    }

    /** Kullback-Leibler divergence from token frequencies at the greatest value less that at 0. */
    public double divergenceEffect() {
      return effect(total, true);
    }

    /** What of it is gone with logits frozen along token frequency. */
    public double frequencyEffect() {
      return divergenceEffect() - effect(frozenFrequency, true);
    }

    /** 1 − |effect with logits frozen along token frequency| / |whole|. */
    public double frequencyShare() {
      return 1 - Math.abs(effect(frozenFrequency, true)) / Math.abs(divergenceEffect());
    }

    private static double effect(List<Metrics> of, boolean divergence) {
      Metrics from = of.get(VALUES.indexOf(0.0));
      Metrics to = of.getLast();
      return divergence ? divergence(to) - divergence(from) : to.entropy() - from.entropy();
    }
  }

  /** From token frequencies: Σ p (log p − log frequency). */
  static double divergence(Metrics of) {
    return -of.entropy() - of.expectation();
  }

  /**
   * Whether a candidate is an entropy neuron: its score is high, and what it does to entropy by way
   * of the last LayerNorm is more than what any control does.
   */
  public boolean setsEntropy(Neuron neuron) {
    return neuron.kind != Kind.CONTROL
        && neuron.score >= LEAST_SCORE
        && Math.abs(neuron.mediatedEntropyEffect()) > most(Neuron::mediatedEntropyEffect);
  }

  /**
   * Whether a candidate is a token-frequency neuron: its cosine is high, and high in its layer, and
   * what it does along token frequency to the divergence from the frequencies is more than what any
   * control does.
   */
  public boolean setsFrequency(Neuron neuron) {
    return neuron.kind != Kind.CONTROL
        && Math.abs(neuron.frequencyCosine) >= LEAST_COSINE
        && neuron.cosineRatio >= LEAST_COSINE_RATIO
        && Math.abs(neuron.frequencyEffect()) > most(Neuron::frequencyEffect);
  }

  /** The largest size of an effect among controls; infinite where too few change anything. */
  public double most(ToDoubleFunction<Neuron> effect) {
    double[] sizes =
        controls().stream()
            .mapToDouble(effect)
            .map(Math::abs)
            .filter(size -> size > 0)
            .sorted()
            .toArray();
    return sizes.length < LEAST_CONTROLS ? Double.POSITIVE_INFINITY : sizes[sizes.length - 1];
  }

  /** The random neurons. */
  public List<Neuron> controls() {
    return neurons.stream().filter(neuron -> neuron.kind == Kind.CONTROL).toList();
  }

  // ---- how it is found ----

  /** What weights say of the neurons of the last two layers. */
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
          EntropyRole.entropyLike(weights, first, m));
    }

    /** Sizes over the median size of the layer. */
    private static double[] inMedians(double[] values, int m) {
      double[] ratios = new double[values.length];
      for (int from = 0; from < values.length; from += m) {
        double[] sorted =
            Arrays.stream(values, from, from + m)
                .map(Math::abs)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        double median = sorted.length == 0 ? 1 : sorted[sorted.length / 2];
        for (int i = from; i < from + m; i++) {
          ratios[i] = Math.abs(values[i]) / median;
        }
      }
      return ratios;
    }

    /** The best by a value, NaN left out. */
    List<Integer> best(double[] by, Set<Integer> taken) {
      return IntStream.range(0, by.length)
          .filter(i -> !Double.isNaN(by[i]) && !taken.contains(i))
          .boxed()
          .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs(by[i])).thenComparing(i -> i))
          .limit(CANDIDATES)
          .toList();
    }
  }

  /**
   * Which neurons from a layer on are entropy-like: |w_out| above the ninth decile of its layer, or
   * vocab_var below the first. Either is enough, as in {@code sample_baseline_neurons} of
   * wesg52/universal-neurons (analysis/entropy_neurons.py). That code takes quantiles over the
   * whole model, and |w_in|² + |w_out|² for the norm. A layer of fewer than {@link #DECILES}
   * neurons has no deciles, and a neuron that writes nothing is not entropy-like.
   *
   * @param first flat id of the first neuron of the layer
   * @param m neurons a layer
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

  /** Interpolated linearly between neighbours in order, as pandas does; NaN is passed over. */
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

  private record Chosen(int index, Kind kind) {}

  static EntropyRole of(
      Checkpoint checkpoint,
      Kernels kernels,
      OutputWeights weights,
      Sweep.Text text,
      NeuronRoles.Options options,
      ProgressListener progress) {
    ModelConfig config = checkpoint.config();
    TokenFrequencies frequencies = TokenFrequencies.of(text.table(), config.vocabSize());
    Unembedding unembedding =
        Unembedding.of(checkpoint, options.processing(), frequencies.direction());
    Weighed weighed = Weighed.of(checkpoint, options.processing(), weights, unembedding);
    List<Chosen> chosen = chosen(weighed, options.seed());
    List<List<Intervention>> variants = new ArrayList<>();
    for (Chosen one : chosen) {
      NeuronId id = NeuronId.of(weighed.first + one.index, config);
      VALUES.forEach(value -> variants.add(List.of(Intervention.fix(id, value))));
    }
    List<Reading> readings = List.of(Reading.TOTAL, Reading.FROZEN_SCALE, Reading.FROZEN_DIRECTION);
    var vocabulary = new Sweep.Vocabulary(frequencies.logP(), frequencies.direction());
    Sweep.Result found;
    try (Arena arena = Arena.ofShared()) {
      long tokens = (long) text.batchRows() * text.table().context();
      var reading = new Sweep.Options(false, readings, vocabulary);
      Sweep sweep = new Sweep(checkpoint, kernels, arena, tokens, variants, reading);
      found = sweep.run(text, progress, _ -> {});
    }
    List<Neuron> neurons = new ArrayList<>();
    for (int i = 0; i < chosen.size(); i++) {
      int at = chosen.get(i).index;
      int flat = weighed.first + at;
      List<Map<Reading, Metrics>> of =
          found.variants().subList(i * VALUES.size(), (i + 1) * VALUES.size());
      neurons.add(
          new Neuron(
              NeuronId.of(flat, config),
              chosen.get(i).kind,
              weights.norm()[flat],
              weights.variance()[flat],
              unembedding.nullShare(weighed.writers[at]),
              weighed.score[at],
              weighed.frequencyCosine[at],
              weighed.cosineRatio[at],
              read(of, Reading.TOTAL),
              read(of, Reading.FROZEN_SCALE),
              read(of, Reading.FROZEN_DIRECTION)));
    }
    return new EntropyRole(
        new Spectrum(unembedding.singular(), unembedding.nullity()),
        new Counted(frequencies.tokens(), frequencies.unseen()),
        found.nominal(),
        found.positions(),
        List.copyOf(neurons));
  }

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

  private static List<Metrics> read(List<Map<Reading, Metrics>> of, Reading reading) {
    return of.stream().map(by -> by.get(reading)).toList();
  }

  private static List<Chosen> chosen(Weighed weighed, long seed) {
    List<Chosen> chosen = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    for (Kind kind : List.of(Kind.ENTROPY, Kind.FREQUENCY)) {
      double[] by = kind == Kind.ENTROPY ? weighed.score : weighed.frequencyCosine;
      for (int i : weighed.best(by, taken)) {
        chosen.add(new Chosen(i, kind));
        taken.add(i);
      }
    }
    // As many of each layer as there are, drawn at random from those that are not entropy-like.
    Random random = new Random(seed);
    List<Deque<Integer>> byLayer = new ArrayList<>();
    for (int from = 0; from < weighed.score.length; from += weighed.dMlp) {
      List<Integer> rest =
          new ArrayList<>(
              IntStream.range(from, from + weighed.dMlp)
                  .filter(i -> !taken.contains(i) && !weighed.entropyLike[i])
                  .boxed()
                  .toList());
      Collections.shuffle(rest, random);
      byLayer.add(new ArrayDeque<>(rest));
    }
    List<Integer> controls = new ArrayList<>();
    while (controls.size() < CONTROLS && byLayer.stream().anyMatch(layer -> !layer.isEmpty())) {
      byLayer.stream()
          .filter(layer -> !layer.isEmpty())
          .limit(CONTROLS - controls.size())
          .forEach(layer -> controls.add(layer.pop()));
    }
    controls.stream().sorted().forEach(i -> chosen.add(new Chosen(i, Kind.CONTROL)));
    return chosen;
  }
}
