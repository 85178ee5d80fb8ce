package dev.homolog.core.tokens;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The window that a zstd file asks for, which its decoder holds.
 *
 * @param file whose first frame asks for it
 * @param bytes of the window
 */
public record ZstdWindow(Path file, long bytes) {
  /** The most bytes of a window that zstd reads. */
  public static final long MOST = 1L << 31;

  private static final int MAGIC = 0xFD2FB528;

  /** Frames whose contents a decoder passes over have one of sixteen numbers. */
  private static final int SKIPPABLE = 0x184D2A50;

  private static final int SINGLE_SEGMENT = 1 << 5;
  private static final int LEAST_LOG = 10;
  private static final int[] DICTIONARY_BYTES = {0, 1, 2, 4};
  private static final int[] CONTENT_BYTES = {0, 2, 4, 8};

  /** Frames to pass over at most; more are no file that somebody made. */
  private static final int MOST_SKIPPED = 64;

  /**
   * Reads the first frame's header (RFC 8878, 3.1.1). Later frames are left to the decoder, since
   * only whoever reads a whole frame finds the next.
   *
   * @return empty where the file cannot be read or is none of zstd, which its reader will say
   */
  static Optional<ZstdWindow> of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      for (int i = 0; i <= MOST_SKIPPED; i++) {
        int magic = (int) number(in, 4);
        if (magic == MAGIC) {
          return Optional.of(new ZstdWindow(file, window(in)));
        }
        if ((magic & ~0xF) != SKIPPABLE) {
          return Optional.empty();
        }
        in.skipNBytes(number(in, 4));
      }
    } catch (IOException e) {
      // Whoever reads it says why it cannot be read.
    }
    return Optional.empty();
  }

  private static long window(InputStream in) throws IOException {
    int descriptor = (int) number(in, 1);
    if ((descriptor & SINGLE_SEGMENT) == 0) {
      int window = (int) number(in, 1);
      long base = 1L << LEAST_LOG + (window >> 3);
      return base + base / 8 * (window & 7);
    }
    in.skipNBytes(DICTIONARY_BYTES[descriptor & 3]);
    int size = descriptor >> 6;
    return switch (size) {
      case 0 -> number(in, 1);
      case 1 -> number(in, CONTENT_BYTES[size]) + 256;
      default -> {
        long bytes = number(in, CONTENT_BYTES[size]);
        yield bytes < 0 ? Long.MAX_VALUE : bytes;
      }
    };
  }

  /** A number of so many bytes, the lowest first. */
  private static long number(InputStream in, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (in.readNBytes(buffer.array(), 0, bytes) < bytes) {
      throw new EOFException();
    }
    return buffer.getLong();
  }
}
