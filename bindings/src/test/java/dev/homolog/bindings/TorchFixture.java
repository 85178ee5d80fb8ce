package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.bindings.load.GpuUse;
import dev.homolog.bindings.load.LoadOptions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The libtorch that the build brings, and after each test no handle more than before it. */
final class TorchFixture implements BeforeEachCallback, AfterEachCallback {
  private long before;

  /** The embedded libtorch; a build without it fails here. */
  static Torch torch() {
    return Torch.open(
        new LoadOptions(
            Optional.empty(),
            Map.of("HOMOLOG_CACHE", System.getProperty("homolog.testCache", "target/cache")),
            GpuUse.NEVER));
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    torch();
    before = Torch.liveHandles();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    assertEquals(before, Torch.liveHandles(), "live handles");
  }
}
