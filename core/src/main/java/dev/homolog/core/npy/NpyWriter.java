package dev.homolog.core.npy;

import dev.homolog.core.HomologException;
import dev.homolog.core.file.NewFile;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a {@code .npy} file piece by piece into a temporary file beside it, which takes its name
 * at {@link #commit}. If it is closed before that, nothing remains. int32, int64, float16, float32
 * or float64. One thread.
 */
public final class NpyWriter implements AutoCloseable {
  private static final int ALIGNMENT = 64;
  private static final int PIECE = 1 << 20;

  private final Path file;
  private final NewFile target;
  private final FileChannel channel;
  private long missing;

  private NpyWriter(Path file, NewFile target, long bytes) {
    this.file = file;
    this.target = target;
    this.channel = target.channel();
    this.missing = bytes;
  }

  /**
   * @throws IllegalArgumentException if the type has no name in NumPy that {@link NpyFile} reads
   * @throws HomologException if the folder cannot be written, or the file is there and no regular
   *     file, such as a link
   */
  public static NpyWriter create(Path file, DType dtype, List<Long> shape) {
    NpyHeader header = new NpyHeader(dtype, false, List.copyOf(shape));
    long bytes = Math.multiplyExact(header.elements(), (long) dtype.bytes());
    ByteBuffer start = start(header.text());
    try {
      NewFile target = NewFile.beside(file);
      try {
        NpyWriter writer = new NpyWriter(file, target, bytes);
        writer.write(start);
        return writer;
      } catch (IOException e) {
        target.close();
        throw e;
      }
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

  /** The whole file under the name that it has until it is committed or closed. */
  public Path written() {
    requireWhole();
    return target.path();
  }

  private void requireWhole() {
    if (missing != 0) {
      throw new IllegalStateException(file + ": " + missing + " bytes fewer than its shape");
    }
  }

  /** Makes the file appear under its name, on disk, in place of one that was there. */
  public void commit() {
    requireWhole();
    try {
      target.commit();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private void write(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static HomologException failed(Path file, IOException e) {
    return new HomologException(file + ": cannot be written: " + NewFile.reason(e), e);
  }

  @Override
  public void close() {
    try {
      target.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
