package dev.homolog.analysis.file;

import dev.homolog.core.file.NewFile;
import java.io.IOException;
import java.nio.file.Path;

/** Writes a file so that a crash at any moment leaves it absent, as it was, or whole. */
public final class AtomicFile {
  /** Writes the content to a file that is there, empty, and may be replaced. */
  public interface Content {
    void writeTo(Path file) throws IOException;
  }

  private AtomicFile() {}

  /**
   * Writes a temporary file beside the target, forces it to disk, renames it, and forces the
   * folder. Whatever fails, the temporary file is removed.
   *
   * @throws IOException it cannot be written, or the target is a link or no regular file
   */
  public static void write(Path target, Content content) throws IOException {
    try (NewFile file = NewFile.beside(target)) {
      content.writeTo(file.path());
      file.commit();
    }
  }

  /** Makes the names in a folder durable; Windows has no such call and needs none. */
  public static void forceFolder(Path folder) throws IOException {
    NewFile.forceFolder(folder);
  }

  /** Why it failed, without the path, for a message that names the path itself. */
  public static String reason(IOException e) {
    return NewFile.reason(e);
  }
}
