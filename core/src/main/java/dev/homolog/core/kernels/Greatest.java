package dev.homolog.core.kernels;

import static jdk.incubator.vector.VectorOperators.GT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The k greatest of a row, the greatest first; of equals the earlier. Values above the k-th found
 * so far are gathered, and only when there are many are the k best of them chosen, which raises the
 * bar: so most of a row costs a comparison in a vector.
 */
final class Greatest {
  private final int k;

  /** A value's place among all values, above its column counted from the end; any order. */
  private final long[] keys;

  private int count;
  private float bar;

  Greatest(int k) {
    this.k = k;
    this.keys = new long[Math.max(2 * k, Math.clamp(16L * k, 64, 1024))];
  }

  /**
   * Looks at a row; NaN is never among the greatest.
   *
   * @param line of a length that vectors divide, filled up with NaN
   * @return how many there are, k at most
   */
  int select(float[] line, int length) {
    count = 0;
    int j = 0;
    for (; j < length && count < keys.length; j++) {
      if (!Float.isNaN(line[j])) {
        take(line[j], j);
      }
    }
    if (j < length && k > 0) {
      choose();
      j = scan(line, j, Math.min(length, Packing.roundUp(j, Tile.LANES)));
      for (; j <= length - 4 * Tile.LANES; j += 4 * Tile.LANES) {
        if (above(line, j)
            .or(above(line, j + Tile.LANES))
            .or(above(line, j + 2 * Tile.LANES).or(above(line, j + 3 * Tile.LANES)))
            .anyTrue()) {
          scan(line, j, j + 4 * Tile.LANES);
        }
      }
      scan(line, j, length);
    }
    Arrays.sort(keys, 0, count);
    return Math.min(count, k);
  }

  private VectorMask<Float> above(float[] line, int from) {
    return FloatVector.fromArray(Tile.SPECIES, line, from).compare(GT, bar);
  }

  private int scan(float[] line, int from, int to) {
    for (int j = from; j < to; j++) {
      if (line[j] > bar) {
        take(line[j], j);
        if (count == keys.length) {
          choose();
        }
      }
    }
    return to;
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
