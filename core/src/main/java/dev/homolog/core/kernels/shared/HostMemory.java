package dev.homolog.core.kernels.shared;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What kernels of the host share: copies and sums of host tensors. */
public final class HostMemory {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Rows and columns of a tile of a transposing copy. */
  private static final int TILE = 32;

  private HostMemory() {}

  public static void copy(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    ShapeChecks.requireType("to", to, from.dtype());
    if (transposes(from, to)) {
      transpose(from, to);
      return;
    }
    long rowBytes = from.cols() * from.dtype().bytes();
    if (from.colStride() != 1 || to.colStride() != 1) {
      for (long i = 0; i < from.rows(); i++) {
        for (long j = 0; j < from.cols(); j++) {
          to.set(i, j, from.get(i, j));
        }
      }
      return;
    }
    for (long i = 0; i < from.rows(); i++) {
      MemorySegment.copy(from.data(), from.offset(i, 0), to.data(), to.offset(i, 0), rowBytes);
    }
  }

  /** Whether a copy reads columns and writes rows, as {@link #transpose} does. */
  public static boolean transposes(Tensor from, Tensor to) {
    boolean known = from.dtype() == DType.F32 || from.dtype() == DType.F64;
    boolean alike =
        from.dtype() == to.dtype() && from.rows() == to.rows() && from.cols() == to.cols();
    return known && alike && from.rowStride() == 1 && from.colStride() != 1 && to.colStride() == 1;
  }

  /** Copies in tiles, so that a cache line is read once. */
  public static void transpose(Tensor from, Tensor to) {
    boolean single = from.dtype() == DType.F32;
    for (long i0 = 0; i0 < from.rows(); i0 += TILE) {
      long iEnd = Math.min(from.rows(), i0 + TILE);
      for (long j0 = 0; j0 < from.cols(); j0 += TILE) {
        long jEnd = Math.min(from.cols(), j0 + TILE);
        for (long j = j0; j < jEnd; j++) {
          for (long i = i0; i < iEnd; i++) {
            long source = from.offset(i, j);
            long target = to.offset(i, j);
            if (single) {
              to.data().set(F32, target, from.data().get(F32, source));
            } else {
              to.data().set(F64, target, from.data().get(F64, source));
            }
          }
        }
      }
    }
  }

  public static void add(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    for (long i = 0; i < from.rows(); i++) {
      for (long j = 0; j < from.cols(); j++) {
        to.set(i, j, to.get(i, j) + from.get(i, j));
      }
    }
  }
}
