package dev.homolog.core.tokens;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file of JSON. Where a document is a line, each fills one. Else the file is one list of
 * documents, or documents one after the other, whose lines end anywhere.
 */
final class JsonReader implements DocumentReader {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final Utf8Reader in;
  private final Path file;
  private final boolean lines;
  private final TextFields fields;
  private long line = 1;
  private long number;
  private boolean list;
  private boolean listEnded;
  private Optional<JsonLine> json = Optional.empty();
  private long replaced;

  /**
   * @param in owned by this
   * @param lines whether a document is a line
   */
  JsonReader(Utf8Reader in, Path file, boolean lines, TextFields fields) {
    this.in = in;
    this.file = file;
    this.lines = lines;
    this.fields = fields;
  }

  @Override
  public boolean begin() throws IOException {
    skipSpace();
    if (!lines && number == 0 && !list && in.peek() == '[') {
      in.next();
      list = true;
      skipSpace();
      listEnded = in.peek() == ']';
    } else if (list && !listEnded) {
      listEnded = in.peek() == ']';
      if (!listEnded && in.peek() != ',') {
        throw here().refused("not JSON: a list without a comma or an end");
      }
      if (!listEnded) {
        in.next();
        skipSpace();
      }
    }
    if (listEnded) {
      endList();
      return false;
    }
    if (!list && in.peek() == Utf8Reader.END) {
      return false;
    }
    number++;
    json = Optional.of(new JsonLine(in, here()));
    return true;
  }

  private void endList() throws IOException {
    in.next();
    skipSpace();
    if (in.peek() != Utf8Reader.END) {
      throw here().refused("more follows the list of documents");
    }
  }

  /** What JSON calls white space, and marks where files were joined. */
  private void skipSpace() throws IOException {
    for (int c = in.peek();
        c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == BYTE_ORDER_MARK;
        c = in.peek()) {
      line += c == '\n' ? 1 : 0;
      in.next();
    }
  }

  private JsonLine.Place here() {
    return new JsonLine.Place(file, place(), lines, fields);
  }

  @Override
  public long number() {
    return lines ? line : number;
  }

  @Override
  public String place() {
    return list ? "document " + number : "line " + line;
  }

  @Override
  public boolean read(TextBuffer buffer) throws IOException {
    return json.orElseThrow().read(buffer);
  }

  @Override
  public Optional<String> finish() throws IOException {
    JsonLine done = json.orElseThrow();
    Optional<String> label = done.finish();
    replaced = done.replaced();
    line += lines ? 1 : done.lines();
    json = Optional.empty();
    return label;
  }

  @Override
  public long replaced() {
    return replaced;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
