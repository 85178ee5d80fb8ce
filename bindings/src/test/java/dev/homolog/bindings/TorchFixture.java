package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.bindings.load.GpuUse;
import dev.homolog.bindings.load.LoadOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The libtorch that the build brings, and after each test no handle more than before it.
 *
 * <p>{@code -Dhomolog.testLibtorch=DIR} runs the tests on an installed PyTorch instead.
 */
final class TorchFixture implements BeforeEachCallback, AfterEachCallback {
  private long before;

  /** The embedded libtorch; a build without it fails here. */
  static Torch torch() {
    return Torch.open(
        new LoadOptions(
            Optional.ofNullable(System.getProperty("homolog.testLibtorch")).map(Path::of),
            Map.of("HOMOLOG_CACHE", System.getProperty("homolog.testCache", "target/cache")),
            GpuUse.NEVER));
  }

  /** Asserts what libtorch says of a failure; before 2.13, that it does not say. */
  static void assertText(NativeException failure, String fragment) {
    String expected = TorchErrors.hasText ? fragment : "libtorch before 2.13 writes the reason";
    assertTrue(failure.text().contains(expected), failure.text());
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
