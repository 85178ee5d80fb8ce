package dev.homolog.analysis.table;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The native library that DuckDB's driver unpacks into the temporary folder, anew in each process.
 * No option of the driver names another place, and it removes the file only if the process ends
 * well.
 */
final class DuckDbLibrary {
  private static final String FILES = "libduckdb_java*.so";
  private static final Duration OLD = Duration.ofMinutes(10);
  private static final long SIZE = 70L << 20;

  private DuckDbLibrary() {}

  /**
   * Removes the file that this process has loaded, which the system keeps as long as it is mapped.
   * So a killed process leaves nothing. A file that is older than any process needs to load it was
   * left by one that was killed while it unpacked, and goes too.
   */
  static void tidy(Path temporary) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(temporary, FILES)) {
      Set<String> mapped = mapped();
      Instant old = Instant.now().minus(OLD);
      for (Path file : files) {
        boolean left =
            Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.getLastModifiedTime(file).toInstant().isBefore(old)
                && Files.isWritable(file);
        if (left || mapped.contains(file.toString())) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      // The driver removes its own file when the process ends.
    }
  }

  /** The files that this process has mapped, on Linux. */
  private static Set<String> mapped() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    if (!Files.exists(maps)) {
      return Set.of();
    }
    try (Stream<String> lines = Files.lines(maps, StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(line -> line.contains("libduckdb_java"))
          .map(line -> line.substring(line.indexOf('/')))
          .collect(Collectors.toSet());
    }
  }

  /** What is wrong with the temporary folder; empty if that is not why the driver failed. */
  static Optional<String> refusal(Path temporary, Throwable cause) {
    if (!Files.isDirectory(temporary)) {
      return Optional.of("the temporary folder " + temporary + " is not there");
    }
    if (!Files.isWritable(temporary)) {
      return Optional.of("the temporary folder " + temporary + " cannot be written");
    }
    if (cause instanceof UnsatisfiedLinkError
        && String.valueOf(cause.getMessage()).contains("failed to map segment")) {
      return Optional.of("no programs may be run from the temporary folder " + temporary);
    }
    try {
      long free = Math.max(0, Files.getFileStore(temporary).getUsableSpace());
      return cause instanceof IOException && free < SIZE
          ? Optional.of("the temporary folder " + temporary + " has " + (free >> 20) + " MiB free")
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
