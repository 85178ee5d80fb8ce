package dev.homolog.analysis.statistics;

import dev.homolog.core.memory.Tensor;

/**
 * Population moments of one row of values; kurtosis of a Gaussian is 3.
 *
 * @param count of the values that are not NaN
 */
public record RowMoments(long count, double mean, double variance, double skew, double kurtosis) {
  /** From sums on the host as {@code Kernels.rowPowerSums} makes them, [rows, 5]. */
  public static RowMoments of(Tensor sums, int row) {
    return of(sums, row, sums.get(row, 0));
  }

  /** The same with values that are 0, and in no sum, counted in. */
  public static RowMoments of(Tensor sums, int row, double n) {
    double m = sums.get(row, 1) / n;
    double m2 = sums.get(row, 2) / n;
    double m3 = sums.get(row, 3) / n;
    double m4 = sums.get(row, 4) / n;
    double variance = m2 - m * m;
    double skew = (m3 - 3 * m * m2 + 2 * m * m * m) / Math.pow(variance, 1.5);
    double fourth = m4 - 4 * m * m3 + 6 * m * m * m2 - 3 * m * m * m * m;
    return new RowMoments((long) n, m, variance, skew, fourth / (variance * variance));
  }
}
