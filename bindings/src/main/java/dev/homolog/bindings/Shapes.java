package dev.homolog.bindings;

import java.util.Arrays;
import java.util.Locale;

/** Arithmetic of sizes and strides, in elements. */
final class Shapes {
  private Shapes() {}

  static long elements(long[] sizes) {
    long product = 1;
    for (long size : sizes) {
      if (size < 0) {
        throw new IllegalArgumentException("negative size in " + Arrays.toString(sizes));
      }
      product = Math.multiplyExact(product, size);
    }
    return product;
  }

  /** Strides of a tensor whose elements lie one after the other. */
  static long[] contiguous(long[] sizes) {
    long[] strides = new long[sizes.length];
    long stride = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride = Math.multiplyExact(stride, Math.max(1, sizes[i]));
    }
    return strides;
  }

  static boolean isContiguous(long[] sizes, long[] strides) {
    long expected = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      if (sizes[i] == 0) {
        return true;
      }
      if (sizes[i] != 1) {
        if (strides[i] != expected) {
          return false;
        }
        expected *= sizes[i];
      }
    }
    return true;
  }

  /** Elements from the first to the last, both included; 0 if there are none. */
  static long extent(long[] sizes, long[] strides) {
    if (sizes.length != strides.length) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%d sizes and %d strides", sizes.length, strides.length));
    }
    long last = 0;
    boolean empty = elements(sizes) == 0;
    for (int i = 0; i < sizes.length; i++) {
      if (strides[i] < 0) {
        throw new IllegalArgumentException("negative stride in " + Arrays.toString(strides));
      }
      if (!empty) {
        last = Math.addExact(last, Math.multiplyExact(sizes[i] - 1, strides[i]));
      }
    }
    return empty ? 0 : Math.addExact(last, 1);
  }

  /** Strides under which a tensor is repeated to a larger shape: 0 where a size of 1 grows. */
  static long[] expanded(long[] sizes, long[] strides, long[] newSizes) {
    int added = newSizes.length - sizes.length;
    long[] result = new long[newSizes.length];
    for (int i = 0; i < newSizes.length; i++) {
      int old = i - added;
      if (added < 0 || (old >= 0 && sizes[old] != newSizes[i] && sizes[old] != 1)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s cannot be expanded to %s",
                Arrays.toString(sizes),
                Arrays.toString(newSizes)));
      }
      result[i] = old < 0 || sizes[old] != newSizes[i] ? 0 : strides[old];
    }
    return result;
  }

  /** The shape of an elementwise result. */
  static long[] broadcast(long[] a, long[] b) {
    long[] result = new long[Math.max(a.length, b.length)];
    for (int i = 1; i <= result.length; i++) {
      long sizeA = i <= a.length ? a[a.length - i] : 1;
      long sizeB = i <= b.length ? b[b.length - i] : 1;
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s and %s do not go together",
                Arrays.toString(a),
                Arrays.toString(b)));
      }
      result[result.length - i] = sizeA == 1 ? sizeB : sizeA;
    }
    return result;
  }

  static void swap(long[] values, int a, int b) {
    long kept = values[a];
    values[a] = values[b];
    values[b] = kept;
  }
}
