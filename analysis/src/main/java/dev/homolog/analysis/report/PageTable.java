package dev.homolog.analysis.report;

import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A table of few rows that the page holds for a section.
 *
 * @param complete whether it has all columns of the run's table; else those that are declared and
 *     not left out
 * @param most how many of its rows are read, the first ones
 * @param rows which of these the page holds
 */
record PageTable(TableSpec spec, boolean complete, int most, Function<Table, int[]> rows) {
  private static final int MOST_ROWS = 10_000;

  /** All columns, declared or not, and the first 10,000 rows. */
  static PageTable complete(TableSpec spec) {
    return new PageTable(spec, true, MOST_ROWS, PageTable::all);
  }

  /** The columns that are not left out, and the first 10,000 rows. */
  static PageTable shown(TableSpec spec) {
    return new PageTable(spec, false, MOST_ROWS, PageTable::all);
  }

  /** The columns that are not left out, and these rows; absent where a column of them is absent. */
  static PageTable shown(TableSpec spec, Function<Table, int[]> rows) {
    return new PageTable(spec, false, Integer.MAX_VALUE, rows);
  }

  private static int[] all(Table table) {
    return IntStream.range(0, table.rows()).toArray();
  }

  Optional<Table> read(RunTables tables) {
    if (complete) {
      return tables.first(spec.name(), most);
    }
    List<String> columns =
        spec.columns().stream()
            .filter(column -> !column.is(ColumnSpec.Use.LEFT_OUT))
            .map(ColumnSpec::name)
            .toList();
    return tables.read(spec, RowFilter.ALL.first(most), columns);
  }
}
