package dev.homolog.core.tokens;

import java.io.IOException;
import java.util.Optional;

/** A file that is one document. */
final class PlainReader implements DocumentReader {
  private final Utf8Reader in;
  private boolean begun;

  /**
   * @param in owned by this
   */
  PlainReader(Utf8Reader in) {
    this.in = in;
  }

  @Override
  public boolean begin() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  @Override
  public long number() {
    return 1;
  }

  @Override
  public String place() {
    return "";
  }

  @Override
  public boolean read(TextBuffer buffer) throws IOException {
    while (!buffer.full() && !buffer.over()) {
      int c = in.next();
      if (c == Utf8Reader.END) {
        return true;
      }
      buffer.add((char) c);
    }
    return false;
  }

  @Override
  public Optional<String> finish() {
    return Optional.empty();
  }

  @Override
  public long replaced() {
    return 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
