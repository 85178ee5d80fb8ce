package dev.homolog.analysis.table;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.StringJoiner;

/**
 * What rows of a Parquet file take of the heap, asked of DuckDB before they are read: a small file
 * can hold many rows or a huge text. Used by one thread.
 */
final class ParquetSize {
  /** Elements of lists and bytes of texts of a column. */
  private record Content(double elements, double bytes) {}

  private final TableSize size;
  private final SequencedMap<String, ColumnType> types;
  private final Map<String, Content> contents = new HashMap<>();
  private final long rows;

  private ParquetSize(TableSize size, SequencedMap<String, ColumnType> types, long rows) {
    this.size = size;
    this.types = types;
    this.rows = rows;
  }

  /**
   * Measures columns.
   *
   * @param source what follows SELECT: FROM and WHERE
   * @throws dev.homolog.core.InputException a text or a list is longer than a table's can be
   */
  static ParquetSize of(
      DuckDb database, Path file, SequencedMap<String, ColumnType> types, String source)
      throws SQLException {
    var select = new StringJoiner(", ", "SELECT count(*), ", source);
    select.setEmptyValue("SELECT count(*)" + source);
    for (var column : types.entrySet()) {
      String sql = DuckDb.identifier(column.getKey());
      String length = length(column.getValue(), sql);
      String bytes = bytes(column.getValue(), sql);
      if (!length.isEmpty()) {
        select.add("max(" + length + ")::DOUBLE, sum(" + length + ")::DOUBLE");
        select.add("max(" + bytes + ")::DOUBLE, sum(" + bytes + ")::DOUBLE");
      }
    }
    TableSize size = new TableSize(file);
    try (ResultSet row = database.query(select.toString())) {
      row.next();
      ParquetSize sizes = new ParquetSize(size, types, row.getLong(1));
      int place = 2;
      for (var column : types.entrySet()) {
        if (!length(column.getValue(), "").isEmpty()) {
          size.requireCell(column.getKey(), row.getDouble(place));
          size.requireCell(column.getKey(), row.getDouble(place + 2));
          var content = new Content(row.getDouble(place + 1), row.getDouble(place + 3));
          sizes.contents.put(column.getKey(), content);
          place += 4;
        }
      }
      size.requireRows(sizes.rows);
      return sizes;
    }
  }

  /** The elements of a cell that has any, as SQL; else empty. */
  private static String length(ColumnType type, String column) {
    return switch (type) {
      case INT, LONG, DOUBLE, BOOLEAN -> "";
      case TEXT -> "1";
      case INT_LIST, DOUBLE_LIST, TEXT_LIST -> "len(" + column + ")";
    };
  }

  /** The bytes of a cell's text, as SQL. */
  private static String bytes(ColumnType type, String column) {
    return switch (type) {
      case TEXT -> "strlen(" + column + ")";
      case TEXT_LIST -> "strlen(array_to_string(" + column + ", ''))";
      default -> "0";
    };
  }

  long rows() {
    return rows;
  }

  /**
   * Counts a column in.
   *
   * @param shared whether its texts are held once each
   */
  void add(String column, boolean shared) {
    ColumnType type = types.get(column);
    Content content = contents.getOrDefault(column, new Content(0, 0));
    size.add(rows * (double) TableSize.cell(type));
    if (!shared) {
      size.add(content.elements * TableSize.element(type) + content.bytes * Character.BYTES);
    }
  }

  /**
   * @throws dev.homolog.core.InputException the heap has no room for them
   */
  void require() {
    size.require();
  }
}
