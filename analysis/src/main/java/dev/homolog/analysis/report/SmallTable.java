package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.Table;
import java.io.IOException;

/** A table of few rows as an object of arrays, one a column. */
final class SmallTable {
  /** Significant digits of a column that nobody declared. */
  private static final int DIGITS = 4;

  private SmallTable() {}

  /** Writes some rows of a table. */
  static void write(JsonGenerator json, Table table, int[] rows) throws IOException {
    json.writeStartObject();
    for (Column column : table.columns()) {
      int digits =
          Declared.find(table.name(), column.name()).map(ColumnSpec::digits).orElse(DIGITS);
      json.writeArrayFieldStart(column.name());
      for (int row : rows) {
        cell(json, column, row, digits);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private static void cell(JsonGenerator json, Column column, int row, int digits)
      throws IOException {
    switch (column) {
      case Column.Ints ints -> json.writeNumber(ints.get(row));
      case Column.Longs longs -> json.writeNumber(longs.get(row));
      case Column.Doubles doubles ->
          Packed.number(json, Rounded.declared(doubles.get(row), digits));
      case Column.Booleans flags -> json.writeBoolean(flags.get(row));
      case Column.Texts texts -> json.writeString(texts.get(row));
      case Column.Lists<?> lists -> list(json, lists.get(row), digits);
    }
  }

  private static void list(JsonGenerator json, Object list, int digits) throws IOException {
    json.writeStartArray();
    switch (list) {
      case int[] values -> {
        for (int value : values) {
          json.writeNumber(value);
        }
      }
      case double[] values -> {
        for (double value : values) {
          Packed.number(json, Rounded.declared(value, digits));
        }
      }
      case String[] values -> {
        for (String value : values) {
          json.writeString(value);
        }
      }
      default -> throw new AssertionError(list.getClass());
    }
    json.writeEndArray();
  }
}
