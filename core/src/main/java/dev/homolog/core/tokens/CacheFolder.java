package dev.homolog.core.tokens;

import dev.homolog.core.HomologException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * The folder that libraries unpack their native code into: {@code HOMOLOG_CACHE}, else {@code
 * XDG_CACHE_HOME/homolog}, else {@code ~/.cache/homolog}; where that cannot be written, a fresh
 * folder in {@code java.io.tmpdir} that only this user can write to, since what lies in it is
 * executed.
 */
final class CacheFolder {
  private CacheFolder() {}

  static Path find() {
    return find(
        System.getenv(), System.getProperty("user.home", ""), System.getProperty("java.io.tmpdir"));
  }

  static Path find(Map<String, String> environment, String home, String temporary) {
    Path wanted = wanted(environment, home);
    try {
      Files.createDirectories(wanted);
      if (Files.isWritable(wanted)) {
        return wanted;
      }
    } catch (IOException | SecurityException _) {
      // Not there and not to be made: the temporary folder serves.
    }
    Path base = Path.of(temporary);
    try {
      return Files.createTempDirectory(base, "homolog-", ownerOnly(base));
    } catch (IOException e) {
      throw new HomologException(
          "neither "
              + wanted
              + " nor "
              + base
              + " can be written; set HOMOLOG_CACHE to a folder that can",
          e);
    }
  }

  private static Path wanted(Map<String, String> environment, String home) {
    String own = environment.getOrDefault("HOMOLOG_CACHE", "");
    if (!own.isEmpty()) {
      return Path.of(own).toAbsolutePath();
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isEmpty()) {
      return Path.of(xdg, "homolog").toAbsolutePath();
    }
    return Path.of(home, ".cache", "homolog").toAbsolutePath();
  }

  private static FileAttribute<?>[] ownerOnly(Path folder) {
    if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return new FileAttribute<?>[0];
    }
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
    };
  }
}
