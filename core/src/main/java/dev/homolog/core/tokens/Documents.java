package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * The documents of several files, in order: a {@code .txt} file is one document, a line of a {@code
 * .jsonl}, {@code .jsonl.gz} or {@code .jsonl.zst} file is one. Holds one document at a time. One
 * thread.
 */
final class Documents implements AutoCloseable {
  /** The most chars of one document; Java and the tokenizer need several times as many bytes. */
  static final int LONGEST = 1 << 28;

  private static final int LONGEST_LINE = 1 << 30; // escapes make a line longer than its text
  private static final String SPLIT = "split the document";

  private final List<Path> files;
  private int file = -1;
  private LineReader lines;
  private long line;

  private Documents(List<Path> files) {
    this.files = files;
  }

  /**
   * Checks that all files are there and of a known kind; none is opened yet.
   *
   * @throws InputException if not
   */
  static Documents of(List<Path> files) {
    requireFiles(files);
    return new Documents(List.copyOf(files));
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

  /**
   * The next document, empty after the last.
   *
   * @throws InputException that names file and line
   */
  Optional<Document> next() {
    while (true) {
      if (lines != null) {
        Optional<Document> document = nextLine();
        if (document.isPresent()) {
          return document;
        }
        close();
      }
      if (file + 1 >= files.size()) {
        return Optional.empty();
      }
      file++;
      line = 0;
      Path path = files.get(file);
      Kind kind = Kind.of(path);
      if (kind == Kind.TXT) {
        return Optional.of(wholeFile(path));
      }
      open(path, kind);
    }
  }

  private void open(Path path, Kind kind) {
    try {
      lines = new LineReader(stream(path, kind), LONGEST_LINE);
    } catch (IOException e) {
      throw unreadable(path, "", e);
    }
  }

  private static InputStream stream(Path path, Kind kind) throws IOException {
    if (kind == Kind.JSONL_ZST) {
      return ZstdFile.open(path);
    }
    InputStream in = Files.newInputStream(path);
    if (kind == Kind.JSONL) {
      return in;
    }
    try {
      return new GZIPInputStream(in, 1 << 16);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private Optional<Document> nextLine() {
    Path path = files.get(file);
    while (true) {
      line++;
      Optional<byte[]> bytes;
      try {
        bytes = lines.next();
      } catch (IOException e) {
        throw unreadable(path, "line " + line, e);
      }
      if (bytes.isEmpty()) {
        return Optional.empty();
      }
      Utf8 decoded = Utf8.decode(bytes.get());
      String json = decoded.text();
      if (line == 1 && json.startsWith("\uFEFF")) {
        json = json.substring(1);
      }
      if (!json.isBlank()) {
        JsonLine parsed = JsonLine.parse(json, path, line);
        Utf8 text = Utf8.wellFormed(parsed.text());
        long replaced = decoded.replaced() + text.replaced();
        return Optional.of(new Document(text.text(), parsed.label(), file, line, replaced));
      }
    }
  }

  private Document wholeFile(Path path) {
    try {
      if (Files.size(path) > LONGEST) {
        throw new InputException(
            path, "", "longer than " + LONGEST + " bytes, and a .txt file is one document", SPLIT);
      }
      Utf8 text = Utf8.decode(Files.readAllBytes(path));
      return new Document(text.text(), Optional.empty(), file, 1, text.replaced());
    } catch (IOException e) {
      throw unreadable(path, "", e);
    }
  }

  private static InputException unreadable(Path path, String where, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new InputException(
        path.toString(), where, "cannot be read: " + reason, "check that the file is whole", e);
  }

  @Override
  public void close() {
    if (lines != null) {
      try {
        lines.close();
      } catch (IOException e) {
        throw unreadable(files.get(file), "", e);
      } finally {
        lines = null;
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
