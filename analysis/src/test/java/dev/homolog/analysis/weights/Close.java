package dev.homolog.analysis.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** How close numbers of weights must be to those in double: 1e-5 of their natural scale. */
final class Close {
  private static final double TOLERANCE = 1e-5;

  private Close() {}

  /** Where the number itself is its scale. */
  static void relative(double expected, double actual, String what) {
    assertEquals(expected, actual, TOLERANCE * Math.abs(expected), what);
  }

  /** A cosine near 0 is the difference of products that are not. */
  static void cosine(double expected, double actual, String what) {
    assertEquals(expected, actual, TOLERANCE * Math.max(0.1, Math.abs(expected)), what);
  }

  /**
   * A mean near 0 goes by the deviation, a skew near 0 by 1.
   *
   * @param moments mean, variance, skew and kurtosis of each, from {@code at} on
   */
  static void moments(double[] expected, int at, double[] actual, String what) {
    double deviation = Math.sqrt(expected[at + 1]);
    double mean = Math.max(Math.abs(expected[at]), deviation);
    assertEquals(expected[at], actual[0], TOLERANCE * mean, what + " mean");
    relative(expected[at + 1], actual[1], what + " var");
    double skew = Math.max(1, Math.abs(expected[at + 2]));
    assertEquals(expected[at + 2], actual[2], TOLERANCE * skew, what + " skew");
    relative(expected[at + 3], actual[3], what + " kurt");
  }
}
