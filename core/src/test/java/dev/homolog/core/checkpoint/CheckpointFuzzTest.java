package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A few seconds of {@link CheckpointFuzzer}; docs/security.md says what a long run gave. */
class CheckpointFuzzTest {
  private static final long SEED = 20240122;

  @TempDir Path folder;

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void damagedModelsAreReadOrRefusedInOneLine() throws IOException {
    CheckpointFuzzer fuzzer =
        new CheckpointFuzzer(TestFiles.family().resolve("torch"), folder, SEED);
    long end = System.nanoTime() + 4_000_000_000L;
    for (int i = 0; i < 200 || System.nanoTime() < end; i++) {
      fuzzer.attempt(i);
    }
    System.out.println(fuzzer);
    // Damage that is all refused, or all refused by the first check, would show nothing.
    assertTrue(fuzzer.count(CheckpointFuzzer.Outcome.REFUSED) > 0, fuzzer.toString());
    assertTrue(fuzzer.count(CheckpointFuzzer.Outcome.EQUAL) > 0, fuzzer.toString());
    assertTrue(fuzzer.kindsOfRefusal() > 20, fuzzer.toString());
  }
}
