package dev.homolog.analysis.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.NumberInput;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.core.InputException;
import dev.homolog.core.file.NewFile;
import java.io.IOException;
import java.nio.CharBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Reads a CSV file into a table; one instance a file, used by one thread. Without types given it
 * scans the file twice, first for the types.
 */
final class CsvReader {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> INFINITIES = List.of("Infinity", "-Infinity");

  private final Path file;

  private CsvReader(Path file) {
    this.file = file;
  }

  static Table read(
      Path file, String name, SequencedMap<String, ColumnType> columns, RowFilter rows) {
    try {
      var reader = new CsvReader(file);
      return reader.read(name, columns == null ? reader.infer(rows) : columns, rows);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** As {@link TableReader#find}. */
  static Optional<Table> find(
      Path file, String name, SequencedMap<String, ColumnType> columns, RowFilter rows) {
    try (var scanner = new CsvScanner(file)) {
      var reader = new CsvReader(file);
      return reader.header(scanner).containsAll(columns.keySet())
          ? Optional.of(reader.read(name, columns, rows))
          : Optional.empty();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static InputException unreadable(Path file, IOException e) {
    return new InputException(
        file.toString(), "", "cannot be read: " + NewFile.reason(e), CsvScanner.REMEDY, e);
  }

  private SequencedMap<String, ColumnType> infer(RowFilter rows) throws IOException {
    try (var scanner = new CsvScanner(file)) {
      List<String> names = header(scanner);
      var types = new CsvTypes[names.size()];
      for (int i = 0; i < types.length; i++) {
        types[i] = new CsvTypes();
      }
      while (scanner.row <= rows.most() && scanner.next()) {
        for (int i = 0; i < types.length; i++) {
          cell(scanner, i, types.length);
          types[i].see(scanner.cell, scanner.length, scanner.quoted);
        }
      }
      var inferred = new LinkedHashMap<String, ColumnType>();
      for (int i = 0; i < types.length; i++) {
        inferred.put(names.get(i), types[i].type());
      }
      return inferred;
    }
  }

  private Table read(String name, SequencedMap<String, ColumnType> columns, RowFilter rows)
      throws IOException {
    try (var scanner = new CsvScanner(file)) {
      List<String> names = header(scanner);
      var builder = Table.builder(name);
      var appenders = new Appender[names.size()]; // null where the column is not asked for
      columns.forEach(
          (column, type) -> appenders[place(names, column)] = builder.appender(column, type));
      CsvCondition condition = CsvCondition.of(rows, column -> place(names, column));
      TableSize size = new TableSize(file);
      while (scanner.row <= rows.most() && scanner.next()) {
        double bytes = 0;
        for (int i = 0; i < appenders.length; i++) {
          cell(scanner, i, appenders.length);
          if (appenders[i] != null) {
            bytes += append(scanner, appenders[i]);
          }
          if (condition.watches(i)) {
            condition.see(i, text(scanner));
          }
        }
        if (condition.met()) {
          size.add(bytes);
          size.require();
        } else {
          for (Appender appender : appenders) {
            if (appender != null) {
              appender.undo();
            }
          }
        }
      }
      return builder.build();
    }
  }

  private int place(List<String> names, String column) {
    int index = names.indexOf(column);
    if (index < 0) {
      throw new InputException(
          file, column, "is missing, the columns are " + names, CsvScanner.REMEDY);
    }
    return index;
  }

  private List<String> header(CsvScanner scanner) throws IOException {
    var names = new ArrayList<String>();
    if (!scanner.next()) {
      throw new InputException(file, "", "is empty", CsvScanner.REMEDY);
    }
    names.add(scanner.text());
    while (!scanner.last) {
      scanner.next();
      names.add(scanner.text());
      if (names.size() > TableSize.MOST_COLUMNS) {
        throw scanner.malformed("has more than " + TableSize.MOST_COLUMNS + " columns");
      }
    }
    var distinct = new HashSet<String>();
    names.forEach(name -> distinct.add(name.toLowerCase(Locale.ROOT)));
    if (distinct.size() < names.size() || names.contains("")) {
      throw scanner.malformed("names a column twice or not at all");
    }
    return names;
  }

  /** Moves to cell {@code index} of the row, checking that the row has {@code count}. */
  private static void cell(CsvScanner scanner, int index, int count) throws IOException {
    if (index > 0) {
      scanner.next();
    }
    if (scanner.last != (index == count - 1)) {
      throw scanner.malformed("does not have the " + count + " cells of the header");
    }
  }

  /** Appends the cell, and says what it takes of the heap. */
  private static double append(CsvScanner scanner, Appender appender) {
    double content = 0;
    switch (appender) {
      case Appender.Ints ints -> ints.add((int) integer(scanner, appender, Integer.MAX_VALUE));
      case Appender.Longs longs -> longs.add(integer(scanner, appender, Long.MAX_VALUE));
      case Appender.Doubles doubles -> doubles.add(number(scanner, appender));
      case Appender.Booleans booleans -> booleans.add(truth(scanner, appender));
      case Appender.Texts texts -> {
        if (texts.addShared(text(scanner))) {
          content = TableSize.element(ColumnType.TEXT) + 2.0 * scanner.length;
        }
      }
      case Appender.Lists<?> lists -> {
        content = (double) list(scanner, lists) * TableSize.element(lists.type());
        if (lists.type() == ColumnType.TEXT_LIST) {
          content += 2.0 * scanner.length;
        }
      }
      case Appender.Codes codes -> throw new AssertionError(codes.name);
    }
    return TableSize.cell(appender.type()) + content;
  }

  /** A whole number in −max − 1 … max. */
  private static long integer(CsvScanner scanner, Appender column, long max) {
    try {
      if (!scanner.quoted) {
        long value = Long.parseLong(CharBuffer.wrap(scanner.cell), 0, scanner.length, 10);
        if (value <= max && value >= -max - 1) {
          return value;
        }
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw refused(scanner, column, "a whole number");
  }

  private static double number(CsvScanner scanner, Appender column) {
    if (scanner.length == 0 && !scanner.quoted) {
      return Double.NaN;
    }
    if (scanner.quoted || !CsvTypes.isNumber(scanner.cell, scanner.length)) {
      throw refused(scanner, column, "a number");
    }
    return NumberInput.parseDouble(scanner.text(), true);
  }

  private static boolean truth(CsvScanner scanner, Appender column) {
    if (scanner.quoted || !CsvTypes.isTruth(scanner.cell, scanner.length)) {
      throw refused(scanner, column, "true or false");
    }
    return scanner.length == 4;
  }

  private static String text(CsvScanner scanner) {
    return scanner.length == 0 && !scanner.quoted ? null : scanner.text();
  }

  /** Appends a list and returns its length. */
  @SuppressWarnings("unchecked") // the appender was made for the type
  private static int list(CsvScanner scanner, Appender.Lists<?> appender) {
    try {
      JsonNode array = JSON.readTree(scanner.text());
      switch (appender.type()) {
        case INT_LIST -> ((Appender.Lists<int[]>) appender).add(ints(array));
        case DOUBLE_LIST -> ((Appender.Lists<double[]>) appender).add(doubles(array));
        default -> ((Appender.Lists<String[]>) appender).add(texts(array));
      }
      return array.size();
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw refused(scanner, appender, "an array of its type");
    }
  }

  private static int[] ints(JsonNode array) {
    var values = new int[checkedSize(array)];
    for (int i = 0; i < values.length; i++) {
      check(array.get(i).isInt());
      values[i] = array.get(i).intValue();
    }
    return values;
  }

  private static double[] doubles(JsonNode array) {
    var values = new double[checkedSize(array)];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = array.get(i);
      String text = value.asText();
      check(value.isNumber() || value.isNull() || INFINITIES.contains(text));
      values[i] = value.isNull() ? Double.NaN : Double.parseDouble(text);
    }
    return values;
  }

  private static String[] texts(JsonNode array) {
    var values = new String[checkedSize(array)];
    for (int i = 0; i < values.length; i++) {
      check(array.get(i).isTextual() || array.get(i).isNull());
      values[i] = array.get(i).textValue();
    }
    return values;
  }

  private static int checkedSize(JsonNode array) {
    check(array.isArray());
    return array.size();
  }

  private static void check(boolean fits) {
    if (!fits) {
      throw new IllegalArgumentException("not an array of the type");
    }
  }

  private static InputException refused(CsvScanner scanner, Appender column, String expected) {
    String text = scanner.text();
    String shown = text.length() > 40 ? text.substring(0, 40) + "…" : text;
    return scanner.malformed("column " + column.name + " is \"" + shown + "\", not " + expected);
  }
}
