package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.Table;
import java.io.IOException;

/** A table of few rows as an object of arrays, one a column. */
final class SmallTable {
  private SmallTable() {}

  /** Writes some rows of a table. */
  static void write(JsonGenerator json, Table table, int[] rows) throws IOException {
    json.writeStartObject();
    for (Column column : table.columns()) {
      json.writeArrayFieldStart(column.name());
      for (int row : rows) {
        cell(json, column, row);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  /** Writes all values of a column. */
  static void cells(JsonGenerator json, Column column) throws IOException {
    for (int row = 0; row < column.size(); row++) {
      cell(json, column, row);
    }
  }

  private static void cell(JsonGenerator json, Column column, int row) throws IOException {
    switch (column) {
      case Column.Ints ints -> json.writeNumber(ints.get(row));
      case Column.Longs longs -> json.writeNumber(longs.get(row));
      case Column.Doubles doubles -> Packed.number(json, Rounded.of(doubles.get(row)));
      case Column.Booleans flags -> json.writeBoolean(flags.get(row));
      case Column.Texts texts -> json.writeString(texts.get(row));
      case Column.Lists<?> lists -> list(json, lists.get(row));
    }
  }

  private static void list(JsonGenerator json, Object list) throws IOException {
    json.writeStartArray();
    switch (list) {
      case int[] values -> {
        for (int value : values) {
          json.writeNumber(value);
        }
      }
      case double[] values -> {
        for (double value : values) {
          Packed.number(json, Rounded.of(value));
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
