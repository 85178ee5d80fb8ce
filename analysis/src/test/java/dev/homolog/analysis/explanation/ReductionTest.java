package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The formula against two passes over the values. */
class ReductionTest {
  /** With ddof 1. */
  private static double variance(double[] x) {
    double mean = DoubleStream.of(x).average().orElseThrow();
    return DoubleStream.of(x).map(v -> (v - mean) * (v - mean)).sum() / (x.length - 1);
  }

  static double twoPasses(double[] x, boolean[] has) {
    double[] with =
        IntStream.range(0, x.length).filter(t -> has[t]).mapToDouble(t -> x[t]).toArray();
    double[] without =
        IntStream.range(0, x.length).filter(t -> !has[t]).mapToDouble(t -> x[t]).toArray();
    double b = (double) with.length / x.length;
    return 1 - ((1 - b) * variance(without) + b * variance(with)) / variance(x);
  }

  private static double ofSums(double[] x, boolean[] has) {
    double[] s = new double[5];
    for (int t = 0; t < x.length; t++) {
      s[0] += x[t];
      s[1] += x[t] * x[t];
      if (has[t]) {
        s[2]++;
        s[3] += x[t];
        s[4] += x[t] * x[t];
      }
    }
    return Reduction.of(x.length, s[0], s[1], s[2], s[3], s[4]);
  }

  @Test
  void isThatOfTwoPasses() {
    Random random = new Random(3);
    for (int times = 0; times < 200; times++) {
      int n = 20 + random.nextInt(300);
      double[] x = new double[n];
      boolean[] has = new boolean[n];
      double share = 0.02 + 0.9 * random.nextDouble();
      int with = 0;
      for (int t = 0; t < n; t++) {
        has[t] = random.nextDouble() < share;
        with += has[t] ? 1 : 0;
        x[t] = random.nextGaussian() + (has[t] ? times % 4 : 0);
      }
      if (with >= 2 && n - with >= 2) {
        double expected = twoPasses(x, has);
        assertEquals(expected, ofSums(x, has), 1e-10 * Math.max(1e-2, Math.abs(expected)));
      }
    }
  }

  /** All in the feature: nothing is left within. An outlier of a kind explains nothing. */
  @Test
  void closedForms() {
    boolean[] has = {true, true, false, false, false};
    assertEquals(1, ofSums(new double[] {2, 2, 0, 0, 0}, has), 1e-15);
    double[] spike = new double[1000];
    boolean[] few = new boolean[1000];
    for (int t = 0; t < 10; t++) {
      few[t] = true;
    }
    spike[3] = 50;
    assertEquals(0, ofSums(spike, few), 1e-12);
  }

  @Test
  void whereThereIsNoNumberThereIsNone() {
    assertTrue(
        Double.isNaN(ofSums(new double[] {3, 3, 3, 3}, new boolean[] {true, true, false, false})));
    assertTrue(
        Double.isNaN(ofSums(new double[] {1e6, 1e6, 1e6}, new boolean[] {true, true, false})));
    assertTrue(
        Double.isNaN(ofSums(new double[] {1, 2, 3, 4}, new boolean[] {true, false, false, false})));
    assertTrue(
        Double.isNaN(ofSums(new double[] {1, 2, 3, 4}, new boolean[] {true, true, true, false})));
  }
}
