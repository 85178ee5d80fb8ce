package dev.homolog.core.tokens;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/** Cuts a stream of bytes at newlines, holding one line at a time. One thread. */
final class LineReader implements Closeable {
  private final InputStream in;
  private final int longest;
  private final byte[] buffer = new byte[1 << 16];
  private int from;
  private int to;

  /**
   * @param in owned by the reader
   * @param longest a longer line, in bytes, is refused
   */
  LineReader(InputStream in, int longest) {
    this.in = in;
    this.longest = longest;
  }

  /** The next line without its "\n" or "\r\n"; empty at the end of the stream. */
  Optional<byte[]> next() throws IOException {
    byte[] line = new byte[0];
    int length = 0;
    boolean any = false;
    while (from < to || fill()) {
      any = true;
      int end = from;
      while (end < to && buffer[end] != '\n') {
        end++;
      }
      int part = end - from;
      if (part > longest - length) {
        throw new IOException("longer than " + longest + " bytes");
      }
      if (length + part > line.length) {
        line =
            Arrays.copyOf(line, (int) Math.min(longest, Math.max(2L * line.length, length + part)));
      }
      System.arraycopy(buffer, from, line, length, part);
      length += part;
      from = end + 1;
      if (end < to) {
        break;
      }
    }
    if (length > 0 && line[length - 1] == '\r') {
      length--;
    }
    return any ? Optional.of(Arrays.copyOf(line, length)) : Optional.empty();
  }

  private boolean fill() throws IOException {
    from = 0;
    to = Math.max(0, in.read(buffer, 0, buffer.length));
    return to > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
