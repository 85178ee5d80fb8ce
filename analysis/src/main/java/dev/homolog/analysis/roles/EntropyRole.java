package dev.homolog.analysis.roles;

import dev.homolog.core.Brief;
import dev.homolog.core.intervention.Metrics;
import dev.homolog.core.model.NeuronId;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Entropy and token-frequency neurons of the last two layers.
 *
 * <p>An entropy neuron sets how sure the model is (Gurnee et al. 2024, section 5.2). A
 * token-frequency neuron sets how close its prediction is to the frequencies of tokens (Stolfo et
 * al. 2024, section 4). Candidates are chosen by their weights. Their activation is then fixed, as
 * is that of random neurons of the same layers, and predictions are compared.
 *
 * @param unembedding singular values of W_U
 * @param frequencies the text that token frequencies were counted on
 * @param nominal metrics without intervention; the expectation is that of log p(token)
 * @param positions how many positions the metrics are averages of
 * @param neurons candidates first, the highest score first, then controls
 */
public record EntropyRole(
    Spectrum unembedding,
    Counted frequencies,
    Metrics nominal,
    long positions,
    List<Neuron> neurons) {
  /** Values that activations are fixed to. */
  public static final List<Double> VALUES = List.of(-0.17, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0);

  /** Least score of an entropy neuron, in medians of its layer. */
  public static final double LEAST_SCORE = 2;

  /** Least size of a token-frequency neuron's cosine with the direction of token frequency. */
  public static final double LEAST_COSINE = 0.5;

  /**
   * Least size of that cosine in medians of its layer. All cosines grow with the text that
   * frequencies are counted on, until half of a layer is above {@link #LEAST_COSINE}.
   */
  public static final double LEAST_COSINE_RATIO = 2;

  /** Least number of controls that change anything; with fewer, no candidate passes. */
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
   * @param singular the values [d_model], the greatest first
   * @param nullity how many of the last are the effective null space
   */
  public record Spectrum(double[] singular, int nullity) {
    @Override
    public String toString() {
      return Brief.of("Spectrum").with("singular", singular).with("nullity", nullity).toString();
    }
  }

  /**
   * The text that token frequencies were counted on.
   *
   * @param tokens tokens that were counted
   * @param unseen share of the vocabulary that does not occur
   */
  public record Counted(long tokens, double unseen) {}

  /**
   * A neuron, what its weights say, and what interventions on it do.
   *
   * @param kind why it is listed
   * @param norm |w_out|
   * @param vocabVariance variance over the vocabulary of the cosines of w_out with W_U
   * @param nullShare share ρ of w_out in the effective null space of W_U
   * @param score |w_out| / √vocab_var in medians of its layer; infinite where no logit is moved
   * @param frequencyCosine cosine of W_Uᵀ w_out with the direction of token frequency
   * @param cosineRatio size of that cosine in medians of its layer
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

    /** Entropy at the greatest value less that at 0, in nats. */
    public double entropyEffect() {
      return effect(total, false);
    }

    /** The direct effect: the same with the last LayerNorm's scale frozen. */
    public double directEntropyEffect() {
      return effect(frozenScale, false);
    }

    /** The effect on entropy by way of the last LayerNorm: the total less the direct one. */
    public double mediatedEntropyEffect() {
      return entropyEffect() - directEntropyEffect();
    }

    /** 1 − |direct| / |total| (Stolfo et al. 2024, section 3.2); far below 0 where they oppose. */
    public double mediatedShare() {
      return 1 - Math.abs(directEntropyEffect()) / Math.abs(entropyEffect());
    }

    /**
     * Kullback-Leibler divergence from token frequencies at the greatest value less that at 0, in
     * nats.
     */
    public double divergenceEffect() {
      return effect(total, true);
    }

    /**
     * The part of {@link #divergenceEffect()} that freezing logits along token frequency removes.
     */
    public double frequencyEffect() {
      return divergenceEffect() - effect(frozenFrequency, true);
    }

    /** 1 − |effect with logits frozen along token frequency| / |total effect|. */
    public double frequencyShare() {
      return 1 - Math.abs(effect(frozenFrequency, true)) / Math.abs(divergenceEffect());
    }

    private static double effect(List<Metrics> byValue, boolean divergence) {
      Metrics from = byValue.get(VALUES.indexOf(0.0));
      Metrics to = byValue.getLast();
      return divergence ? divergence(to) - divergence(from) : to.entropy() - from.entropy();
    }

    @Override
    public String toString() {
      return Brief.of("Neuron")
          .with("id", id)
          .with("kind", kind)
          .with("norm", norm)
          .with("vocabVariance", vocabVariance)
          .with("nullShare", nullShare)
          .with("score", score)
          .with("frequencyCosine", frequencyCosine)
          .with("cosineRatio", cosineRatio)
          .with("total", total)
          .with("frozenScale", frozenScale)
          .with("frozenFrequency", frozenFrequency)
          .toString();
    }
  }

  /** Divergence from token frequencies, Σ p (log p − log frequency), in nats. */
  static double divergence(Metrics metrics) {
    return -metrics.entropy() - metrics.expectation();
  }

  /**
   * Whether a candidate is an entropy neuron. Its score is high, and its mediated effect on entropy
   * is larger than that of every control.
   */
  public boolean setsEntropy(Neuron neuron) {
    return neuron.kind != Kind.CONTROL
        && neuron.score >= LEAST_SCORE
        && Math.abs(neuron.mediatedEntropyEffect()) > most(Neuron::mediatedEntropyEffect);
  }

  /**
   * Whether a candidate is a token-frequency neuron. Its cosine is high, also compared with its
   * layer. Its effect on the divergence along token frequency is larger than that of every control.
   */
  public boolean setsFrequency(Neuron neuron) {
    return neuron.kind != Kind.CONTROL
        && Math.abs(neuron.frequencyCosine) >= LEAST_COSINE
        && neuron.cosineRatio >= LEAST_COSINE_RATIO
        && Math.abs(neuron.frequencyEffect()) > most(Neuron::frequencyEffect);
  }

  /**
   * The largest size of an effect among controls; infinite where fewer than {@link #LEAST_CONTROLS}
   * change anything.
   */
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

  @Override
  public String toString() {
    return Brief.of("EntropyRole")
        .with("unembedding", unembedding)
        .with("frequencies", frequencies)
        .with("nominal", nominal)
        .with("positions", positions)
        .with("neurons", neurons)
        .toString();
  }
}
