package dev.homolog.core.kernels;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Copies pieces of tensors, of any element type and stride, into the heap arrays that {@link Tile}
 * reads: C2 drops bounds checks on arrays but not on segments.
 */
final class Packing {
  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfShort F16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private Packing() {}

  /** to[at + i] = t[row, col + i] for i in [0, n). */
  static void row(Tensor t, long row, long col, int n, float[] to, int at) {
    MemorySegment data = t.data();
    long offset = t.offset(row, col);
    long step = t.colStride() * t.dtype().bytes();
    if (t.dtype() == DType.F32 && t.colStride() == 1) {
      MemorySegment.copy(data, F32, offset, to, at, n);
      return;
    }
    switch (t.dtype()) {
      case F32 -> {
        for (int i = 0; i < n; i++) {
          to[at + i] = data.get(F32, offset + i * step);
        }
      }
      case F64 -> {
        for (int i = 0; i < n; i++) {
          to[at + i] = (float) data.get(F64, offset + i * step);
        }
      }
      case F16 -> {
        for (int i = 0; i < n; i++) {
          to[at + i] = Float.float16ToFloat(data.get(F16, offset + i * step));
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          to[at + i] = Float.intBitsToFloat(data.get(F16, offset + i * step) << 16);
        }
      }
      default -> throw new IllegalArgumentException("not a floating-point tensor: " + t);
    }
  }

  /** A vector [1, n] as an array; null stays null. */
  static float[] vector(Tensor t) {
    if (t == null) {
      return null;
    }
    float[] out = new float[Math.toIntExact(t.cols())];
    row(t, 0, 0, out.length, out, 0);
    return out;
  }

  /** t[row, col + i] = from[at + i] for i in [0, n); t is F32 with contiguous rows. */
  static void store(float[] from, int at, int n, Tensor t, long row, long col) {
    MemorySegment.copy(from, at, t.data(), F32, t.offset(row, col), n);
  }

  /**
   * Terms [p0, p0 + depth) of A [M, K] as {@link Tile} wants them, with zero rows up to a multiple
   * of Tile.ROWS. A may be a transposed view, as in aᵀ b.
   */
  static void rowsOfA(Tensor a, long p0, int depth, float[] to, int at) {
    int rows = (int) a.rows();
    if (a.rowStride() == 1 && a.colStride() != 1 && a.dtype() == DType.F32) {
      MemorySegment data = a.data();
      for (int p = 0; p < depth; p++) {
        long offset = a.offset(0, p0 + p);
        for (int i = 0; i < rows; i++) {
          to[at + i * Tile.A_STRIDE + p] = data.get(F32, offset + 4L * i);
        }
      }
    } else {
      for (int i = 0; i < rows; i++) {
        row(a, i, p0, depth, to, at + i * Tile.A_STRIDE);
      }
    }
    for (int i = rows; i < roundUp(rows, Tile.ROWS); i++) {
      Arrays.fill(to, at + i * Tile.A_STRIDE, at + i * Tile.A_STRIDE + depth, 0);
    }
  }

  /**
   * Terms [p0, p0 + depth) of B [K, N] as panels [depth, Tile.COLS] that lie {@code panelStride}
   * floats apart, the last one filled up with zeros.
   */
  static void panelsOfB(Tensor b, long p0, int depth, float[] to, int at, int panelStride) {
    int cols = (int) b.cols();
    boolean fast = b.dtype() == DType.F32 && b.colStride() == 1;
    MemorySegment data = b.data();
    for (int p = 0; p < depth; p++) {
      for (int j = 0; j < cols; j += Tile.COLS) {
        int target = at + j / Tile.COLS * panelStride + p * Tile.COLS;
        int n = Math.min(Tile.COLS, cols - j);
        if (fast && n == Tile.COLS) {
          long offset = b.offset(p0 + p, j);
          FloatVector.fromMemorySegment(Tile.SPECIES, data, offset, ORDER).intoArray(to, target);
          FloatVector.fromMemorySegment(Tile.SPECIES, data, offset + 4L * Tile.LANES, ORDER)
              .intoArray(to, target + Tile.LANES);
        } else {
          row(b, p0 + p, j, n, to, target);
          Arrays.fill(to, target + n, target + Tile.COLS, 0);
        }
      }
    }
  }

  static int roundUp(int n, int multiple) {
    return (n + multiple - 1) / multiple * multiple;
  }
}
