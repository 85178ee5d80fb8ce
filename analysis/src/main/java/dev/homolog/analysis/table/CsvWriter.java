package dev.homolog.analysis.table;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.dataformat.csv.CsvFactory;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/** Writes tables as {@link TableFormat#CSV} describes. Stateless. */
final class CsvWriter {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final Pattern SPECIAL = Pattern.compile("[\",\r\n]");
  private static final CsvFactory FACTORY =
      CsvFactory.builder().enable(CsvGenerator.Feature.ALWAYS_QUOTE_STRINGS).build();

  private CsvWriter() {}

  static void write(Path file, Iterator<Table> parts) throws IOException {
    Table first = parts.next();
    // A stream writer puts ? for half a surrogate pair, as DuckDB does, where Jackson's would fail.
    try (var out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES);
        var writer = new OutputStreamWriter(out, StandardCharsets.UTF_8)) {
      writeHeader(writer, first);
      try (CsvGenerator csv = FACTORY.createGenerator(writer)) {
        csv.setSchema(schema(first));
        writeRows(csv, first);
        while (parts.hasNext()) {
          writeRows(csv, parts.next());
        }
      }
    }
  }

  /** Names are quoted only where they must be. */
  private static void writeHeader(Writer writer, Table table) throws IOException {
    var line = new StringJoiner(",", "", "\n");
    for (Column column : table.columns()) {
      String name = column.name();
      boolean special = SPECIAL.matcher(name).find();
      line.add(special ? '"' + name.replace("\"", "\"\"") + '"' : name);
    }
    writer.write(line.toString());
  }

  private static CsvSchema schema(Table table) {
    var schema = CsvSchema.builder().setLineSeparator('\n');
    table.columns().forEach(column -> schema.addColumn(column.name()));
    return schema.build();
  }

  private static void writeRows(CsvGenerator csv, Table table) throws IOException {
    var columns = table.columns().toArray(Column[]::new);
    for (int row = 0; row < table.rows(); row++) {
      csv.writeStartArray();
      for (Column column : columns) {
        writeCell(csv, column, row);
      }
      csv.writeEndArray();
    }
  }

  private static void writeCell(JsonGenerator csv, Column column, int row) throws IOException {
    switch (column) {
      case Column.Ints ints -> csv.writeNumber(ints.get(row));
      case Column.Longs longs -> csv.writeNumber(longs.get(row));
      case Column.Doubles doubles -> {
        double value = doubles.get(row);
        if (Double.isNaN(value)) {
          csv.writeNull();
        } else {
          csv.writeNumber(value);
        }
      }
      case Column.Booleans booleans -> csv.writeBoolean(booleans.get(row));
      case Column.Texts texts -> csv.writeString(texts.get(row)); // null becomes writeNull
      case Column.Lists<?> lists -> csv.writeString(json(lists.get(row)));
    }
  }

  /** An array as JSON; null stands for NaN, and strings such as "Infinity" for the infinite. */
  private static String json(Object array) {
    var json = new StringJoiner(",", "[", "]");
    switch (array) {
      case int[] values -> {
        for (int value : values) {
          json.add(Integer.toString(value));
        }
      }
      case double[] values -> {
        for (double value : values) {
          String text = Double.toString(value);
          json.add(Double.isFinite(value) ? text : Double.isNaN(value) ? "null" : '"' + text + '"');
        }
      }
      case String[] values -> {
        var encoder = JsonStringEncoder.getInstance();
        for (String value : values) {
          json.add(value == null ? "null" : '"' + new String(encoder.quoteAsString(value)) + '"');
        }
      }
      default -> throw new AssertionError(array.getClass());
    }
    return json.toString();
  }
}
