package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Files of text, and how they are read.
 *
 * @param files {@code .txt} (a document each), {@code .jsonl} or {@code .ndjson} (a document a
 *     line), {@code .json} (a list of documents, or one after the other), each plain or compressed
 *     ({@code .gz}, {@code .zst}, {@code .zstd}), and {@code .parquet} (a document a row)
 * @param share which documents are read
 * @param fields where the text and the subset of a document stand
 * @param tables reads {@code .parquet}
 * @param window the most bytes that the window of a file compressed by zstd may have
 * @param room bytes that the tokenizer may hold for a text that cannot be cut
 */
public record TextFiles(
    List<Path> files,
    Share share,
    TextFields fields,
    Optional<TextTables> tables,
    long window,
    long room) {

  /** What zstd allows where nothing is said. */
  public static final long USUAL_WINDOW = 1L << 27;

  /**
   * @throws InputException if the fields say something, and no file has any
   */
  public TextFiles {
    files = List.copyOf(files);
    boolean plain =
        files.stream()
            .allMatch(file -> TextKind.find(file).map(kind -> !kind.fields()).orElse(false));
    if (plain && !fields.usual()) {
      throw new InputException(
          fields.subset().isPresent() ? InputOption.SUBSET_KEY : InputOption.TEXT_COLUMN,
          "a .txt file has no such thing",
          "leave it out, or give .jsonl or .parquet");
    }
  }

  /** All documents of files, read as usual; none of them is a table. */
  public static TextFiles of(List<Path> files) {
    return new TextFiles(
        files, Share.ALL, TextFields.DEFAULT, Optional.empty(), USUAL_WINDOW, Long.MAX_VALUE);
  }

  /** The same with a share of the documents. */
  public TextFiles withShare(Share some) {
    return new TextFiles(files, some, fields, tables, window, room);
  }

  /** The same with other fields. */
  public TextFiles withFields(TextFields other) {
    return new TextFiles(files, share, other, tables, window, room);
  }

  /** The same with a reader of tables. */
  public TextFiles withTables(TextTables reader) {
    return new TextFiles(files, share, fields, Optional.of(reader), window, room);
  }

  /** The largest window that a file compressed by zstd asks for; empty where no file is. */
  public Optional<ZstdWindow> largestWindow() {
    return files.stream()
        .filter(file -> TextKind.find(file).map(TextKind::zstd).orElse(false))
        .filter(Files::isRegularFile)
        .map(ZstdWindow::of)
        .flatMap(Optional::stream)
        .max(Comparator.comparingLong(ZstdWindow::bytes));
  }

  /** The same with another bound of windows, in bytes. */
  public TextFiles withWindow(long bytes) {
    return new TextFiles(files, share, fields, tables, bytes, room);
  }

  /** The same with another room for a text that cannot be cut, in bytes. */
  public TextFiles withRoom(long bytes) {
    return new TextFiles(files, share, fields, tables, window, bytes);
  }
}
