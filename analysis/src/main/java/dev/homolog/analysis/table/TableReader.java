package dev.homolog.analysis.table;

import dev.homolog.core.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * Reads tables of one folder. Those in Parquet share a database, which takes longer to start than a
 * small table to read. Owns the database; used by one thread.
 */
public final class TableReader implements AutoCloseable {
  private final Path folder;
  private DuckDb database; // null before the first Parquet file, and after one that failed

  /** A reader of the tables in a folder; nothing is opened yet. */
  public TableReader(Path folder) {
    this.folder = folder.toAbsolutePath();
  }

  /** A reader of the tables that lie beside a file. */
  static TableReader beside(Path file) {
    return new TableReader(file.toAbsolutePath().getParent());
  }

  /**
   * Reads the first rows of a table, all columns.
   *
   * @param file in the folder
   * @throws InputException it cannot be read
   */
  public Table first(Path file, int rows) {
    return read(file, null, RowFilter.ALL.first(rows));
  }

  /**
   * Reads some rows of a table; nothing where one of the columns is not there.
   *
   * @param file in the folder
   * @throws InputException it cannot be read
   */
  public Optional<Table> find(Path file, SequencedMap<String, ColumnType> columns, RowFilter rows) {
    String name = checkedName(file);
    return switch (TableFormat.of(file)) {
      case PARQUET ->
          parquet(file, database -> ParquetTables.find(database, file, name, columns, rows));
      case CSV -> CsvReader.find(file, name, columns, rows);
    };
  }

  /** Reads a table; {@code columns} null means all, as they are. */
  Table read(Path file, SequencedMap<String, ColumnType> columns, RowFilter rows) {
    String name = checkedName(file);
    return switch (TableFormat.of(file)) {
      case PARQUET ->
          parquet(file, database -> ParquetTables.read(database, file, name, columns, rows));
      case CSV -> CsvReader.read(file, name, columns, rows);
    };
  }

  private static String checkedName(Path file) {
    TableFormat format = TableFormat.of(file);
    if (!Files.isRegularFile(file)) {
      throw new InputException(file, "", "is not a file", "name the table of a finished run");
    }
    String fileName = file.getFileName().toString();
    String name = fileName.substring(0, fileName.length() - format.extension().length() - 1);
    if (!Table.isName(name)) {
      throw new InputException(file, "", "is not named like a table", "rename it like matches.csv");
    }
    format.require();
    return name;
  }

  /** A database that has failed is not used again. What lies elsewhere has one of its own. */
  private <T> T parquet(Path file, Function<DuckDb, T> reading) {
    boolean fine = false;
    try {
      if (Files.isSymbolicLink(file)) {
        fine = true;
        try (DuckDb own = DuckDb.reading(file.toAbsolutePath())) {
          return reading.apply(own);
        }
      }
      if (database == null) {
        database = DuckDb.open(folder);
      }
      T read = reading.apply(database);
      database.forget();
      fine = true;
      return read;
    } catch (SQLException e) {
      throw ParquetTables.unreadable(file, e);
    } finally {
      if (!fine) {
        close();
      }
    }
  }

  @Override
  public void close() {
    if (database != null) {
      try {
        database.close();
      } catch (SQLException e) {
        // It holds nothing but what was read.
      } finally {
        database = null;
      }
    }
  }
}
