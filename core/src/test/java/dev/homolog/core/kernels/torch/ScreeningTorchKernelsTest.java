package dev.homolog.core.kernels.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.homolog.bindings.Torch;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The greatest of libtorch's products by way of bfloat16. That libtorch sums those in single
 * precision is only known of processors with units for them; {@link ProductMaximaTest} runs on all.
 */
class ScreeningTorchKernelsTest {
  private final Random random = new Random(20261126);

  @Test
  void screenedProductsAreAsGoodAsSinglePrecision() {
    assumeTrue(Processor.multipliesBfloat16(), "the processor has units for bfloat16");
    int rows = 301;
    int in = 700;
    int out = 523;
    long before = Torch.liveHandles();
    try (Arena arena = Arena.ofShared();
        TorchHostKernels kernels = (TorchHostKernels) Backend.TORCH.open(2).kernels()) {
      Tensor x = normal(arena, rows, in);
      Tensor transposed = normal(arena, out, in);
      PreparedFactor factor = kernels.screened(arena, transposed);
      Tensor scratch = Tensor.allocate(arena, DType.F32, rows, in);
      Tensor best = unknown(arena, rows);
      kernels.raiseToProducts(x, factor, scratch, best);
      for (int i = 0; i < rows; i++) {
        double greatest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < out; j++) {
          double sum = 0;
          for (int p = 0; p < in; p++) {
            sum += x.get(i, p) * transposed.get(j, p);
          }
          greatest = Math.max(greatest, sum);
        }
        assertEquals((float) greatest, best.get(i, 0), Math.ulp((float) greatest), "row " + i);
      }
    }
    assertEquals(before, Torch.liveHandles(), "live handles");
  }

  @Test
  void largeProductsAreScreened() {
    assumeTrue(Processor.multipliesBfloat16(), "the processor has units for bfloat16");
    int n = 1450;
    try (Arena arena = Arena.ofShared();
        Kernels kernels = Backend.TORCH.open(2).kernels()) {
      Tensor x = normal(arena, n, n);
      Tensor transposed = normal(arena, n, n);
      Tensor W = upright(kernels, arena, transposed);
      PreparedFactor factor = kernels.prepare(arena, W, transposed);
      Tensor best = unknown(arena, n);
      kernels.raiseToProducts(x, factor, Tensor.allocate(arena, DType.F32, n, n), best);
      Tensor whole = Tensor.allocate(arena, DType.F32, n, n);
      kernels.linear(x, W, null, whole);
      Tensor values = Tensor.allocate(arena, DType.F32, n, 1);
      kernels.topK(whole, true, values, Tensor.allocate(arena, DType.I32, n, 1));
      int different = 0;
      for (int i = 0; i < n; i++) {
        assertEquals(values.get(i, 0), best.get(i, 0), 1e-3);
        different += values.get(i, 0) == best.get(i, 0) ? 0 : 1;
      }
      assertTrue(different > 0, "single precision sums in another order than double");
    }
  }

  private static Tensor upright(Kernels kernels, Arena arena, Tensor transposed) {
    Tensor W = Tensor.allocate(arena, DType.F32, transposed.cols(), transposed.rows());
    kernels.copy(transposed.transposed(), W);
    return W;
  }

  private static Tensor unknown(Arena arena, int rows) {
    Tensor best = Tensor.allocate(arena, DType.F32, rows, 1);
    best.fill(Double.NaN);
    return best;
  }

  private Tensor normal(Arena arena, int rows, int cols) {
    Tensor t = Tensor.allocate(arena, DType.F32, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        t.set(i, j, random.nextGaussian());
      }
    }
    return t;
  }
}
