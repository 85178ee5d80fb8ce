package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.bindings.Torch;
import dev.homolog.core.backend.Backend;
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
  Kernels open() {
    return Backend.TORCH.open(2).kernels();
  }

  @Override
  void closed() {
    assertEquals(before, Torch.liveHandles(), "live handles");
  }

  @Test
  void libtorchRan() {
    try (Kernels kernels = open()) {
      assertEquals("torch", kernels.name());
    }
  }
}
