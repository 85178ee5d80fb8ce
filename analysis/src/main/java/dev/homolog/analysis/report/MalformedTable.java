package dev.homolog.analysis.report;

import java.io.Serial;

/**
 * A table of a run folder that cannot be what a run wrote. It knows the table by its name; {@link
 * Report} knows the file.
 */
final class MalformedTable extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final String table;
  private final String column;
  private final String problem;

  MalformedTable(String table, String column, String problem) {
    super(table + ": " + column + ": " + problem);
    this.table = table;
    this.column = column;
    this.problem = problem;
  }

  String table() {
    return table;
  }

  String column() {
    return column;
  }

  String problem() {
    return problem;
  }
}
