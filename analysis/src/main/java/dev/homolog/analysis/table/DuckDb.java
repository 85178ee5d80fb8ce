package dev.homolog.analysis.table;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;

/**
 * A DuckDB database in memory that may touch one folder and nothing else: no extension is looked
 * for, no network, no home folder. Owns the connection; used by one thread. Only this class and
 * {@link ParquetTables} name DuckDB's classes.
 */
final class DuckDb implements AutoCloseable {
  private static final String MEMORY = "1GB"; // beyond it, rows go to the spill folder

  private final DuckDBConnection connection;
  private final Statement statement;

  private DuckDb(DuckDBConnection connection) throws SQLException {
    this.connection = connection;
    this.statement = connection.createStatement();
  }

  /**
   * Opens a database.
   *
   * @param folder the one it may touch
   * @param spill a folder in it, for data beyond its memory; made when needed, and removed by the
   *     caller
   * @throws LinkageError DuckDB is not installed, or not for this platform
   */
  static DuckDb open(Path folder, Path spill) throws SQLException {
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
        new DuckDb((DuckDBConnection) new DuckDBDriver().connect("jdbc:duckdb:", config));
    try {
      database.execute("SET allowed_directories = [" + literal(folder.toString()) + "]");
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
    return core.lines().findFirst().orElse("").replaceFirst("^Error: ", "");
  }
}
