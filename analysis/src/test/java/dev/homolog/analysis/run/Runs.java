package dev.homolog.analysis.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What tests of run folders ask. */
final class Runs {
  private Runs() {}

  /** That a new run may not take this folder, and why. */
  static void assertRefused(Path out, String problem) {
    assertEquals(
        out + ": " + problem,
        assertThrows(InputException.class, () -> RunFolder.create(out)).getMessage());
  }

  /** The names of all files below a folder but for the claims of runs, sorted. */
  static List<String> list(Path folder) {
    try (var files = Files.walk(folder)) {
      return files
          .filter(file -> Files.isRegularFile(file) && !file.endsWith(Claim.FILE))
          .map(file -> file.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
