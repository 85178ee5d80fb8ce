package dev.homolog.analysis.table;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The file formats of tables. */
public enum TableFormat {
  /**
   * Parquet, compressed with zstd, made and read by DuckDB. NaN is NaN and null is null; −0 may
   * come back as 0.
   */
  PARQUET,
  /**
   * CSV as of RFC 4180, UTF-8, lines ending in a line feed alone, a header line. Text is always
   * quoted and left as it is; nothing else is quoted. Doubles are the shortest text that reads back
   * the same; NaN and null are empty. Arrays are quoted JSON.
   */
  CSV;

  private static volatile boolean loaded; // DuckDB was, once

  /**
   * The format a user named: {@code parquet} or {@code csv}.
   *
   * @throws InputException it is neither
   */
  public static TableFormat parse(String name) {
    return Arrays.stream(values())
        .filter(format -> format.extension().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                InputOption.FORMAT, "there is no format " + name, "choose one of " + names(", ")));
  }

  /** The format of a file, by its name. */
  public static TableFormat of(Path file) {
    return Arrays.stream(values())
        .filter(format -> file.toString().endsWith("." + format.extension()))
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                file, "", "is not a table", "name a file that ends in ." + names(" or .")));
  }

  /**
   * The name that {@link #parse} takes, and the end of a file's name: {@code parquet}, {@code csv}.
   */
  public String extension() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Checks, before any work is done, that tables of this format can be written here.
   *
   * @throws HomologException this is Parquet, and DuckDB's JDBC driver cannot be loaded
   */
  public void require() {
    if (this == PARQUET && !loaded) {
      try {
        ParquetTables.probe(temporary());
        loaded = true;
      } catch (LinkageError | SQLException e) {
        throw missing(e);
      } finally {
        DuckDbLibrary.tidy(temporary());
      }
    }
  }

  /**
   * Writes parts of equal schema, at least one, one after the other as one table; on failure the
   * file may be there in part.
   */
  public void write(Path file, Iterator<Table> parts) throws IOException {
    require();
    switch (this) {
      case PARQUET -> ParquetTables.write(file, parts);
      case CSV -> CsvWriter.write(file, parts);
    }
  }

  private static Path temporary() {
    return Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
  }

  /** DuckDB's classes are linked on first use; without them that use throws. */
  private static HomologException missing(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    Optional<String> refusal = DuckDbLibrary.refusal(temporary(), cause);
    if (refusal.isPresent()) {
      return new HomologException(
          "DuckDB, which writes Parquet, cannot unpack its library: "
              + refusal.get()
              + "; name another folder with HOMOLOG_JAVA_OPTS=-Djava.io.tmpdir=FOLDER, or write"
              + " tables with --format csv",
          e);
    }
    return new HomologException(
        "Parquet needs DuckDB's JDBC driver (duckdb_jdbc), which cannot be loaded here ("
            + cause.toString().lines().findFirst().orElse("")
            + "); install it, or write tables with --format csv",
        e);
  }

  private static String names(String separator) {
    return Arrays.stream(values())
        .map(TableFormat::extension)
        .collect(Collectors.joining(separator));
  }
}
