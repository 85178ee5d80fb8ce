package dev.homolog.analysis.report;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableReader;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;
import java.util.Optional;

/** The tables of a run; any but the table of neurons may be absent. Used by one thread. */
final class RunTables implements AutoCloseable {
  private final RunFolder run;
  private final TableReader reader;

  RunTables(RunFolder run) {
    this.run = run;
    this.reader = new TableReader(run.path());
  }

  /**
   * Reads columns of a table.
   *
   * @param columns that it declares
   * @return nothing where the table or one of the columns is absent
   */
  Optional<Table> read(TableSpec table, RowFilter rows, List<String> columns) {
    return run.has(table.name())
        ? reader.find(run.file(table.name()), table.schema(columns), rows)
        : Optional.empty();
  }

  /** Reads the first so many rows of a table, with all columns that are there. */
  Optional<Table> first(String table, int rows) {
    return run.has(table) ? Optional.of(needed(table, rows)) : Optional.empty();
  }

  /**
   * As {@link #first}, of a table that must be there.
   *
   * @throws dev.homolog.core.InputException it is not
   */
  Table needed(String table, int rows) {
    return reader.first(run.file(table), rows);
  }

  /** The run whose tables they are. */
  RunFolder run() {
    return run;
  }

  @Override
  public void close() {
    reader.close();
  }

  /** The text of a row, where a table always has one. */
  static String text(Table table, String column, int row) {
    String text = table.texts(column).get(row);
    if (text == null) {
      throw new MalformedTable(table.name(), column, "has no text in row " + (row + 1));
    }
    return text;
  }
}
