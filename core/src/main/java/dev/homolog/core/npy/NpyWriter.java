package dev.homolog.core.npy;

import dev.homolog.core.HomologException;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes a {@code .npy} file piece by piece into a temporary file beside it, which takes its name
 * at {@link #commit}. If it is closed before that, nothing remains. int32, int64, float16, float32
 * or float64. One thread.
 */
public final class NpyWriter implements AutoCloseable {
  private static final int ALIGNMENT = 64;
  private static final int PIECE = 1 << 20;
  private static final AtomicLong COUNT = new AtomicLong();

  private final Path file;
  private final Path temporary;
  private final FileChannel channel;
  private long missing;
  private boolean committed;

  private NpyWriter(Path file, Path temporary, FileChannel channel, long bytes) {
    this.file = file;
    this.temporary = temporary;
    this.channel = channel;
    this.missing = bytes;
  }

  /**
   * @throws IllegalArgumentException if the type has no name in NumPy that {@link NpyFile} reads
   * @throws HomologException if the folder cannot be written
   */
  public static NpyWriter create(Path file, DType dtype, List<Long> shape) {
    NpyHeader header = new NpyHeader(dtype, List.copyOf(shape));
    long bytes = Math.multiplyExact(header.elements(), (long) dtype.bytes());
    ByteBuffer start = start(header.text());
    Path absolute = file.toAbsolutePath();
    try {
      String unique = ProcessHandle.current().pid() + "-" + COUNT.getAndIncrement();
      Path temporary =
          absolute.resolveSibling("." + absolute.getFileName() + "." + unique + ".tmp");
      FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      NpyWriter writer = new NpyWriter(absolute, temporary, channel, bytes);
      try {
        writer.write(start);
      } catch (IOException e) {
        writer.close();
        throw e;
      }
      return writer;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Magic, version, length and header, padded so that the data begins at a multiple of 64. */
  private static ByteBuffer start(String header) {
    int prefix = 10;
    int length = header.length() + 1;
    length += (ALIGNMENT - (prefix + length) % ALIGNMENT) % ALIGNMENT;
    byte[] text =
        (header + " ".repeat(length - header.length() - 1) + "\n")
            .getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(prefix + length)
        .put(
            new byte[] {
              (byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) length, (byte) (length >> 8)
            })
        .put(text)
        .flip();
  }

  /** The next elements, in C order and little-endian. */
  public void append(MemorySegment data) {
    if (data.byteSize() > missing) {
      throw new IllegalArgumentException(
          file + ": " + (data.byteSize() - missing) + " bytes more than its shape");
    }
    try (Arena arena = Arena.ofConfined()) {
      // A channel writes from off-heap memory only, and so much at once.
      MemorySegment copy = data.isNative() ? data : arena.allocate(PIECE);
      for (long from = 0; from < data.byteSize(); from += PIECE) {
        long size = Math.min(PIECE, data.byteSize() - from);
        if (data.isNative()) {
          write(data.asSlice(from, size).asByteBuffer());
        } else {
          write(copy.asSlice(0, size).copyFrom(data.asSlice(from, size)).asByteBuffer());
        }
      }
    } catch (IOException e) {
      throw failed(file, e);
    }
    missing -= data.byteSize();
  }

  /** Makes the file appear under its name, on disk, in place of one that was there. */
  public void commit() {
    if (missing != 0) {
      throw new IllegalStateException(file + ": " + missing + " bytes fewer than its shape");
    }
    try {
      channel.force(true);
      channel.close();
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      committed = true;
      syncFolder();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private void syncFolder() throws IOException {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return; // folders cannot be opened there
    }
    try (FileChannel folder = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  private void write(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static HomologException failed(Path file, IOException e) {
    return new HomologException(file + ": cannot be written: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    if (committed) {
      return;
    }
    try {
      channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
