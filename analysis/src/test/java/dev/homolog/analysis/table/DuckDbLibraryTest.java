package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuckDbLibraryTest {
  @TempDir Path folder;

  private Path left(String name, Duration age) throws IOException {
    Path file = Files.createFile(folder.resolve(name));
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
    return file;
  }

  @Test
  void whatAKilledProcessLeftIsRemoved() throws IOException {
    Path old = left("libduckdb_java123.so", Duration.ofHours(1));
    Path fresh = left("libduckdb_java456.so", Duration.ZERO);
    Path other = left("other.so", Duration.ofHours(1));
    DuckDbLibrary.tidy(folder);
    assertFalse(Files.exists(old));
    assertTrue(Files.exists(fresh), "another process may be about to load it");
    assertTrue(Files.exists(other));
    DuckDbLibrary.tidy(folder.resolve("gone"));
  }

  /** The file is mapped, so the system keeps it for this process without a name. */
  @Test
  void theLoadedLibraryHasNoFile() throws IOException {
    TableFormat.PARQUET.require();
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      assertTrue(
          maps.filter(line -> line.contains("libduckdb_java"))
              .allMatch(line -> line.endsWith("(deleted)")),
          temporary.toString());
    }
  }

  @Test
  void theCauseIsThatOfTheFolder() {
    Throwable cause = new UnsatisfiedLinkError("x.so: failed to map segment from shared object");
    assertEquals(
        Optional.of("no programs may be run from the temporary folder " + folder),
        DuckDbLibrary.refusal(folder, cause));
    Path gone = folder.resolve("gone");
    assertEquals(
        Optional.of("the temporary folder " + gone + " is not there"),
        DuckDbLibrary.refusal(gone, cause));
    assertEquals(Optional.empty(), DuckDbLibrary.refusal(folder, new Error("other")));
  }
}
