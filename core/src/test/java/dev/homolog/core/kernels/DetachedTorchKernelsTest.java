package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.bindings.Torch;
import dev.homolog.bindings.load.LoadOptions;
import org.junit.jupiter.api.BeforeEach;

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

  @Override
  void closed() {
    assertEquals(before, Torch.liveHandles(), "live handles");
  }
}
