package dev.homolog.analysis.table;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;

/**
 * Writes and reads Parquet through DuckDB. Stateless. Every method may throw {@link LinkageError}
 * where DuckDB is not installed.
 */
final class ParquetTables {
  private static final int MOST_TEXTS = 1 << 12; // of a dictionary

  private ParquetTables() {}

  /** Opens DuckDB and closes it again. */
  static void probe(Path folder) throws SQLException {
    DuckDb.open(folder).close();
  }

  /** As {@link TableFormat#write}; rows keep their order. */
  static void write(Path file, Iterator<Table> parts) throws IOException {
    Path absolute = file.toAbsolutePath();
    try (var database = DuckDb.open(absolute.getParent())) {
      Table first = parts.next();
      database.execute("CREATE TABLE rows (" + definition(first) + ")");
      try (DuckDBAppender rows = database.appender("rows")) {
        append(rows, first);
        while (parts.hasNext()) {
          append(rows, parts.next());
        }
      }
      database.execute(
          "COPY rows TO "
              + DuckDb.literal(absolute.toString())
              + " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)");
    } catch (SQLException e) {
      throw new IOException(DuckDb.message(e), e);
    }
  }

  private static String definition(Table table) {
    var definition = new StringJoiner(", ");
    for (Column column : table.columns()) {
      definition.add(DuckDb.identifier(column.name()) + " " + sqlType(column.type()));
    }
    return definition.toString();
  }

  private static void append(DuckDBAppender rows, Table table) throws SQLException {
    var columns = table.columns().toArray(Column[]::new);
    for (int row = 0; row < table.rows(); row++) {
      rows.beginRow();
      for (Column column : columns) {
        append(rows, column, row);
      }
      rows.endRow();
    }
  }

  private static void append(DuckDBAppender rows, Column column, int row) throws SQLException {
    switch (column) {
      case Column.Ints ints -> rows.append(ints.get(row));
      case Column.Longs longs -> rows.append(longs.get(row));
      case Column.Doubles doubles -> rows.append(doubles.get(row));
      case Column.Booleans booleans -> rows.append(booleans.get(row));
      case Column.Texts texts -> {
        String text = texts.get(row);
        if (text == null) {
          rows.appendNull();
        } else {
          rows.append(text);
        }
      }
      case Column.Lists<?> lists -> {
        switch (lists.get(row)) {
          case int[] values -> rows.append(values);
          case double[] values -> rows.append(values);
          case String[] values -> rows.append(Arrays.asList(values));
          default -> throw new AssertionError(lists.type());
        }
      }
    }
  }

  /** As {@link TableFormat#read}. */
  static Table read(
      Path file, String name, SequencedMap<String, ColumnType> columns, RowFilter filter) {
    try (var database = DuckDb.reading(file.toAbsolutePath())) {
      String rows = database.rowsOf(file.toAbsolutePath());
      SequencedMap<String, ColumnType> held = types(database, file, rows);
      SequencedMap<String, ColumnType> wanted = columns == null ? held : columns;
      wanted.forEach((column, type) -> check(file, held, column, type));
      return read(database, file, name, wanted, " FROM " + rows + where(file, held, filter));
    } catch (SQLException e) {
      throw unreadable(file, e);
    }
  }

