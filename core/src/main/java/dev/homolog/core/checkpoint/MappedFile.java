package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A whole file, mapped read-only. Owns the mapping; bytes may be read from any thread until {@link
 * #close()}.
 *
 * <p>A file that is made shorter while it is mapped faults when the lost part is read. So whoever
 * hands out a part of it calls {@link #checkUsable} first.
 */
final class MappedFile implements AutoCloseable {
  private final Path path;
  private final RandomAccessFile file;
  private final Arena arena;
  private final MemorySegment bytes;
  private final BasicFileAttributes opened;
  private volatile boolean closed;

  private MappedFile(Path path, RandomAccessFile file, Arena arena) throws IOException {
    this.path = path;
    this.file = file;
    this.arena = arena;
    this.opened = Files.readAttributes(path, BasicFileAttributes.class);
    this.bytes = file.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, file.length(), arena);
  }

  /**
   * Maps a file.
   *
   * @param remedy what the user can do where there is no such file
   * @throws InputException if there is none, or if it cannot be read
   */
  @SuppressWarnings("MustBeClosedChecker") // the result owns the arena
  static MappedFile open(Path path, String remedy) {
    if (!Files.isRegularFile(path)) { // a pipe would block
      throw new InputException(
          path, "", Files.exists(path) ? "is not a file" : "no such file", remedy);
    }
    // Not a FileChannel of its own: interrupting a thread that asks a channel for its size closes
    // the channel.
    RandomAccessFile file = null;
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try {
      file = new RandomAccessFile(path.toFile(), "r");
      MappedFile result = new MappedFile(path, file, arena);
      opened = true;
      return result;
    } catch (IOException | UncheckedIOException e) {
      throw new InputException(
          path.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    } finally {
      if (!opened) {
        arena.close();
        closeQuietly(file);
      }
    }
  }

  Path path() {
    return path;
  }

  /** All bytes of the file as it was when it was opened. */
  MemorySegment bytes() {
    return bytes;
  }

  /**
   * SHA-256 of the whole file as it is mapped, in hex; reads every byte.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if the file has changed since it was opened
   */
  String sha256() {
    checkUsable();
    return new Sha256().update(bytes).hex();
  }

  /** Refuses a closed file, and one whose size has changed. */
  void checkUsable() {
    if (closed) {
      throw new IllegalStateException(path + " is closed; open it again to read from it");
    }
    long length;
    try {
      length = file.length();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (length != bytes.byteSize()) {
      throw changed(
          "was " + bytes.byteSize() + " bytes long when opened and is " + length + " now");
    }
  }

  /**
   * Refuses a file that has been written, replaced or removed since it was opened. What is mapped
   * of a replaced file stays as it was, but a result could no longer be made again.
   */
  void requireUnchanged() {
    checkUsable();
    BasicFileAttributes now;
    try {
      now = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (IOException e) {
      throw changed("was removed after it was opened");
    }
    if (!Objects.equals(now.fileKey(), opened.fileKey())) {
      throw changed("was replaced after it was opened");
    }
    if (!now.lastModifiedTime().equals(opened.lastModifiedTime())) {
      throw changed("was written to after it was opened");
    }
  }

  private InputException changed(String problem) {
    return new InputException(
        path, "", problem, "do not rewrite a file in use: open it again when it is complete");
  }

  /**
   * Ends the mapping; a second call does nothing.
   *
   * @throws IllegalStateException if a channel or a native call holds a part of it at this moment;
   *     the file then stays open
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    arena.close();
    closed = true;
    closeQuietly(file);
  }

  /** Nothing was written through it, so a failure to close loses nothing. */
  private static void closeQuietly(RandomAccessFile file) {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        // see above
      }
    }
  }
}
