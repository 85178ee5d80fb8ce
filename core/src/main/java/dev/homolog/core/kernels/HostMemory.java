package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;

/** What kernels of the host share: copies and sums of host tensors. */
final class HostMemory {
  private HostMemory() {}

  static void copy(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    Shapes.requireType("to", to, from.dtype());
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

  static void add(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    for (long i = 0; i < from.rows(); i++) {
      for (long j = 0; j < from.cols(); j++) {
        to.set(i, j, to.get(i, j) + from.get(i, j));
      }
    }
  }
}
