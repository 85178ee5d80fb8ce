package dev.homolog.analysis.table;

/**
 * What a column holds. Only {@link #TEXT} has null; a missing number is NaN in a {@link #DOUBLE}.
 */
public enum ColumnType {
  INT,
  LONG,
  DOUBLE,
  BOOLEAN,
  TEXT,
  INT_LIST,
  DOUBLE_LIST,
  TEXT_LIST
}
