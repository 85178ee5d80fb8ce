package dev.homolog.analysis.correlation;

import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The law of the greatest correlation of a fixed neuron with N independent normal ones over the
 * same n tokens. For one such correlation r, t = r √(d / (1 − r²)) follows Student's t with d = n −
 * 2 degrees of freedom (Fisher 1915). For cosines, which subtract no mean, d = n − 1. The greatest
 * of N lies below a bound with the N-th power of the probability of one.
 *
 * @param tokens n
 * @param neurons N
 * @param degrees d
 */
record GaussianLaw(long tokens, long neurons, long degrees) {
  /**
   * The law for a similarity, which must not be {@link Similarity#JACCARD}: sets have none.
   *
   * @throws IllegalArgumentException for overlaps of sets
   */
  public static GaussianLaw of(Similarity similarity, long tokens, long neurons) {
    return switch (similarity) {
      case PEARSON -> new GaussianLaw(tokens, neurons, tokens - 2);
      case COSINE -> new GaussianLaw(tokens, neurons, tokens - 1);
      case JACCARD -> throw new IllegalArgumentException("no Gaussian law of sets of tokens");
    };
  }

  /**
   * The greatest correlation lies at or below this with that probability; NaN of too few tokens.
   */
  public double quantile(double probability) {
    if (degrees < 1) {
      return Double.NaN;
    }
    // 1 − probability^(1/N) without loss of digits where N is large.
    double above = -Math.expm1(Math.log(probability) / neurons);
    double t = TDistribution.of(degrees).inverseSurvivalProbability(above);
    return t / Math.sqrt(degrees + t * t);
  }

  /** In half of all cases the greatest correlation lies above this. */
  public double median() {
    return quantile(0.5);
  }

  /** In one case of twenty the greatest correlation lies above this. */
  public double upper() {
    return quantile(0.95);
  }
}
