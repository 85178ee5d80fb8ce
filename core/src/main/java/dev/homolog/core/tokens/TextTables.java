package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads documents from tables of a kind that this module does not know, such as Parquet. */
public interface TextTables {

  /**
   * Opens a table.
   *
   * @throws InputException if it cannot be read, or lacks the columns of {@code fields}
   */
  Rows open(Path file, TextFields fields);

  /** The rows of a table in their order. One thread. */
  interface Rows extends AutoCloseable {
    /**
     * The next row, empty after the last.
     *
     * @throws InputException if it cannot be read, or holds no text
     */
    Optional<Row> next();

    @Override
    void close();
  }

  /**
   * A document.
   *
   * @param text the whole of it
   * @param label the subset that it belongs to, if it names one
   */
  record Row(String text, Optional<String> label) {}
}
