package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The documents of several files, in order: a {@code .txt} file is one document, a line of a {@code
 * .jsonl}, {@code .jsonl.gz} or {@code .jsonl.zst} file is one. Documents and lines may be of any
 * length; a piece at a time is held. One thread.
 */
final class Documents implements AutoCloseable {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final List<Path> files;
  private final TextBuffer buffer;
  private int file = -1;
  private Utf8Reader reader;
  private long line;
  private JsonLine json;
  private boolean within; // a document has begun and not ended

  private Documents(List<Path> files, boolean cuttable) {
    this.files = files;
    this.buffer = new TextBuffer(cuttable);
  }

  /**
   * Checks that all files are there and of a known kind; none is opened yet.
   *
   * @param cuttable whether the tokenizer allows a document to come in pieces
   * @throws InputException if not
   */
  static Documents of(List<Path> files, boolean cuttable) {
    requireFiles(files);
    return new Documents(List.copyOf(files), cuttable);
  }

  static void requireFiles(List<Path> files) {
    for (Path path : files) {
      Kind.of(path);
      if (!Files.exists(path)) {
        throw new InputException(path, "", "no such file", "check the path given to --text");
      }
      if (Files.isDirectory(path)) {
        throw new InputException(path, "", "a folder, not a file", "name the files inside it");
      }
    }
  }

  /** Whether a document of this file may have a label, which is known at its end. */
  boolean labels(int file) {
    return Kind.of(files.get(file)) != Kind.TXT;
  }

  /**
   * The next piece, empty after the last.
   *
   * @throws InputException that names file and line
   */
  Optional<Piece> next() {
    while (true) {
      if (reader == null) {
        if (file + 1 >= files.size()) {
          return Optional.empty();
        }
        file++;
        open(files.get(file));
      }
      try {
        boolean first = !within;
        if (!within && !begin()) {
          close();
          continue;
        }
        return Optional.of(piece(first));
      } catch (IOException e) {
        throw unreadable(files.get(file), labels(file) ? "line " + line : "", e);
      }
    }
  }

  private void open(Path path) {
    line = 0;
    try {
      reader = new Utf8Reader(stream(path, Kind.of(path)));
    } catch (IOException e) {
      throw unreadable(path, "", e);
    }
  }

  private static InputStream stream(Path path, Kind kind) throws IOException {
    return switch (kind) {
      case JSONL_ZST -> ZstdFile.open(path);
      case JSONL_GZ -> GzipFile.open(path);
      case TXT, JSONL -> Files.newInputStream(path);
    };
  }

  /** Goes to the next document of the file, if there is one. */
  private boolean begin() throws IOException {
    if (!labels(file)) {
      line++;
      within = line == 1;
      return within;
    }
    line++;
    if (line == 1 && reader.peek() == BYTE_ORDER_MARK) {
      reader.next();
    }
    for (int c = reader.peek(); isSpace(c); c = reader.peek()) {
      line += c == '\n' ? 1 : 0;
      reader.next();
    }
    within = reader.peek() != Utf8Reader.END;
    if (within) {
      json = new JsonLine(reader, files.get(file), line);
    }
    return within;
  }

  /** What JSON calls white space. */
  private static boolean isSpace(int c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  private Piece piece(boolean first) throws IOException {
    boolean last = json == null ? readPlain() : json.read(buffer);
    if (buffer.over()) {
      throw new InputException(
          files.get(file),
          json == null ? "" : "line " + line,
          "more than "
              + TextBuffer.LONGEST
              + " characters without a place to cut it for tokenizing",
          "split the document");
    }
    if (!last) {
      String text = buffer.take();
      return new Piece(text, file, line, first, false, Optional.empty(), buffer.replaced());
    }
    within = false;
    Optional<String> label = Optional.empty();
    String text = buffer.rest();
    long replaced = buffer.replaced();
    if (json != null) {
      label = json.finish();
      replaced += json.replaced();
      json = null;
    }
    return new Piece(text, file, line, first, true, label, replaced);
  }

  /** Whether the file has ended. */
  private boolean readPlain() throws IOException {
    while (!buffer.full() && !buffer.over()) {
      int c = reader.next();
      if (c == Utf8Reader.END) {
        return true;
      }
      buffer.add((char) c);
    }
    return false;
  }

  private static InputException unreadable(Path path, String where, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new InputException(
        path.toString(), where, "cannot be read: " + reason, "check that the file is whole", e);
  }

  @Override
  public void close() {
    if (reader != null) {
      try {
        reader.close();
      } catch (IOException e) {
        throw unreadable(files.get(file), "", e);
      } finally {
        reader = null;
      }
    }
  }

  private enum Kind {
    TXT(".txt"),
    JSONL(".jsonl"),
    JSONL_GZ(".jsonl.gz"),
    JSONL_ZST(".jsonl.zst");

    private final String ending;

    Kind(String ending) {
      this.ending = ending;
    }

    static Kind of(Path path) {
      String name = path.toString().toLowerCase(Locale.ROOT);
      for (Kind kind : values()) {
        if (name.endsWith(kind.ending)) {
          return kind;
        }
      }
      throw new InputException(
          path,
          "",
          "not a kind of text that is known",
          "give .txt, .jsonl, .jsonl.gz or .jsonl.zst");
    }
  }
}
