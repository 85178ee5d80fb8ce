package dev.homolog.core.tokens;

import dev.homolog.core.FileContents;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The bytes of a text. It looks at the first of them, leaves out the mark of UTF-8, and refuses
 * other encodings and what is no text. One thread.
 */
final class TextHead extends InputStream {
  private static final int HEAD = 1 << 12;

  /** Fewer bytes do not tell text from chance. */
  private static final int LEAST = 16;

  private final Path file;
  private final InputStream in;
  private byte[] head;
  private int at;
  private Optional<IOException> broken = Optional.empty();

  /**
   * @param in owned by this
   */
  TextHead(Path file, InputStream in) {
    this.file = file;
    this.in = in;
    this.head = new byte[0];
    this.at = -1;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (at < 0) {
      begin();
    }
    if (at < head.length) {
      int count = Math.min(length, head.length - at);
      System.arraycopy(head, at, bytes, offset, count);
      at += count;
      if (at == head.length) {
        head = new byte[0];
        at = 0;
      }
      return count;
    }
    if (broken.isPresent()) {
      throw broken.get();
    }
    return in.read(bytes, offset, length);
  }

  private void begin() throws IOException {
    byte[] start = new byte[HEAD];
    int length = 0;
    try {
      for (int count = 0; count >= 0 && length < HEAD; length += Math.max(0, count)) {
        count = in.read(start, length, HEAD - length);
      }
    } catch (IOException e) {
      if (length == 0) {
        throw e;
      }
      broken = Optional.of(e); // what could be read comes first
    }
    head = java.util.Arrays.copyOf(start, length);
    requireUtf8(file, head);
    FileContents contents = FileContents.of(head);
    if (contents != FileContents.OTHER && contents != FileContents.EMPTY) {
      throw new InputException(file, "", "holds " + contents.description(), contents.remedy());
    }
    at = begins(head, 0xEF, 0xBB, 0xBF) ? 3 : 0;
  }

  /**
   * @param head what a text begins with
   * @throws InputException if it is surely in another encoding
   */
  static void requireUtf8(Path file, byte[] head) {
    Optional<String> encoding = encoding(head);
    if (encoding.isPresent()) {
      throw new InputException(
          file,
          "",
          "is " + encoding.get() + ", not UTF-8",
          "convert it with iconv -f " + encoding.get() + " -t UTF-8");
    }
  }

  /** The encoding by its mark, else by where zeros stand; empty for UTF-8 and all others. */
  private static Optional<String> encoding(byte[] head) {
    if (begins(head, 0xFF, 0xFE, 0, 0)) {
      return Optional.of("UTF-32LE");
    }
    if (begins(head, 0, 0, 0xFE, 0xFF)) {
      return Optional.of("UTF-32BE");
    }
    if (begins(head, 0xFF, 0xFE)) {
      return Optional.of("UTF-16LE");
    }
    if (begins(head, 0xFE, 0xFF)) {
      return Optional.of("UTF-16BE");
    }
    return withoutMark(head);
  }

  /** Letters of Latin scripts, spaces and line ends have zeros at the same places of each unit. */
  private static Optional<String> withoutMark(byte[] head) {
    int units = head.length / 4;
    if (head.length < LEAST) {
      return Optional.empty();
    }
    int[] zeros = new int[4];
    for (int i = 0; i < 4 * units; i++) {
      zeros[i % 4] += head[i] == 0 ? 1 : 0;
    }
    boolean[] mostly = new boolean[4];
    boolean[] rarely = new boolean[4];
    for (int i = 0; i < 4; i++) {
      mostly[i] = zeros[i] > 0.7 * units;
      rarely[i] = zeros[i] < 0.1 * units;
    }
    if (rarely[0] && mostly[2] && mostly[3]) {
      return Optional.of("UTF-32LE");
    }
    if (rarely[3] && mostly[0] && mostly[1]) {
      return Optional.of("UTF-32BE");
    }
    int even = zeros[0] + zeros[2];
    int odd = zeros[1] + zeros[3];
    if (even < 0.02 * units && odd > 0.3 * 2 * units) {
      return Optional.of("UTF-16LE");
    }
    if (odd < 0.02 * units && even > 0.3 * 2 * units) {
      return Optional.of("UTF-16BE");
    }
    return Optional.empty();
  }

  private static boolean begins(byte[] head, int... mark) {
    if (head.length < mark.length) {
      return false;
    }
    for (int i = 0; i < mark.length; i++) {
      if ((head[i] & 0xFF) != mark[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
