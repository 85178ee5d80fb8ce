package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

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

  /** Else a mutual best match could hang on the last bit. */
  @Test
  void similaritiesDoNotDependOnWhichNeuronIsTheRow() {
    try (Arena arena = Arena.ofShared()) {
      Tensor sum = copy(view(133, 71), DType.F64);
      Kernels.Columns a = columns(133, -1);
      Kernels.Columns b = columns(71, -1);
      Tensor out = Tensor.allocate(arena, DType.F32, 133, 71);
      Tensor back = Tensor.allocate(arena, DType.F32, 71, 133);
      kernels.correlations(sum, 17, a, b, out);
      kernels.correlations(sum.transposed(), 17, b, a, back);
      for (int i = 0; i < 133; i++) {
        for (int j = 0; j < 71; j++) {
          assertEquals(out.get(i, j), back.get(j, i));
        }
      }
    }
  }
}
