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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A safetensors file, mapped read-only. Opening reads the header and checks every rule of the
 * format; no tensor's bytes are touched. Owns the mapping: every {@link StoredTensor} dies with
 * {@link #close()}. Tensors may be read from any thread.
 *
 * <p>A file that is made shorter while it is mapped faults when the lost part is read. The size is
 * therefore checked again whenever a tensor is handed out; writers should replace files, as {@link
 * SafetensorsWriter} does, not rewrite them.
 */
public final class SafetensorsFile implements AutoCloseable {
  private final Path path;
  private final RandomAccessFile file;
  private final Arena arena;
  private final MemorySegment mapped;
  private final Map<String, String> metadata;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private volatile boolean closed;

  private SafetensorsFile(Path path, RandomAccessFile file, Arena arena) throws IOException {
    this.path = path;
    this.file = file;
    this.arena = arena;
    this.mapped = file.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, file.length(), arena);
    SafetensorsHeader header = SafetensorsHeader.parse(path.toString(), mapped);
    this.metadata = header.metadata();
    for (SafetensorsHeader.Entry e : header.entries()) {
      MemorySegment data = mapped.asSlice(header.dataStart() + e.begin(), e.end() - e.begin());
      tensors.put(e.name(), new StoredTensor(e.name(), e.dtype(), e.shape(), data));
    }
  }

  /**
   * Opens a file.
   *
   * @throws InputException if there is no such file, or if it breaks any rule of the format
   */
  @SuppressWarnings("MustBeClosedChecker") // the result owns the arena
  public static SafetensorsFile open(Path path) {
    if (!Files.isRegularFile(path)) { // a pipe would block
      throw new InputException(
          path,
          "",
          Files.exists(path) ? "is not a file" : "no such file",
          "give the path of a .safetensors file");
    }
    // Not a FileChannel of its own: interrupting a thread that asks a channel for its size closes
    // the channel.
    RandomAccessFile file = null;
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try {
      file = new RandomAccessFile(path.toFile(), "r");
      SafetensorsFile result = new SafetensorsFile(path, file, arena);
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

  public Path path() {
    return path;
  }

  /** The file's {@code __metadata__}, in its order; empty where it has none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * All tensors by name, in the order of their bytes in the file; read-only.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if the file's size has changed since it was opened
   */
  public Map<String, StoredTensor> tensors() {
    checkUsable();
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * The tensor of that name.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if there is none, or if the file's size has changed since it was opened
   */
  public StoredTensor tensor(String name) {
    checkUsable();
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InputException(
          path, Json.clip(name), "no such tensor", "the file holds " + tensors.size() + " others");
    }
    return tensor;
  }

  /**
   * SHA-256 of the whole file as it is mapped, in hex; reads every byte.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if the file's size has changed since it was opened
   */
  public String sha256() {
    checkUsable();
    return new Sha256().update(mapped).hex();
  }

  /** Refuses a closed file, and one whose size has changed. */
  void checkUsable() {
    if (closed) {
      throw new IllegalStateException(path + " is closed; open it again to read from it");
    }
    long now;
    try {
      now = file.length();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (now != mapped.byteSize()) {
      throw new InputException(
          path,
          "",
          "was %d bytes long when opened and is %d now".formatted(mapped.byteSize(), now),
          "do not rewrite a file in use: open it again when it is complete");
    }
  }

  /**
   * Ends the mapping and all its tensors; a second call does nothing.
   *
   * @throws IllegalStateException if a channel or a native call holds a tensor at this moment; the
   *     file then stays open
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
