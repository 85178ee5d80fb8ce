package dev.homolog.core.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file on its way: it is written under a random name beside its target and takes the target's
 * name at {@link #commit}. If it is closed before that, nothing remains. Nobody can guess the name,
 * so nobody can put a link there beforehand. Used by one thread.
 */
public final class NewFile implements AutoCloseable {
  /** How the names of files that are being written begin. */
  public static final String PREFIX = ".homolog-";

  /** How they end. */
  public static final String ENDING = ".tmp";

  private final Path target;
  private final Path path;
  private boolean committed;

  private NewFile(Path target, Path path) {
    this.target = target;
    this.path = path;
  }

  /**
   * Makes an empty file beside the target.
   *
   * @throws IOException it cannot be made, or the target is there and no regular file
   */
  public static NewFile beside(Path target) throws IOException {
    requireReplaceable(target);
    Path absolute = target.toAbsolutePath();
    Path path = absolute.resolveSibling(PREFIX + UUID.randomUUID() + ENDING);
    FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS)
        .close();
    return new NewFile(absolute, path);
  }

  /**
   * Refuses a target that is a link, a folder, a pipe or a device: what it stands for may be
   * another file of the user's.
   *
   * @throws IOException it is there and no regular file
   */
  public static void requireReplaceable(Path target) throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
      String kind =
          Files.isSymbolicLink(target)
              ? "is a link"
              : Files.isDirectory(target) ? "is a folder" : "is no regular file";
      throw new FileSystemException(target.toString(), null, kind + ", which is not replaced");
    }
  }

  /** Where it is written until it is committed; there already, and may be replaced. */
  public Path path() {
    return path;
  }

  /**
   * Opens it for writing.
   *
   * @return the caller's to close, before {@link #commit}
   */
  public FileChannel open() throws IOException {
    return FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
  }

  /** Forces it to disk and gives it its name, in place of a file that was there. */
  public void commit() throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    requireReplaceable(target);
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    committed = true;
    forceFolder(target.getParent());
  }

  /** Removes it, unless it was committed. */
  @Override
  public void close() throws IOException {
    if (!committed) {
      Files.deleteIfExists(path);
    }
  }

  /** Makes the names in a folder durable; Windows has no such call and needs none. */
  public static void forceFolder(Path folder) throws IOException {
    if (!System.getProperty("os.name", "").startsWith("Windows")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Why it failed, without the path, for a message that names the path itself. */
  public static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case NoSuchFileException _ -> "no such file or folder";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      case FileSystemException _ -> "the system gives no reason";
      default -> e.getMessage() == null ? "the system gives no reason" : e.getMessage();
    };
  }
}
