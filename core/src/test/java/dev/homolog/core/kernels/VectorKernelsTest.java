package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.kernels.vector.VectorKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The Vector API's kernels against the oracle. */
@Tag("kernels")
class VectorKernelsTest extends KernelsContract {

  @Override
  Kernels open() {
    return new VectorKernels(3);
  }

  @Test
  void resultsDoNotDependOnThreads() {
    try (Arena arena = Arena.ofShared();
        VectorKernels single = new VectorKernels(1);
        VectorKernels several = new VectorKernels(3)) {
      Tensor a = view(600, 300);
      Tensor b = view(600, 700);
      Tensor one = Tensor.allocate(arena, DType.F64, 300, 700);
      Tensor many = Tensor.allocate(arena, DType.F64, 300, 700);
      single.crossProducts(a, b, one);
      several.crossProducts(a, b, many);
      assertEquals(-1, one.data().mismatch(many.data()));
    }
  }
}