  /** As {@link TableFormat#find}. */
  static Optional<Table> find(
      Path file, String name, SequencedMap<String, ColumnType> columns, RowFilter filter) {
    try (var database = DuckDb.reading(file.toAbsolutePath())) {
      String rows = database.rowsOf(file.toAbsolutePath());
      SequencedMap<String, ColumnType> fileTypes = types(database, file, rows);
      if (!fileTypes.keySet().containsAll(columns.keySet())) {
        return Optional.empty();
      }
      columns.forEach((column, type) -> check(file, fileTypes, column, type));
      String source = " FROM " + rows + where(file, fileTypes, filter);
      return Optional.of(read(database, file, name, columns, source));
    } catch (SQLException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * The rows of a source, in the order of the file. DuckDB promises none that is not asked for: of
   * a condition with many values it makes a join, whose rows come as its threads find them.
   *
   * @param source what follows SELECT: FROM and WHERE
   */
  private static Table read(
      DuckDb database,
      Path file,
      String name,
      SequencedMap<String, ColumnType> expectedTypes,
      String source)
      throws SQLException {
    var size = ParquetSize.of(database, file, expectedTypes, source);
    var builder = Table.builder(name);
    List<Appender> appenders = new ArrayList<>();
    var select = new StringJoiner(", ");
    for (var column : expectedTypes.entrySet()) {
      String sql = DuckDb.identifier(column.getKey());
      String[] dictionary =
          column.getValue() == ColumnType.TEXT ? dictionary(database, sql, source) : null;
      size.add(column.getKey(), dictionary != null);
      appenders.add(
          builder.appender(
              dictionary == null
                  ? Appender.of(column.getKey(), column.getValue())
                  : new Appender.Codes(column.getKey(), dictionary)));
      select.add(dictionary == null ? sql : "enum_code(" + sql + "::" + enumOf(sql) + ")::INTEGER");
    }
    size.require();
    String ordered = "SELECT " + select + source + " ORDER BY file_row_number";
    try (ResultSet rows = database.query(ordered)) {
      while (rows.next()) {
        for (int i = 0; i < appenders.size(); i++) {
          read(file, rows, i + 1, appenders.get(i));
        }
      }
    }
    return builder.build();
  }

  private static InputException unreadable(Path file, SQLException e) {
    return new InputException(
        file.toString(),
        "",
        "is not readable as Parquet (" + DuckDb.message(e) + ")",
        CsvScanner.REMEDY,
        e);
  }

  /** The conditions as SQL; the database skips row groups of the file that cannot match. */
  private static String where(Path file, Map<String, ColumnType> fileTypes, RowFilter rows) {
    List<String> conditions = new ArrayList<>(List.of("file_row_number < " + rows.most()));
    for (RowFilter.Range range : rows.ranges()) {
      check(file, fileTypes, range.column(), ColumnType.INT);
      conditions.add(
          DuckDb.identifier(range.column()) + " BETWEEN " + range.low() + " AND " + range.high());
    }
    for (RowFilter.Same same : rows.sames()) {
      check(file, fileTypes, same.column(), ColumnType.TEXT);
      conditions.add(DuckDb.identifier(same.column()) + " = " + DuckDb.literal(same.text()));
    }
    for (RowFilter.Among among : rows.amongs()) {
      check(file, fileTypes, RowFilter.Among.LAYER, ColumnType.INT);
      check(file, fileTypes, RowFilter.Among.NEURON, ColumnType.INT);
      String flat =
          "("
              + DuckDb.identifier(RowFilter.Among.LAYER)
              + "::BIGINT * "
              + among.width()
              + " + "
              + DuckDb.identifier(RowFilter.Among.NEURON)
              + ")";
      conditions.add(
          among.neurons().isEmpty()
              ? "false"
              : among.neurons().stream()
                  .mapToObj(String::valueOf)
                  .collect(Collectors.joining(", ", flat + " IN (", ")")));
    }
    return " WHERE " + String.join(" AND ", conditions);
  }

  private static SequencedMap<String, ColumnType> types(DuckDb database, Path file, String source)
      throws SQLException {
    var types = new LinkedHashMap<String, ColumnType>();
    try (ResultSet rows =
        database.query("DESCRIBE SELECT * EXCLUDE (file_row_number) FROM " + source)) {
      while (rows.next()) {
        if (types.size() == TableSize.MOST_COLUMNS) {
          throw foreign(file, "", "has more than " + TableSize.MOST_COLUMNS + " columns");
        }
        String sql = rows.getString("column_type");
        String column = rows.getString("column_name");
        types.put(
            column,
            Arrays.stream(ColumnType.values())
                .filter(type -> sqlType(type).equals(sql))
                .findFirst()
                .orElseThrow(
                    () -> foreign(file, column, "is " + sql + ", which no table here is")));
      }
    }
    return types;
  }

  private static void check(
      Path file, Map<String, ColumnType> fileTypes, String column, ColumnType expectedType) {
    ColumnType type = fileTypes.get(column);
    if (type == null) {
      throw foreign(file, column, "is missing, the columns are " + fileTypes.keySet());
    }
    if (type != expectedType) {
      throw foreign(file, column, "is " + type + ", not " + expectedType);
    }
  }

  /**
   * The distinct texts of a column, made an enum type of the database too, or null where there are
   * none or many. A text takes the driver fifty times as long as a number.
   */
  private static String[] dictionary(DuckDb database, String column, String source)
      throws SQLException {
    String distinct = "SELECT DISTINCT " + column + source + " AND " + column + " IS NOT NULL";
    int size;
    try (ResultSet count =
        database.query("SELECT count(*) FROM (" + distinct + " LIMIT " + (MOST_TEXTS + 1) + ")")) {
      count.next();
      size = count.getInt(1);
    }
    if (size == 0 || size > MOST_TEXTS) {
      return null;
    }
    database.execute("CREATE TYPE " + enumOf(column) + " AS ENUM (" + distinct + ")");
    var texts = new ArrayList<String>();
    try (ResultSet rows =
        database.query("SELECT unnest(enum_range(NULL::" + enumOf(column) + "))::VARCHAR")) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts.toArray(String[]::new);
  }

  private static String enumOf(String column) {
    return "\"texts of " + column.substring(1);
  }

  private static void read(Path file, ResultSet rows, int index, Appender appender)
      throws SQLException {
    switch (appender) {
      case Appender.Ints ints -> ints.add(rows.getInt(index));
      case Appender.Longs longs -> longs.add(rows.getLong(index));
      case Appender.Doubles doubles -> {
        double value = rows.getDouble(index);
        doubles.add(rows.wasNull() ? Double.NaN : value);
        return;
      }
      case Appender.Booleans booleans -> booleans.add(rows.getBoolean(index));
      case Appender.Texts texts -> {
        texts.addShared(rows.getString(index));
        return;
      }
      case Appender.Codes codes -> {
        int code = rows.getInt(index);
        codes.add(rows.wasNull() ? -1 : code);
        return;
      }
      case Appender.Lists<?> lists -> {
        java.sql.Array array = rows.getArray(index);
        if (array != null && !addList(lists, (Object[]) array.getArray())) {
          throw foreign(file, appender.name, "has a null in a list of row " + (appender.size + 1));
        }
      }
    }
    if (rows.wasNull()) {
      throw foreign(file, appender.name, "has a null in row " + appender.size);
    }
  }

  /** Adds a list; false where it holds a null that its type does not. */
  @SuppressWarnings("unchecked") // the appender was made for the type
  private static boolean addList(Appender.Lists<?> appender, Object[] values) {
    switch (appender.type()) {
      case INT_LIST -> {
        if (Arrays.asList(values).contains(null)) {
          return false;
        }
        ((Appender.Lists<int[]>) appender)
            .add(Arrays.stream(values).mapToInt(value -> (Integer) value).toArray());
      }
      case DOUBLE_LIST ->
          ((Appender.Lists<double[]>) appender)
              .add(
                  Arrays.stream(values)
                      .mapToDouble(value -> value == null ? Double.NaN : (Double) value)
                      .toArray());
      default ->
          ((Appender.Lists<String[]>) appender)
              .add(Arrays.copyOf(values, values.length, String[].class));
    }
    return true;
  }

  private static InputException foreign(Path file, String column, String problem) {
    return new InputException(file, column, problem, CsvScanner.REMEDY);
  }

  private static String sqlType(ColumnType type) {
    return switch (type) {
      case INT -> "INTEGER";
      case LONG -> "BIGINT";
      case DOUBLE -> "DOUBLE";
      case BOOLEAN -> "BOOLEAN";
      case TEXT -> "VARCHAR";
      case INT_LIST -> "INTEGER[]";
      case DOUBLE_LIST -> "DOUBLE[]";
      case TEXT_LIST -> "VARCHAR[]";
    };
  }
}
