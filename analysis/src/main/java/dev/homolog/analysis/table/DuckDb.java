package dev.homolog.analysis.table;

import dev.homolog.core.file.NewFile;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.UUID;
import java.util.regex.Pattern;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;

/**
 * A DuckDB database in memory that may touch the folder of one file and nothing else: no extension
 * is looked for, no network, no home folder. Owns the connection; used by one thread. Only this
 * class and {@link ParquetTables} name DuckDB's classes.
 */
final class DuckDb implements AutoCloseable {
  private static final String MEMORY = "1GB"; // beyond it, rows go to the spill folder
  private static final String SPILL_ENDING = ".spill";

  /** The name of a class of C++ that a message may begin with. */
  private static final Pattern CLASS = Pattern.compile("\\b\\w+Exception: ");

  /** A class of five characters, the backslash in their midst. */
  private static final String BACKSLASH = "[Z-^]";

  private final DuckDBConnection connection;
  private final Statement statement;
  private final Path spill;

  private DuckDb(DuckDBConnection connection, Path spill) throws SQLException {
    this.connection = connection;
    this.statement = connection.createStatement();
    this.spill = spill;
  }

  /**
   * Opens a database. Data beyond its memory go to a hidden folder in the one that it may touch; it
   * is made when needed and removed by {@link #close}. Its name is random, so that nobody can have
   * put a link there.
   *
   * @param folder the one it may touch, absolute
   * @throws LinkageError DuckDB is not installed, or not for this platform
   */
  static DuckDb open(Path folder) throws SQLException {
    return open(folder, folder);
  }

  /**
   * Opens a database that may also read where a file really lies, which may be a link that was
   * allowed.
   *
   * @param file absolute
   */
  static DuckDb reading(Path file) throws SQLException {
    return open(file.getParent(), real(file).getParent());
  }

  /** Where a file really lies: DuckDB looks at that, and not at the link's own folder. */
  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file; // which DuckDB will not find either
    }
  }

  private static DuckDb open(Path folder, Path other) throws SQLException {
    Path spill = folder.resolve(NewFile.PREFIX + UUID.randomUUID() + SPILL_ENDING);
    var config = new Properties();
    config.setProperty("autoinstall_known_extensions", "false");
    config.setProperty("autoload_known_extensions", "false");
    config.setProperty("allow_community_extensions", "false");
    config.setProperty("allow_persistent_secrets", "false");
    config.setProperty("extension_directory", spill.toString());
    config.setProperty("secret_directory", spill.toString());
    config.setProperty("temp_directory", spill.toString());
    config.setProperty("memory_limit", MEMORY);
    config.setProperty("preserve_insertion_order", "true");
    config.setProperty("jdbc_stream_results", "true");
    var database =
        new DuckDb((DuckDBConnection) new DuckDBDriver().connect("jdbc:duckdb:", config), spill);
    try {
      // A pattern is looked up in the list as it is written.
      database.execute(
          "SET allowed_directories = ["
              + literal(folder.toString())
              + ", "
              + literal(pattern(folder))
              + ", "
              + literal(other.toString())
              + ", "
              + literal(pattern(other))
              + "]");
      database.execute("SET enable_external_access = false");
      database.execute("SET lock_configuration = true");
      database.execute("BEGIN"); // else each couple of thousand appended rows is a transaction
      return database;
    } catch (SQLException e) {
      database.close();
      throw e;
    }
  }

  void execute(String sql) throws SQLException {
    statement.execute(sql);
  }

  /** The rows of one query, streamed; the next use of this object ends them. */
  ResultSet query(String sql) throws SQLException {
    return statement.executeQuery(sql);
  }

  DuckDBAppender appender(String table) throws SQLException {
    return connection.createAppender(table);
  }

  @Override
  public void close() throws SQLException {
    connection.close(); // closes the statement too
    removeSpill(spill);
  }

  /** Removes such a folder, if it is one, with the files in it. */
  private static void removeSpill(Path spill) {
    if (Files.isDirectory(spill, LinkOption.NOFOLLOW_LINKS)) {
      try (var files = Files.newDirectoryStream(spill)) {
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
        Files.deleteIfExists(spill);
      } catch (IOException | DirectoryIteratorException e) {
        // It stays, hidden. What was written or read is right all the same.
      }
    }
  }

  /**
   * The Parquet file at a path as a source of rows, in any order: never a pattern of names, and
   * never parts of a table whose folders hold values. {@code file_row_number} is a column of it,
   * too.
   *
   * @throws SQLException the path is also that of another file, as DuckDB reads it
   */
  String rowsOf(Path file) throws SQLException {
    String literal = literal(pattern(real(file)));
    if (literal.contains(BACKSLASH)) {
      try (ResultSet count = query("SELECT count(*) FROM glob(" + literal + ")")) {
        count.next();
        if (count.getLong(1) > 1) {
          throw new SQLException("DuckDB does not tell its path from another; rename its folder");
        }
      }
    }
    return "read_parquet(" + literal + ", hive_partitioning = false, file_row_number = true)";
  }

  /**
   * A path as {@code read_parquet} takes it: a pattern of names that this path alone matches. A
   * character that means something in a pattern becomes a class of one character.
   */
  private static String pattern(Path path) {
    String text = path.toString();
    if (File.separatorChar == '\\') {
      text = text.replace('\\', '/');
    }
    if (text.chars().noneMatch(c -> "*?[".indexOf(c) >= 0)) {
      return text;
    }
    var pattern = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '*', '?', '[' -> pattern.append('[').append(c).append(']');
        case '\\' -> pattern.append(BACKSLASH); // a pattern's folders are cut at a backslash
        default -> pattern.append(c);
      }
    }
    return pattern.toString();
  }

  /** A string literal of SQL. */
  static String literal(String text) {
    return '\'' + text.replace("'", "''") + '\'';
  }

  /** A quoted identifier of SQL. */
  static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** What went wrong, in one line, without the driver's wrapping. */
  static String message(SQLException e) {
    String text = String.valueOf(e.getMessage());
    String core = text.substring(text.lastIndexOf("\nError: ") + 1);
    String line = core.lines().findFirst().orElse("").replaceFirst("^Error: ", "");
    return CLASS.matcher(line).replaceAll("");
  }
}
