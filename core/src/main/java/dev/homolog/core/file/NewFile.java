package dev.homolog.core.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * A file on its way: it is written under a random name beside its target and takes the target's
 * name at {@link #commit}. If it is closed before that, nothing remains. Nobody can guess the name,
 * so nobody can put a link there beforehand. Used by one thread.
 *
 * <p>It is locked while it is written. What a process that was killed has left has no lock, and the
 * next file for the same target removes it.
 */
public final class NewFile implements AutoCloseable {
  /** How the names of files that are being written begin. */
  public static final String PREFIX = ".homolog-";

  /** How they end. */
  public static final String ENDING = ".tmp";

  private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

  private final Path target;
  private final Path path;
  private final FileChannel channel; // holds the lock
  private boolean committed;

  private NewFile(Path target, Path path, FileChannel channel) {
    this.target = target;
    this.path = path;
    this.channel = channel;
  }

  /**
   * Makes an empty file beside the target.
   *
   * @throws IOException it cannot be made, or the target is there and no regular file
   */
  public static NewFile beside(Path target) throws IOException {
    requireReplaceable(target);
    Path absolute = target.toAbsolutePath();
    String start = start(absolute);
    removeLeft(absolute.getParent(), start);
    while (true) {
      Path path = absolute.resolveSibling(start + UUID.randomUUID() + ENDING);
      FileChannel channel =
          FileChannel.open(
              path,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS);
      // Another process may have taken the file for one that was left, before it was locked.
      if (lock(channel) != Lock.OTHERS && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        return new NewFile(absolute, path, channel);
      }
      channel.close();
      Files.deleteIfExists(path);
    }
  }

  /** How names of files for that target begin: a hash, since a name has an end. */
  private static String start(Path target) {
    byte[] name = target.getFileName().toString().getBytes(StandardCharsets.UTF_8);
    CRC32 hash = new CRC32();
    hash.update(name);
    return PREFIX + HexFormat.of().toHexDigits((int) hash.getValue()) + "-";
  }

  private enum Lock {
    OURS,
    OTHERS,
    NONE_HERE
  }

  /**
   * It ends with the channel. Some file systems have no locks, and those of Windows would keep out
   * libraries of this process that write to the path.
   */
  private static Lock lock(FileChannel channel) {
    if (WINDOWS) {
      return Lock.NONE_HERE;
    }
    try {
      return channel.tryLock() == null ? Lock.OTHERS : Lock.OURS;
    } catch (OverlappingFileLockException e) { // of this process
      return Lock.OTHERS;
    } catch (IOException e) {
      return Lock.NONE_HERE;
    }
  }

  /** What cannot be removed stays: it is in nobody's way but the disk's. */
  private static void removeLeft(Path folder, String start) {
    DirectoryStream.Filter<Path> left =
        file -> {
          String name = file.getFileName().toString();
          return name.startsWith(start)
              && name.endsWith(ENDING)
              && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
        };
    try (var files = Files.newDirectoryStream(folder, left)) {
      for (Path file : files) {
        try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
          if (lock(channel) == Lock.OURS) {
            Files.deleteIfExists(file);
          }
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // The folder cannot be listed, or the file not be opened.
    }
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
   * The open file, empty at first.
   *
   * @return not to be closed by the caller, since the lock would end
   */
  public FileChannel channel() {
    return channel;
  }

  /** Forces it to disk and gives it its name, in place of a file that was there. */
  public void commit() throws IOException {
    // Whoever wrote to the path may have put another file there.
    try (FileChannel written = FileChannel.open(path, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    requireReplaceable(target);
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    committed = true;
    channel.close();
    forceFolder(target.getParent());
  }

  /** Removes it, unless it was committed. */
  @Override
  public void close() throws IOException {
    try (channel) {
      if (!committed) {
        Files.deleteIfExists(path);
      }
    }
  }

  /** Makes the names in a folder durable; Windows has no such call and needs none. */
  public static void forceFolder(Path folder) throws IOException {
    if (!WINDOWS) {
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
