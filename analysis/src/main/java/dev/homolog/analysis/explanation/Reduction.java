package dev.homolog.analysis.explanation;

/**
 * Reduction in variance by a binary feature (Gurnee et al. 2024, section 4.2). It is 1 − [(1 − b) ·
 * Var₀ + b · Var₁] / Var. Here b is the share of positions that have the feature. Var₀, Var₁ and
 * Var are the variances without it, with it, and of all positions, with ddof 1.
 */
final class Reduction {
  private Reduction() {}

  /**
   * From counts, sums and sums of squares, of any linear function of the activations.
   *
   * @param n positions, of which {@code n1} have the feature
   * @return NaN for a constant neuron, and with fewer than two positions on either side
   */
  static double of(double n, double sum, double squares, double n1, double sum1, double squares1) {
    double n0 = n - n1;
    if (n0 < 2 || n1 < 2) {
      return Double.NaN;
    }
    double totalVariation = squares - sum * sum / n;
    double with = squares1 - sum1 * sum1 / n1;
    double sum0 = sum - sum1;
    double without = squares - squares1 - sum0 * sum0 / n0;
    if (!(totalVariation > 1e-12 * squares)) {
      return Double.NaN; // nothing but rounding
    }
    double within = (n0 / (n0 - 1) * without + n1 / (n1 - 1) * with) / n;
    return 1 - within / (totalVariation / (n - 1));
  }
}
