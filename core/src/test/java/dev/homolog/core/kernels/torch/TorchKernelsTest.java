package dev.homolog.core.kernels.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.bindings.Torch;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.KernelsContract;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** libtorch on the CPU against the oracle; a missing library fails the test. */
class TorchKernelsTest extends KernelsContract {
  private long before;

  @BeforeEach
  void countHandles() {
    before = Torch.liveHandles();
  }

  @Override
  protected Kernels open() {
    return Backend.TORCH.open(2).kernels();
  }

  @Override
  protected void closed() {
    assertEquals(before, Torch.liveHandles(), "live handles");
  }

  @Test
  void libtorchRan() {
    try (Kernels kernels = open()) {
      assertEquals("torch", kernels.name());
    }
  }
}
