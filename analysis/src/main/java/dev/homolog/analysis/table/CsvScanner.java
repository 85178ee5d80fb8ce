package dev.homolog.analysis.table;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.Reader;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Splits CSV as of RFC 4180 into cells, with lines that end in LF or CRLF. It distinguishes quoted
 * cells from bare ones, since nulls and types depend on that; Jackson's parser does not. The
 * current cell lies in {@link #cell} until the next call. Owns the open file; used by one thread.
 */
final class CsvScanner implements AutoCloseable {
  static final String REMEDY = "restore the file or run the study again";
  private static final int END = -1;

  private final Path file;
  private final Reader reader;
  private final char[] buffer = new char[1 << 15];
  private int nextIndex;
  private int limit;

  /** The characters of the current cell, unquoted; the first {@link #length} of them. */
  char[] cell = new char[256];

  int length;

  /** The current cell is quoted. */
  boolean quoted;

  /** The current cell is the last of its row. */
  boolean last = true;

  /** Rows begun so far, the header included. */
  long row;

  CsvScanner(Path file) throws IOException {
    this.file = file;
    // A reader over a channel reports malformed UTF-8, where one over a stream would replace it.
    this.reader =
        Channels.newReader(FileChannel.open(file), StandardCharsets.UTF_8.newDecoder(), 1 << 16);
    if (peek() == '\uFEFF') {
      nextIndex++;
    }
  }

  /**
   * Moves to the next cell; false at the end of the file.
   *
   * @throws InputException the text is not UTF-8 or not CSV; it names the row
   */
  boolean next() throws IOException {
    if (last) {
      if (peek() == END) {
        return false;
      }
      row++;
    }
    length = 0;
    int c = read();
    quoted = c == '"';
    int after = quoted ? scanQuoted() : scanBare(c);
    if (after == '\r' && peek() == '\n') {
      after = read();
    }
    if (after != ',' && after != '\n' && after != END) {
      throw malformed("has text beside a quoted cell");
    }
    last = after != ',';
    return true;
  }

  /** The current cell's text. */
  String text() {
    return new String(cell, 0, length);
  }

  InputException malformed(String problem) {
    return new InputException(file, "row " + row, problem, REMEDY);
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  /** Reads to the closing quote; gives the character after it. */
  private int scanQuoted() throws IOException {
    while (true) {
      int c = read();
      if (c == END) {
        throw malformed("ends inside a quoted cell");
      }
      if (c == '"') {
        c = read();
        if (c != '"') {
          return c;
        }
      }
      append((char) c);
    }
  }

  /** Reads a cell that begins with {@code c}; gives the character that ends it. */
  private int scanBare(int c) throws IOException {
    while (c != ',' && c != '\n' && c != END && !(c == '\r' && peek() == '\n')) {
      if (c == '"') {
        throw malformed("has a quote inside a bare cell");
      }
      append((char) c);
      c = read();
    }
    return c;
  }

  private void append(char c) {
    if (length == TableSize.MOST_OF_CELL) {
      throw malformed("holds a cell of more than " + length + " characters");
    }
    if (length == cell.length) {
      cell = Arrays.copyOf(cell, 2 * length);
    }
    cell[length++] = c;
  }

  private int read() throws IOException {
    return nextIndex < limit || fill() ? buffer[nextIndex++] : END;
  }

  private int peek() throws IOException {
    return nextIndex < limit || fill() ? buffer[nextIndex] : END;
  }

  private boolean fill() throws IOException {
    try {
      nextIndex = 0;
      limit = Math.max(0, reader.read(buffer));
      return limit > 0;
    } catch (CharacterCodingException e) {
      throw new InputException(file.toString(), "after row " + row, "is not UTF-8", REMEDY, e);
    }
  }
}
