package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short run of {@link RunFolderFuzzer}; docs/security.md says what a long run gave. */
class RunFolderFuzzTest {
  private static final long SEED = 20240122;

  @TempDir Path folder;

  @Test
  void damagedRunFoldersAreShownOrRefusedInOneLine() throws IOException {
    try (RunFolderFuzzer fuzzer = new RunFolderFuzzer(folder, SEED)) {
      for (int i = 0; i < 36; i++) {
        fuzzer.attempt(i);
      }
      assertEquals(List.of(), fuzzer.broken());
      // Damage that is all refused, or never, would show nothing.
      assertTrue(fuzzer.count(RunFolderFuzzer.Outcome.REFUSED) > 10, fuzzer.toString());
      assertTrue(fuzzer.count(RunFolderFuzzer.Outcome.WRITTEN) > 5, fuzzer.toString());
      assertTrue(fuzzer.kindsOfRefusal() > 8, fuzzer.toString());
    }
  }
}
