package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.GT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The k greatest of a row, the greatest first; of equals the earlier. A first look takes the
 * greatest of each of some disjoint sets of columns. The k-th of those is hardly below the k-th of
 * the row and never above it. Only values from there on are gathered, so most of a row costs a
 * maximum and a comparison in a vector.
 */
final class Greatest {
  /** Sets of columns for each value wanted: with eight, k are found among 1.07 k gathered ones. */
  private static final int SETS_OF_EACH = 8;

  private final int k;

  /** A value's place among all values, above its column counted from the end; any order. */
  private final long[] keys;

  /** The greatest of the columns that are equal modulo the length. */
  private final float[] maxima;

  private int count;
  private float bar;

  Greatest(int k) {
    this.k = k;
    int sets = Packing.roundUp(SETS_OF_EACH * k, Tile.LANES);
    this.maxima = new float[sets];
    this.keys = new long[sets];
  }

  /**
   * Looks at a row; NaN is never among the greatest.
   *
   * @param line of a length that vectors divide, filled up with NaN
   * @return how many there are, k at most
   */
  int select(float[] line, int length) {
    count = 0;
    if (k > 0) {
      raiseBar(line, length);
      int j = bar == Float.NEGATIVE_INFINITY ? gatherNumbers(line, length) : 0;
      for (; j <= length - 4 * Tile.LANES; j += 4 * Tile.LANES) {
        if (above(line, j)
            .or(above(line, j + Tile.LANES))
            .or(above(line, j + 2 * Tile.LANES).or(above(line, j + 3 * Tile.LANES)))
            .anyTrue()) {
          gather(line, j, j + 4 * Tile.LANES);
        }
      }
      gather(line, j, length);
    }
    Arrays.sort(keys, 0, count);
    return Math.min(count, k);
  }

  /** Sets the bar just below a value that k values of the row reach; -∞ if there is none. */
  private void raiseBar(float[] line, int length) {
    Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
    for (int from = 0; from < length; from += maxima.length) {
      int n = Math.min(maxima.length, length - from);
      for (int j = 0; j < n; j += Tile.LANES) {
        FloatVector value = FloatVector.fromArray(Tile.SPECIES, line, from + j);
        FloatVector greatest = FloatVector.fromArray(Tile.SPECIES, maxima, j);
        // Not max, which of a number and NaN takes NaN.
        greatest.blend(value, value.compare(GT, greatest)).intoArray(maxima, j);
      }
    }
    for (int j = 0; j < maxima.length; j++) {
      take(maxima[j], j);
    }
    choose();
    count = 0;
    bar = Math.nextDown(bar);
  }

  private VectorMask<Float> above(float[] line, int from) {
    return FloatVector.fromArray(Tile.SPECIES, line, from).compare(GT, bar);
  }

  /** All of a row of which no bar is known; returns its length. */
  private int gatherNumbers(float[] line, int length) {
    for (int j = 0; j < length; j++) {
      if (count < k ? !Float.isNaN(line[j]) : line[j] > bar) {
        take(line[j], j);
        if (count == keys.length) {
          choose();
        }
      }
    }
    return length;
  }

  private void gather(float[] line, int from, int to) {
    for (int j = from; j < to; j += Tile.LANES) {
      for (long lanes = above(line, j).toLong(); lanes != 0; lanes &= lanes - 1) {
        int column = j + Long.numberOfTrailingZeros(lanes);
        if (line[column] > bar) { // which may have risen since
          take(line[column], column);
          if (count == keys.length) {
            choose();
          }
        }
      }
    }
  }

  private void take(float value, int column) {
    int bits = Float.floatToRawIntBits(value + 0f); // −0 becomes 0, its equal
    int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    keys[count++] = ((long) ordered << 32) | (~column & 0xffff_ffffL);
  }

  /** Keeps the k greatest. */
  private void choose() {
    int low = 0;
    int high = count - 1;
    int target = count - k; // of ascending order
    while (low < high) {
      long pivot = keys[(low + high) >>> 1];
      int i = low;
      int j = high;
      while (i <= j) {
        while (keys[i] < pivot) {
          i++;
        }
        while (keys[j] > pivot) {
          j--;
        }
        if (i <= j) {
          long swapped = keys[i];
          keys[i++] = keys[j];
          keys[j--] = swapped;
        }
      }
      if (target <= j) {
        high = j;
      } else if (target >= i) {
        low = i;
      } else {
        break;
      }
    }
    System.arraycopy(keys, target, keys, 0, k);
    count = k;
    int ordered = (int) (keys[0] >> 32);
    for (int p = 1; p < k; p++) {
      ordered = Math.min(ordered, (int) (keys[p] >> 32));
    }
    bar = Float.intBitsToFloat(ordered ^ ((ordered >> 31) & Integer.MAX_VALUE));
  }

  /** Column of a rank, 0 the greatest. */
  int index(int rank) {
    return ~(int) keys[count - 1 - rank];
  }
}
