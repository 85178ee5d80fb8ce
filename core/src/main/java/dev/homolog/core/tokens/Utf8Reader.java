package dev.homolog.core.tokens;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/**
 * Decodes a stream of UTF-8 of any length, holding one block of it. What is malformed is replaced
 * as Unicode recommends (section 3.9, table 3-7) and Python does with {@code errors="replace"}: the
 * longest beginning of a sequence counts once, and so does every other byte that fits nowhere. One
 * thread.
 */
final class Utf8Reader implements Closeable {
  /**
   * Stands for a malformed part. It is half a pair, which no UTF-8 decodes to, so that a genuine
   * U+FFFD can be told from one that replaces something.
   */
  static final char MALFORMED = '\uDC00';

  /** What {@link #peek} and {@link #next} say at the end. */
  static final int END = -1;

  private static final int BLOCK = 1 << 16;

  private final InputStream in;
  private final byte[] bytes = new byte[BLOCK];
  private final char[] chars =
      new char[BLOCK + 2]; // one more where a sequence ends that began before
  private int from;
  private int to;
  private int codePoint;
  private int missing; // bytes of a sequence that has begun
  private int least; // the range of its next byte
  private int most;

  /**
   * @param in owned by the reader
   */
  Utf8Reader(InputStream in) {
    this.in = in;
  }

  /** The next char, or {@link #END}, which is read again. */
  int peek() throws IOException {
    return from < to || fill() ? chars[from] : END;
  }

  /** The next char, or {@link #END}. */
  int next() throws IOException {
    return from < to || fill() ? chars[from++] : END;
  }

  private boolean fill() throws IOException {
    from = 0;
    to = 0;
    while (to == 0) {
      int count = in.read(bytes, 0, BLOCK);
      if (count < 0) {
        end();
        return to > 0;
      }
      for (int i = 0; i < count; i++) {
        decode(bytes[i] & 0xFF);
      }
    }
    return true;
  }

  private void end() {
    if (missing > 0) {
      missing = 0;
      chars[to++] = MALFORMED;
    }
  }

  private void decode(int b) {
    if (missing > 0) {
      if (b >= least && b <= most) {
        codePoint = codePoint << 6 | b & 0x3F;
        least = 0x80;
        most = 0xBF;
        if (--missing == 0) {
          to += Character.toChars(codePoint, chars, to);
        }
        return;
      }
      missing = 0;
      chars[to++] = MALFORMED;
    }
    if (b < 0x80) {
      chars[to++] = (char) b;
    } else if (b >= 0xC2 && b <= 0xDF) {
      begin(b & 0x1F, 1, 0x80, 0xBF);
    } else if (b >= 0xE0 && b <= 0xEF) {
      begin(b & 0x0F, 2, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF);
    } else if (b >= 0xF0 && b <= 0xF4) {
      begin(b & 0x07, 3, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF);
    } else {
      chars[to++] = MALFORMED;
    }
  }

  private void begin(int bits, int more, int lowest, int highest) {
    codePoint = bits;
    missing = more;
    least = lowest;
    most = highest;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
