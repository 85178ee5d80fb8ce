package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.bindings.Torch;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.kernels.torch.TorchKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * libtorch with memory that Java does not touch, as on a GPU, against the oracle: the way of every
 * tensor through handles and copies, and the statistics by libtorch's operators.
 */
class DetachedTorchKernelsTest extends KernelsContract {
  private long before;

  @BeforeEach
  void countHandles() {
    before = Torch.liveHandles();
  }

  @Override
  Kernels open() {
    return TorchKernels.detached(Torch.open(LoadOptions.standard()), Precision.FP32);
  }

  /**
   * Factors that bfloat16 holds exactly give what single precision gives; others are rounded to 8
   * bits.
   */
  @Test
  void bf16RoundsFactorsAndSumsInSinglePrecision() {
    Torch torch = Torch.open(LoadOptions.standard());
    try (Arena arena = Arena.ofShared();
        Kernels bf16 = TorchKernels.detached(torch, Precision.BF16);
        ScalarKernels scalar = new ScalarKernels()) {
      for (DType held : new DType[] {DType.BF16, DType.F32}) {
        Tensor a = single(arena, random(held, 300, 37));
        Tensor b = single(arena, random(held, 300, 45));
        Tensor expected = Tensor.allocate(arena, DType.F64, 37, 45);
        scalar.crossProducts(a, b, expected);
        Tensor sum = bf16.allocate(arena, DType.F64, 37, 45);
        bf16.crossProducts(bf16.fromHost(arena, a), bf16.fromHost(arena, b), sum);
        Tensor W = single(arena, random(held, 37, 20));
        Tensor linear = Tensor.allocate(arena, DType.F64, 300, 20);
        scalar.linear(a, W, null, linear);
        Tensor out = bf16.allocate(arena, DType.F32, 300, 20);
        bf16.linear(bf16.fromHost(arena, a), bf16.fromHost(arena, W), null, out);
        // A product of two rounded factors is off by 2^-8 of itself at most, a sum of n by about
        // √n.
        double unit = held == DType.BF16 ? 2e-7 : Math.pow(2, -8);
        assertWithin(expected, bf16.toHost(arena, sum), 4 * unit * Math.sqrt(300));
        assertWithin(linear, bf16.toHost(arena, out), 4 * unit * Math.sqrt(37));
      }
    }
  }

  /** Only what was made as a weight is rounded once and for all. */
  @Test
  void bf16ReadsAMatrixAnewThatWasOverwritten() {
    Torch torch = Torch.open(LoadOptions.standard());
    try (Arena arena = Arena.ofShared();
        Kernels bf16 = TorchKernels.detached(torch, Precision.BF16);
        ScalarKernels scalar = new ScalarKernels()) {
      Tensor x = single(arena, random(DType.BF16, 9, 21));
      Tensor W = bf16.allocate(arena, DType.F32, 21, 13);
      Tensor out = bf16.allocate(arena, DType.F32, 9, 13);
      for (int round = 0; round < 2; round++) {
        Tensor values = single(arena, random(DType.BF16, 21, 13));
        bf16.copy(values, W);
        bf16.linear(bf16.fromHost(arena, x), W, null, out);
        Tensor expected = Tensor.allocate(arena, DType.F64, 9, 13);
        scalar.linear(x, values, null, expected);
        assertWithin(expected, bf16.toHost(arena, out), 1e-5);
      }
    }
  }

  private static Tensor single(Arena arena, Tensor values) {
    Tensor single = Tensor.allocate(arena, DType.F32, values.rows(), values.cols());
    for (int i = 0; i < values.rows(); i++) {
      for (int j = 0; j < values.cols(); j++) {
        single.set(i, j, values.get(i, j));
      }
    }
    return single;
  }

  private static void assertWithin(Tensor expected, Tensor actual, double tolerance) {
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.cols(); j++) {
        assertEquals(expected.get(i, j), actual.get(i, j), tolerance);
      }
    }
  }

  @Override
  void closed() {
    assertEquals(before, Torch.liveHandles(), "live handles");
  }
}
