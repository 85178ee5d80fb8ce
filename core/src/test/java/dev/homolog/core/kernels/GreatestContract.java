package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What every kind of kernels must agree on with the oracle: the greatest of rows, columns and
 * products.
 */
abstract class GreatestContract extends ActivationsContract {
  @ParameterizedTest
  @CsvSource({"1,1", "5,9", "207,50", "4098,50", "33,33", "5003,1", "2500,400"})
  void topKAgreesWithTiesAndNaN(int n, int k) {
    Tensor whole = random(DType.F32, 21, n + 5);
    for (int i = 0; i < 21; i++) {
      for (int j = 0; j < n + 5; j++) {
        // A coarse grid makes ties; where values rise, each is the greatest so far.
        double value =
            switch (i % 7) {
              case 3 -> j;
              case 4 -> -j;
              // Fewer numbers than are wanted, or hardly more.
              case 5 -> j % 41 == 0 ? -j : Double.NaN;
              case 6 -> j % 97 == 0 ? Math.round(whole.get(i, j)) : -1e30;
              default -> Math.round(whole.get(i, j) * 8) / 8.0;
            };
        whole.set(i, j, random.nextInt(10) == 0 ? Double.NaN : value);
      }
    }
    Tensor x = on(whole).rows(1, 20).columns(3, n + 3);
    for (boolean greatest : new boolean[] {true, false}) {
      Tensor values = kernels.allocate(arena, DType.F32, 19, k);
      Tensor columns = kernels.allocate(arena, DType.I32, 19, k);
      Tensor expectedValues = Tensor.allocate(arena, DType.F64, 19, k);
      Tensor expectedColumns = Tensor.allocate(arena, DType.I32, 19, k);
      kernels.topK(x, greatest, values, columns);
      scalar.topK(x, greatest, expectedValues, expectedColumns);
      assertClose(expectedValues, values, 0);
      assertClose(expectedColumns, columns, 0);
    }
  }

  /** Blocks of any height, of columns that rise, fall, hold ties, NaN, or hardly a number. */
  @ParameterizedTest
  @CsvSource({"3,1,1", "4,9,5", "61,530,7", "300,37,50", "90,1100,1", "40,20,40"})
  void topKOfColumnsAgreesWithThatOfTheWhole(int rows, int cols, int k) {
    Tensor whole = random(DType.F32, rows, cols + 3);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols + 3; j++) {
        double value =
            switch (j % 6) {
              case 2 -> i;
              case 3 -> -i;
              case 4 -> i % 29 == 3 ? -i : Double.NaN;
              case 5 -> Double.NaN;
              default -> Math.round(whole.get(i, j) * 8) / 8.0;
            };
        whole.set(i, j, random.nextInt(10) == 0 ? Double.NaN : value);
      }
    }
    Tensor x = whole.columns(2, cols + 2);
    for (boolean greatest : new boolean[] {true, false}) {
      Tensor values = on(filled(DType.F32, cols, k, Double.NaN));
      Tensor at = on(filled(DType.I32, cols, k, -1));
      int from = 0;
      for (int to : new int[] {(rows + 4) / 5, rows / 2 + 1, rows}) {
        Tensor block = on(whole.rows(from, to)).columns(2, cols + 2);
        kernels.topKOfColumns(block, from, greatest, values, at);
        from = to;
      }
      Tensor expectedValues = Tensor.allocate(arena, DType.F64, cols, k);
      Tensor expectedAt = Tensor.allocate(arena, DType.I32, cols, k);
      scalar.topK(x.transposed(), greatest, expectedValues, expectedAt);
      assertClose(expectedValues, values, 0);
      assertClose(expectedAt, at, 0);
    }
  }

  @Test
  void resultsOrMatricesThatDoNotLieAsTheyMustAreRefused() {
    Tensor x = on(random(DType.F32, 4, 3));
    Tensor values = kernels.allocate(arena, DType.F32, 3, 5).columns(0, 2);
    Tensor rows = kernels.allocate(arena, DType.I32, 3, 2);
    assertThrows(
        IllegalArgumentException.class, () -> kernels.topKOfColumns(x, 0, true, values, rows));
    Tensor w = on(random(DType.F32, 6, 6));
    assertThrows(IllegalArgumentException.class, () -> kernels.prepare(arena, w, w.transposed()));
  }

  private Tensor filled(DType type, long rows, long cols, double value) {
    Tensor tensor = Tensor.allocate(arena, type, rows, cols);
    tensor.fill(value);
    return tensor;
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "37,19,5", "70,300,33", "19,65,700", "130,513,512"})
  void greatestOfProductsAgrees(int rows, int in, int out) {
    Tensor x = random(DType.F32, rows, in);
    Tensor w = random(DType.F32, in, out);
    for (int i = 0; i < rows; i++) {
      for (int p = 0; p < in; p++) { // rows of very different size, one of them zero, one no number
        x.set(i, p, i % 11 == 5 ? 0 : i % 11 == 6 ? Double.NaN : x.get(i, p) * Math.pow(8, i % 5));
      }
    }
    for (int j = 0; j < out; j++) {
      for (int p = 0; p < in; p++) { // columns nearly alike, and others that are no number
        double nearly = w.get(p, j / 4 * 4) + (j % 4) * 1e-4 * w.get(p, j);
        w.set(p, j, j % 23 == 9 ? Double.NaN : nearly);
      }
    }
    Tensor best = random(DType.F32, rows, 1);
    for (int i = 0; i < rows; i++) {
      best.set(i, 0, i % 3 == 0 ? Double.NaN : i % 3 == 1 ? 1e9 : best.get(i, 0));
    }
    Tensor there = on(best);
    PreparedFactor factor = kernels.prepare(arena, on(w), on(transposedCopy(w)));
    PreparedFactor ofOracle = scalar.prepare(arena, w, transposedCopy(w));
    Tensor scratch = kernels.allocate(arena, DType.F32, rows, Math.max(in, out));
    Tensor expected = copy(there, DType.F64);
    Tensor wide = Tensor.allocate(arena, DType.F64, rows, Math.max(in, out));
    kernels.raiseToProducts(on(x), factor, scratch, there);
    scalar.raiseToProducts(x, ofOracle, wide, expected);
    for (int i = 0; i < rows; i++) {
      double size = Math.sqrt(in) * 8 * Math.max(1, Math.pow(8, i % 5));
      assertClose(expected.rows(i, i + 1), there.rows(i, i + 1), 2e-6 * size);
    }
  }

  private Tensor transposedCopy(Tensor w) {
    Tensor copy = Tensor.allocate(arena, w.dtype(), w.cols(), w.rows());
    for (int i = 0; i < w.rows(); i++) {
      for (int j = 0; j < w.cols(); j++) {
        copy.set(j, i, w.get(i, j));
      }
    }
    return copy;
  }
}
