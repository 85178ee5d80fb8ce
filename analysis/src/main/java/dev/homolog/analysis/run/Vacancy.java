package dev.homolog.analysis.run;

import dev.homolog.analysis.file.AtomicFile;
import dev.homolog.core.InputException;
import dev.homolog.core.file.NewFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Whether a run may take a folder, and what a killed run has left there. */
final class Vacancy {
  private Vacancy() {}

  /**
   * Refuses a folder that holds a run, or files but for those that a killed run has left.
   *
   * @param left names that the killed run has noted
   * @return what it has left
   */
  static List<Path> check(Path out, List<String> left) {
    if (!Files.isDirectory(out)) {
      throw new InputException(out, "", "is a file", RunFolder.CHOOSE);
    }
    if (RunFolder.isFinished(out)) {
      throw new InputException(out, "", "already holds a run", RunFolder.CHOOSE);
    }
    if (RunFolder.isShard(out)) {
      throw new InputException(out, "", "already holds a shard of a run", RunFolder.CHOOSE);
    }
    List<Path> leftovers = new ArrayList<>();
    DirectoryStream.Filter<Path> all = file -> !file.endsWith(Claim.FILE) && !isState(file);
    try (var entries = Files.newDirectoryStream(out, all)) {
      for (Path entry : entries) {
        if (!isLeft(entry, left)) {
          throw new InputException(out, "", "already holds files", RunFolder.CHOOSE);
        }
        leftovers.add(entry);
      }
    } catch (IOException | DirectoryIteratorException e) {
      IOException cause =
          e instanceof DirectoryIteratorException inner ? inner.getCause() : (IOException) e;
      throw new InputException(
          out.toString(), "", "cannot be read: " + AtomicFile.reason(cause), RunFolder.CHOOSE, e);
    }
    return leftovers;
  }

  /** Whether it is the folder of a saved state, which only {@link RunFolder#resume} meets. */
  private static boolean isState(Path entry) {
    return entry.endsWith(RunFolder.STATE) && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
  }

  /** Whether a killed run has left it: a file that it noted, or one of a name that only we give. */
  private static boolean isLeft(Path entry, List<String> left) {
    String name = entry.getFileName().toString();
    boolean hidden = !left.isEmpty() && name.startsWith(NewFile.PREFIX);
    return hidden
        || (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)
            && RunFolder.FILE_NAME.matcher(name).matches()
            && left.contains(name));
  }

  /** Removes files, and folders of files. */
  static void clear(List<Path> entries) throws IOException {
    for (Path entry : entries) {
      if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        try (var files = Files.newDirectoryStream(entry)) {
          for (Path file : files) {
            Files.deleteIfExists(file);
          }
        }
      }
      Files.deleteIfExists(entry);
    }
  }
}
