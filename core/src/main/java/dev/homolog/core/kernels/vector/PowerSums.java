package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.F2D;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * Power sums of some columns. A few rows are added up in registers: the sums would else be read and
 * written for every element. One instance a worker.
 */
final class PowerSums {
  /** Rows added up in registers; with 1,024 columns 64 KiB. */
  private static final int ROWS = 16;

  private static final int POWERS = 4;

  private final int columns;
  private final float[] rows;
  private final double[] total;
  private final float[] least;
  private final float[] greatest;

  /**
   * For at most that many columns.
   *
   * @param columns a multiple of every Tile.COLS
   */
  PowerSums(int columns) {
    this.columns = columns;
    this.rows = new float[ROWS * columns];
    this.total = new double[POWERS * columns];
    this.least = new float[columns];
    this.greatest = new float[columns];
  }

  /** As {@link Kernels#powerSums}; means and scales of x begin at {@code from}. */
  void add(Tensor x, Tensor keep, float[] means, float[] scales, int from, Tensor sums) {
    int n = (int) x.cols();
    Arrays.fill(total, 0);
    Arrays.fill(least, Float.POSITIVE_INFINITY);
    Arrays.fill(greatest, Float.NEGATIVE_INFINITY);
    int filled = 0;
    for (long t = 0; t < x.rows(); t++) {
      if (keep.data().get(ValueLayout.JAVA_BYTE, t) != 0) {
        Packing.row(x, t, 0, n, rows, filled * columns);
        if (++filled == ROWS) {
          fold(filled, n, means, scales, from);
          filled = 0;
        }
      }
    }
    fold(filled, n, means, scales, from);
    for (int j = 0; j < n; j++) {
      for (int p = 0; p < POWERS; p++) {
        sums.set(p, j, sums.get(p, j) + total[p * columns + j]);
      }
      sums.set(4, j, Math.min(sums.get(4, j), least[j]));
      sums.set(5, j, Math.max(sums.get(5, j), greatest[j]));
    }
  }

  private void fold(int filled, int n, float[] means, float[] scales, int from) {
    for (int j = 0; j < n; j += Doubles.LANES) {
      FloatVector mean = FloatVector.fromArray(Doubles.FLOATS, means, from + j);
      FloatVector scale = FloatVector.fromArray(Doubles.FLOATS, scales, from + j);
      FloatVector low = FloatVector.fromArray(Doubles.FLOATS, least, j);
      FloatVector high = FloatVector.fromArray(Doubles.FLOATS, greatest, j);
      DoubleVector sum1 = DoubleVector.zero(Doubles.SPECIES);
      DoubleVector sum2 = sum1;
      DoubleVector sum3 = sum1;
      DoubleVector sum4 = sum1;
      for (int r = 0; r < filled; r++) {
        FloatVector v = FloatVector.fromArray(Doubles.FLOATS, rows, r * columns + j);
        low = low.min(v);
        high = high.max(v);
        DoubleVector z =
            (DoubleVector) v.sub(mean).mul(scale).convertShape(F2D, Doubles.SPECIES, 0);
        DoubleVector square = z.mul(z);
        sum1 = sum1.add(z);
        sum2 = sum2.add(square);
        sum3 = square.fma(z, sum3);
        sum4 = square.fma(square, sum4);
      }
      low.intoArray(least, j);
      high.intoArray(greatest, j);
      addTo(0, j, sum1);
      addTo(1, j, sum2);
      addTo(2, j, sum3);
      addTo(3, j, sum4);
    }
  }

  private void addTo(int power, int j, DoubleVector sum) {
    int index = power * columns + j;
    sum.add(DoubleVector.fromArray(Doubles.SPECIES, total, index)).intoArray(total, index);
  }
}
