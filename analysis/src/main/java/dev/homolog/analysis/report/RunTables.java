package dev.homolog.analysis.report;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.ColumnType;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** The tables of a run, of which any but the neurons may be absent. */
final class RunTables {
  private final RunFolder run;

  RunTables(RunFolder run) {
    this.run = run;
  }

  /**
   * Reads columns of a table.
   *
   * @param columns each as {@code name TYPE}
   * @return nothing where the table or one of the columns is absent
   */
  Optional<Table> read(String table, RowFilter rows, String... columns) {
    SequencedMap<String, ColumnType> wanted = new LinkedHashMap<>();
    for (String column : columns) {
      String[] parts = column.split(" ", 2);
      wanted.put(parts[0], ColumnType.valueOf(parts[1]));
    }
    return run.find(table, wanted, rows);
  }

  /** Reads a table that is known to be small, whole. */
  Optional<Table> read(String table) {
    return run.has(table) ? Optional.of(run.read(table)) : Optional.empty();
  }
}
