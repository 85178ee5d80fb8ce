package dev.homolog.core.tokens;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * Reads a gzip file of any number of members. What follows the last one and is no member ends
 * Java's own stream in silence, so that a damaged file would lose its end; here only zeros may
 * follow, as padding. One thread.
 */
final class GzipFile extends GZIPInputStream {
  private static final int BUFFER = 1 << 16;
  private static final int TRAILER = 8;

  private GzipFile(InputStream in) throws IOException {
    super(in, BUFFER);
  }

  static GzipFile open(Path file) throws IOException {
    InputStream in = Files.newInputStream(file);
    try {
      return new GzipFile(in);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int count = super.read(bytes, offset, length);
    if (count < 0) {
      requireEnd();
    }
    return count;
  }

  /**
   * The inflater's buffer still holds what it had not read, beginning with the member's trailer.
   */
  private void requireEnd() throws IOException {
    for (int i = len - inf.getRemaining() + TRAILER; i < len; i++) {
      requireZero(buf[i]);
    }
    byte[] rest = new byte[BUFFER];
    for (int count = in.read(rest); count > 0; count = in.read(rest)) {
      for (int i = 0; i < count; i++) {
        requireZero(rest[i]);
      }
    }
  }

  private static void requireZero(byte b) throws IOException {
    if (b != 0) {
      throw new IOException("what follows a gzip member is none");
    }
  }
}
