package dev.homolog.analysis.roles;

import java.util.Arrays;
import java.util.function.DoublePredicate;

/** Pearson's and Spearman's correlations of two lists of numbers. */
final class Ranks {
  private Ranks() {}

  /** Pearson's correlation; NaN where one list is constant. */
  static double pearson(double[] x, double[] y) {
    double mx = Arrays.stream(x).average().orElse(Double.NaN);
    double my = Arrays.stream(y).average().orElse(Double.NaN);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      double a = x[i] - mx;
      double b = y[i] - my;
      xy += a * b;
      xx += a * a;
      yy += b * b;
    }
    return xx == 0 || yy == 0 ? Double.NaN : xy / Math.sqrt(xx * yy);
  }

  /**
   * Ranks from 1 on; equal numbers have the mean of their ranks. Spearman's correlation is
   * Pearson's of ranks.
   */
  static double[] ranks(double[] x) {
    double[] sorted = x.clone();
    Arrays.sort(sorted);
    double[] ranks = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double value = x[i];
      int below = count(sorted, other -> other < value);
      int notAbove = count(sorted, other -> other <= value);
      ranks[i] = (below + 1 + notAbove) / 2.0;
    }
    return ranks;
  }

  /** Number of values for which a condition holds; they come before all others. */
  private static int count(double[] sorted, DoublePredicate condition) {
    int from = 0;
    int to = sorted.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (condition.test(sorted[middle])) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
}
