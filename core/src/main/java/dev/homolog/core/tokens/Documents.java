package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The documents of several files, in order; {@link TextFiles} says of which kinds. Documents may be
 * of any length; a piece at a time is held, but for the rows of tables. One thread.
 */
final class Documents implements AutoCloseable {
  private final TextFiles text;
  private final TextBuffer buffer;
  private int file = -1;
  private Optional<DocumentReader> reader = Optional.empty();
  private boolean within; // a document has begun and not ended

  private Documents(TextFiles text, TextBuffer.Cuts cuts) {
    this.text = text;
    this.buffer = new TextBuffer(cuts, text.room());
  }

  /**
   * Checks that all files are there and of a known kind; none is opened yet.
   *
   * @param cuts where the tokenizer allows to cut a document
   * @throws InputException if not
   */
  static Documents of(TextFiles text, TextBuffer.Cuts cuts) {
    requireFiles(text.files());
    return new Documents(text, cuts);
  }

  static void requireFiles(List<Path> files) {
    files.forEach(TextKind::require);
  }

  /** Whether a document of this file may have a label, which is known at its end. */
  boolean labels(int file) {
    return TextKind.find(text.files().get(file)).map(TextKind::fields).orElse(false);
  }

  /** Where a document stands in its file, for messages. */
  String place(Piece piece) {
    return TextKind.find(text.files().get(piece.file()))
        .map(kind -> kind.place(piece.line()))
        .orElse("");
  }

  /**
   * The next piece, empty after the last.
   *
   * @throws InputException that names file and line
   */
  Optional<Piece> next() {
    while (true) {
      if (reader.isEmpty()) {
        if (file + 1 >= text.files().size()) {
          return Optional.empty();
        }
        file++;
        reader = Optional.of(open(text.files().get(file)));
      }
      DocumentReader documents = reader.get();
      try {
        boolean first = !within;
        within = within || documents.begin();
        if (within) {
          return Optional.of(piece(documents, first));
        }
        close();
      } catch (IOException e) {
        throw unreadable(text.files().get(file), documents.place(), e);
      }
    }
  }

  private DocumentReader open(Path path) {
    TextKind kind = TextKind.require(path);
    if (kind.form() == TextKind.Form.TABLE) {
      TextTables tables =
          text.tables()
              .orElseThrow(
                  () -> new InputException(path, "", "no reader of tables", "give .jsonl"));
      return new TableReader(tables.open(path, text.fields()));
    }
    try {
      Utf8Reader in = new Utf8Reader(new TextHead(path, stream(path, kind)));
      return switch (kind.form()) {
        case PLAIN -> new PlainReader(in);
        case LINES -> new JsonReader(in, path, true, text.fields());
        case JSON, TABLE -> new JsonReader(in, path, false, text.fields());
      };
    } catch (IOException e) {
      throw unreadable(path, "", e);
    }
  }

  private InputStream stream(Path path, TextKind kind) throws IOException {
    return switch (kind.packing()) {
      case ZSTD -> ZstdFile.open(path, text.window());
      case GZIP -> GzipFile.open(path);
      case NONE -> Files.newInputStream(path);
    };
  }

  private Piece piece(DocumentReader documents, boolean first) throws IOException {
    boolean last = documents.read(buffer);
    long number = documents.number();
    if (buffer.over()) {
      throw new InputException(
          text.files().get(file),
          documents.place(),
          "more than " + buffer.longest() + " characters without a place to cut it for tokenizing",
          buffer.remedy());
    }
    if (!last) {
      String part = buffer.take();
      return new Piece(part, file, number, first, false, Optional.empty(), buffer.replaced());
    }
    within = false;
    String part = buffer.rest();
    long replaced = buffer.replaced();
    Optional<String> label = documents.finish();
    return new Piece(part, file, number, first, true, label, replaced + documents.replaced());
  }

  private static InputException unreadable(Path path, String where, IOException e) {
    String reason = e.getMessage();
    if (reason == null) {
      reason = e instanceof EOFException ? "it ends too early" : "reading failed";
    } else if (e instanceof AccessDeniedException) {
      reason = "its permissions forbid it";
    }
    return new InputException(
        path.toString(), where, "cannot be read: " + reason, "check that the file is whole", e);
  }

  @Override
  public void close() {
    if (reader.isPresent()) {
      try {
        reader.get().close();
      } catch (IOException e) {
        throw unreadable(text.files().get(file), "", e);
      } finally {
        reader = Optional.empty();
      }
    }
  }
}
