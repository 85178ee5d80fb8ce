package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.GT;

import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The k greatest (or least) of some columns of a matrix that is shown row by row, the best first;
 * of equals the earlier. Most of a row costs a comparison in a vector with the k-th of each column
 * so far. Few values exceed it: of N in random order k (1 + ln(N / k)) on average.
 */
final class GreatestOfColumns {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  private final Tensor values;
  private final Tensor rows;
  private final boolean greatest;
  private final int k;

  /** Of each column k, the best first; negated where the least are wanted. */
  private final float[] best;

  private final int[] bestRows;
  private final int[] counts;

  /** The k-th of each column: -∞ while there are fewer, NaN behind the last column. */
  private final float[] bars;

  /**
   * Goes on from results that are there.
   *
   * @param values F32 [columns, k], contiguous
   * @param rows I32 [columns, k], contiguous; -1 where there is none yet
   */
  GreatestOfColumns(Tensor values, Tensor rows, boolean greatest) {
    this.values = values;
    this.rows = rows;
    this.greatest = greatest;
    this.k = (int) values.cols();
    int n = (int) values.rows();
    this.best = new float[n * k];
    this.bestRows = new int[n * k];
    this.counts = new int[n];
    this.bars = new float[Packing.roundUp(n, Tile.LANES)];
    Arrays.fill(bars, Float.NaN);
    if (k > 0) {
      MemorySegment.copy(values.data(), F32, values.offset(0, 0), best, 0, best.length);
      MemorySegment.copy(rows.data(), I32, rows.offset(0, 0), bestRows, 0, bestRows.length);
      negateTheLeast();
      for (int j = 0; j < n; j++) {
        while (counts[j] < k && bestRows[j * k + counts[j]] >= 0) {
          counts[j]++;
        }
        raiseBar(j);
      }
    }
  }

  private void negateTheLeast() {
    for (int p = 0; p < best.length && !greatest; p++) {
      best[p] = -best[p];
    }
  }

  /** Floats of a line that {@link #add} takes, a multiple of Tile.LANES. */
  int length() {
    return bars.length;
  }

  /** Shows a row. */
  void add(float[] line, int row) {
    for (int j = 0; j < bars.length; j += Tile.LANES) {
      FloatVector value = FloatVector.fromArray(Tile.SPECIES, line, j);
      if (!greatest) {
        value = value.neg();
      }
      VectorMask<Float> above = value.compare(GT, FloatVector.fromArray(Tile.SPECIES, bars, j));
      for (long lanes = above.toLong(); lanes != 0; lanes &= lanes - 1) {
        int column = j + Long.numberOfTrailingZeros(lanes);
        insert(column, greatest ? line[column] : -line[column], row);
      }
    }
  }

  private void insert(int column, float value, int row) {
    int from = column * k;
    int low = from;
    int high = from + counts[column];
    while (low < high) { // the first place whose value is less
      int middle = (low + high) >>> 1;
      if (best[middle] < value) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    counts[column] = Math.min(counts[column] + 1, k);
    int moved = from + counts[column] - 1 - low;
    System.arraycopy(best, low, best, low + 1, moved);
    System.arraycopy(bestRows, low, bestRows, low + 1, moved);
    best[low] = value;
    bestRows[low] = row;
    raiseBar(column);
  }

  private void raiseBar(int column) {
    boolean full = counts[column] == k;
    bars[column] = full ? best[column * k + k - 1] : Float.NEGATIVE_INFINITY;
  }

  /** Writes the results back; no more rows may be shown. */
  void store() {
    negateTheLeast();
    MemorySegment.copy(best, 0, values.data(), F32, values.offset(0, 0), best.length);
    MemorySegment.copy(bestRows, 0, rows.data(), I32, rows.offset(0, 0), bestRows.length);
  }
}
