package dev.homolog.core.kernels.vector;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

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

  /** One row of a panel of A. */
  private static final VectorSpecies<Float> ROW_SPECIES =
      Tile.ROWS == 8 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;

  /** Each lane of the lower half twice, and of the upper one. */
  private static final VectorShuffle<Float> LOW_HALF =
      VectorShuffle.fromOp(Tile.SPECIES, lane -> lane / 2);

  private static final VectorShuffle<Float> HIGH_HALF =
      VectorShuffle.fromOp(Tile.SPECIES, lane -> (Tile.LANES + lane) / 2);

  private static final VectorMask<Float> ODD =
      VectorMask.fromLong(Tile.SPECIES, 0xaaaa_aaaa_aaaa_aaaaL);

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

  /** A vector [1, n] as an array of that length, zero from n on. */
  static float[] vector(Tensor t, int length) {
    float[] out = new float[length];
    row(t, 0, 0, (int) t.cols(), out, 0);
    return out;
  }

  /** t[row, col + i] = from[at + i] for i in [0, n); t is F32 with contiguous rows. */
  static void store(float[] from, int at, int n, Tensor t, long row, long col) {
    MemorySegment.copy(from, at, t.data(), F32, t.offset(row, col), n);
  }

  /**
   * Terms [p0, p0 + depth) of a matrix [K, N] as panels [depth, width], {@code panelStride} floats
   * apart. The last one is filled up with zeros. {@link Tile} wants B in panels of Tile.COLS
   * columns, and in aᵀ b the matrix a in panels of Tile.ROWS.
   */
  static void panels(Tensor m, long p0, int depth, int width, float[] to, int at, int panelStride) {
    int cols = (int) m.cols();
    int whole = isPlain(m) ? cols / width * width : 0;
    if (whole > 0 && width == Tile.COLS) {
      wholePanels(m.rows(p0, p0 + depth), whole, to, at, panelStride);
    } else if (whole > 0) {
      narrowPanels(m.rows(p0, p0 + depth), whole, to, at, panelStride);
    }
    for (int j = whole; j < cols; j += width) {
      int n = Math.min(width, cols - j);
      int target = at + j / width * panelStride;
      for (int p = 0; p < depth; p++, target += width) {
        row(m, p0 + p, j, n, to, target);
        Arrays.fill(to, target + n, target + width, 0);
      }
    }
  }

  private static boolean isPlain(Tensor t) {
    return t.dtype() == DType.F32 && t.colStride() == 1;
  }

  private static void wholePanels(Tensor m, int cols, float[] to, int at, int panelStride) {
    MemorySegment data = m.data();
    int depth = (int) m.rows();
    for (int p = 0; p < depth; p++) {
      long offset = m.offset(p, 0);
      int target = at + p * Tile.COLS;
      for (int j = 0; j < cols; j += Tile.COLS, target += panelStride) {
        long from = offset + 4L * j;
        FloatVector.fromMemorySegment(Tile.SPECIES, data, from, ORDER).intoArray(to, target);
        FloatVector.fromMemorySegment(Tile.SPECIES, data, from + 4L * Tile.LANES, ORDER)
            .intoArray(to, target + Tile.LANES);
      }
    }
  }

  private static void narrowPanels(Tensor m, int cols, float[] to, int at, int panelStride) {
    MemorySegment data = m.data();
    int depth = (int) m.rows();
    for (int p = 0; p < depth; p++) {
      long offset = m.offset(p, 0);
      int target = at + p * Tile.ROWS;
      for (int j = 0; j < cols; j += Tile.ROWS, target += panelStride) {
        FloatVector.fromMemorySegment(ROW_SPECIES, data, offset + 4L * j, ORDER)
            .intoArray(to, target);
      }
    }
  }

  /**
   * Terms [p0, p0 + depth) of A [M, K], rows contiguous, as panels [depth, Tile.ROWS], {@code
   * panelStride} floats apart. Zero rows follow up to a multiple of Tile.ROWS.
   *
   * @param lines scratch, [Tile.ROWS, depth] or more
   */
  static void panelsOfRows(
      Tensor a, long p0, int depth, float[] to, int at, int panelStride, float[] lines) {
    int rows = (int) a.rows();
    for (int i = 0; i < rows; i += Tile.ROWS) {
      for (int r = 0; r < Tile.ROWS; r++) {
        if (i + r < rows) {
          row(a, i + r, p0, depth, lines, r * depth);
        } else {
          Arrays.fill(lines, r * depth, (r + 1) * depth, 0);
        }
      }
      interleave(lines, depth, to, at + i / Tile.ROWS * panelStride);
    }
  }

  /** to[at + p ROWS + r] = lines[r depth + p]. */
  private static void interleave(float[] lines, int depth, float[] to, int at) {
    int whole = Tile.ROWS == 4 ? interleave4(lines, depth, to, at) : 0;
    for (int p = whole; p < depth; p++) {
      for (int r = 0; r < Tile.ROWS; r++) {
        to[at + p * Tile.ROWS + r] = lines[r * depth + p];
      }
    }
  }

  /** Four rows, as many whole vectors of them as there are; returns the terms done. */
  private static int interleave4(float[] lines, int depth, float[] to, int at) {
    int whole = depth / Tile.LANES * Tile.LANES;
    for (int p = 0; p < whole; p += Tile.LANES) {
      FloatVector r0 = FloatVector.fromArray(Tile.SPECIES, lines, p);
      FloatVector r1 = FloatVector.fromArray(Tile.SPECIES, lines, depth + p);
      FloatVector r2 = FloatVector.fromArray(Tile.SPECIES, lines, 2 * depth + p);
      FloatVector r3 = FloatVector.fromArray(Tile.SPECIES, lines, 3 * depth + p);
      FloatVector even = zip(r0, r2, LOW_HALF);
      FloatVector odd = zip(r1, r3, LOW_HALF);
      int target = at + p * 4;
      zip(even, odd, LOW_HALF).intoArray(to, target);
      zip(even, odd, HIGH_HALF).intoArray(to, target + Tile.LANES);
      even = zip(r0, r2, HIGH_HALF);
      odd = zip(r1, r3, HIGH_HALF);
      zip(even, odd, LOW_HALF).intoArray(to, target + 2 * Tile.LANES);
      zip(even, odd, HIGH_HALF).intoArray(to, target + 3 * Tile.LANES);
    }
    return whole;
  }

  /** Lanes of one half of a and b, alternating. */
  private static FloatVector zip(FloatVector a, FloatVector b, VectorShuffle<Float> half) {
    return a.rearrange(half).blend(b.rearrange(half), ODD);
  }

  static int roundUp(int n, int multiple) {
    return (n + multiple - 1) / multiple * multiple;
  }
}
