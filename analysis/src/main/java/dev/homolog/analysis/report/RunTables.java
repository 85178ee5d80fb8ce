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

  /** Reads a table that is known to be small, whole. */
  Optional<Table> read(String table) {
    return run.has(table) ? Optional.of(run.read(table)) : Optional.empty();
  }
}
