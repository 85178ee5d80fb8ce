package dev.homolog.core.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The greatest of products, screened by products of factors rounded to bfloat16 that the test makes
 * itself, on any processor: against sums in double.
 */
class ProductMaximaTest {
  private static final int ROWS = 61;
  private static final int DEPTH = 203;
  private static final int COLUMNS = 301;

  private final Random random = new Random(20261126);

  @Test
  void whatRoundingHidesIsFound() {
    double[][] x = normal(ROWS, DEPTH);
    double[][] w = normal(COLUMNS, DEPTH);
    for (int j = 0; j < COLUMNS; j++) {
      // In groups of ten, alike to a part in 1000, which is less than bfloat16 tells apart.
      for (int p = 0; p < DEPTH; p++) {
        w[j][p] = single(w[j / 10 * 10][p] * (1 + 1e-3 * random.nextGaussian()));
      }
    }
    int misled = 0;
    try (Arena arena = Arena.ofShared()) {
      Tensor best = unknown(arena);
      Tensor rounded = rounded(arena, x, w);
      screen(arena, x, w, rounded, best);
      for (int i = 0; i < ROWS; i++) {
        int winner = 0;
        int screened = 0;
        for (int j = 0; j < COLUMNS; j++) {
          winner = product(x[i], w[j]) > product(x[i], w[winner]) ? j : winner;
          screened = rounded.get(i, j) > rounded.get(i, screened) ? j : screened;
        }
        misled += winner == screened ? 0 : 1;
        assertEquals((float) product(x[i], w[winner]), best.get(i, 0), 1e-5, "row " + i);
      }
    }
    assertTrue(misled > ROWS / 4, "rounding must matter: in " + misled + " rows");
  }

  @Test
  void sizesOfAllKindsAndMissingNumbers() {
    double[][] x = normal(ROWS, DEPTH);
    double[][] w = normal(COLUMNS, DEPTH);
    for (int p = 0; p < DEPTH; p++) {
      x[3][p] = 0;
      x[4][p] = Double.NaN;
      x[5][p] = single(x[5][p] * 1e-20);
      w[7][p] = Double.NaN;
      w[8][p] = single(w[8][p] * 1e6);
      w[9][p] = single(p % 2 == 0 ? 3.4e38 : -3.4e38); // a float that bfloat16 does not reach
      w[10][p] = p == 0 ? Double.POSITIVE_INFINITY : w[10][p];
      x[6][p] = single(x[6][p] * 1e-30);
    }
    try (Arena arena = Arena.ofShared()) {
      Tensor best = unknown(arena);
      best.set(10, 0, Double.POSITIVE_INFINITY);
      best.set(11, 0, -5);
      screen(arena, x, w, rounded(arena, x, w), best);
      for (int i = 0; i < ROWS; i++) {
        double expected = i == 11 ? -5 : Double.NaN;
        for (int j = 0; j < COLUMNS; j++) {
          double value = product(x[i], w[j]);
          expected = value > expected || Double.isNaN(expected) ? value : expected;
        }
        expected = i == 10 ? Float.POSITIVE_INFINITY : (float) expected;
        float tolerance = 8 * Math.ulp((float) expected);
        boolean finite = Math.abs(expected) < Double.POSITIVE_INFINITY; // and a number
        assertEquals((float) expected, (float) best.get(i, 0), finite ? tolerance : 1, "row " + i);
      }
    }
  }

  @Test
  void whatIsKnownStaysWhereNothingIsGreater() {
    double[][] x = normal(ROWS, DEPTH);
    double[][] w = normal(COLUMNS, DEPTH);
    try (Arena arena = Arena.ofShared()) {
      Tensor best = unknown(arena);
      best.fill(1000);
      screen(arena, x, w, rounded(arena, x, w), best);
      for (int i = 0; i < ROWS; i++) {
        assertEquals(1000, best.get(i, 0));
      }
    }
  }

  private static void screen(Arena arena, double[][] x, double[][] w, Tensor rounded, Tensor best) {
    Workers workers = new Workers(2);
    try (workers) {
      ProductMaxima maxima = new ProductMaxima(workers);
      Tensor transposed = tensor(arena, DType.F32, w);
      maxima.raiseByScreening(
          tensor(arena, DType.F32, x), transposed, maxima.margins(transposed), rounded, best);
    }
  }

  private static Tensor unknown(Arena arena) {
    Tensor best = Tensor.allocate(arena, DType.F32, ROWS, 1);
    best.fill(Double.NaN);
    return best;
  }

  /** x wᵀ of rounded factors, itself rounded. */
  private static Tensor rounded(Arena arena, double[][] x, double[][] w) {
    double[][] products = new double[x.length][w.length];
    double[][] left = round(arena, x);
    double[][] right = round(arena, w);
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < w.length; j++) {
        products[i][j] = product(left[i], right[j]);
      }
    }
    return tensor(arena, DType.BF16, products);
  }

  private static double[][] round(Arena arena, double[][] values) {
    Tensor halves = tensor(arena, DType.BF16, values);
    double[][] rounded = new double[values.length][values[0].length];
    for (int i = 0; i < rounded.length; i++) {
      halves.readRow(i, rounded[i]);
    }
    return rounded;
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int p = 0; p < a.length; p++) {
      sum += a[p] * b[p];
    }
    return sum;
  }

  private static double single(double value) {
    return (float) value;
  }

  private double[][] normal(int rows, int cols) {
    double[][] values = new double[rows][cols];
    for (double[] row : values) {
      for (int p = 0; p < cols; p++) {
        row[p] = single(random.nextGaussian());
      }
    }
    return values;
  }

  private static Tensor tensor(Arena arena, DType dtype, double[][] values) {
    Tensor t = Tensor.allocate(arena, dtype, values.length, values[0].length);
    for (int i = 0; i < values.length; i++) {
      for (int j = 0; j < values[i].length; j++) {
        t.set(i, j, values[i][j]);
      }
    }
    return t;
  }
}
