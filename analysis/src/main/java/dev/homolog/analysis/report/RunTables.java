package dev.homolog.analysis.report;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;
import java.util.Optional;

/** The tables of a run; any but the table of neurons may be absent. */
final class RunTables {
  private final RunFolder run;

  RunTables(RunFolder run) {
    this.run = run;
  }

  /**
   * Reads columns of a table.
   *
   * @param columns that it declares
   * @return nothing where the table or one of the columns is absent
   */
  Optional<Table> read(TableSpec table, RowFilter rows, List<String> columns) {
    return run.find(table.name(), table.schema(columns), rows);
  }

  /** Reads the first so many rows of a table, with all columns that are there. */
  Optional<Table> first(String table, int rows) {
    return run.has(table) ? Optional.of(run.first(table, rows)) : Optional.empty();
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
