package dev.homolog.analysis.table;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.tokens.TextFields;
import dev.homolog.core.tokens.TextTables;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/** Documents from the rows of Parquet tables, read through DuckDB and never held all at once. */
public final class ParquetText implements TextTables {
  /** The most bytes of a document, which is held whole. */
  private static final long LONGEST = 1L << 26;

  private static final String TEXT = "VARCHAR";
  private static final Set<String> NUMBERS =
      Set.of(
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "HUGEINT",
          "UTINYINT",
          "USMALLINT",
          "UINTEGER",
          "UBIGINT",
          "BOOLEAN");
  private static final String WHOLE = "check that the file is whole";

  /** A reader of tables. */
  public ParquetText() {}

  @Override
  public Rows open(Path file, TextFields fields) {
    try {
      TableFormat.PARQUET.require();
    } catch (HomologException e) {
      throw new InputException(
          file.toString(),
          "",
          "Parquet needs DuckDB's JDBC driver (duckdb_jdbc), which cannot be loaded here",
          "install it, or give .jsonl",
          e);
    }
    Path absolute = file.toAbsolutePath();
    DuckDb database = null;
    try {
      database = DuckDb.reading(absolute);
      return new Scan(file, fields, database, database.rowsOf(absolute));
    } catch (SQLException e) {
      close(database);
      throw unreadable(file, e);
    } catch (RuntimeException e) {
      close(database);
      throw e;
    }
  }

  private static void close(DuckDb database) {
    try {
      if (database != null) {
        database.close();
      }
    } catch (SQLException e) {
      // Nothing was written, and what was read is right.
    }
  }

  private static InputException unreadable(Path file, SQLException e) {
    return new InputException(
        file.toString(), "", "is not readable as Parquet (" + DuckDb.message(e) + ")", WHOLE, e);
  }

  /**
   * Where a subset's name may stand in a row.
   *
   * @param sql the value as text
   * @param inside the rest of the key, where the value is an object written into a string
   */
  private record Label(String sql, Optional<String> inside) {}

  /** The rows of one table. */
  private static final class Scan implements Rows {
    private final Path file;
    private final TextFields fields;
    private final DuckDb database;
    private final String source;
    private final List<Label> labels = new ArrayList<>();
    private final ResultSet rows;
    private long number;

    Scan(Path file, TextFields fields, DuckDb database, String source) throws SQLException {
      this.file = file;
      this.fields = fields;
      this.database = database;
      this.source = source;
      Map<String, String> columns = types("* EXCLUDE (file_row_number)");
      requireText(columns);
      for (String key : fields.subsetKeys()) {
        label(columns, "", key).ifPresent(labels::add);
      }
      if (fields.subset().isPresent() && labels.isEmpty()) {
        throw new InputException(
            file,
            fields.subset().get(),
            "no such column of text or integers; the columns are " + columns.keySet(),
            "name another with --subset-key");
      }
      String text = DuckDb.identifier(fields.text());
      var select = new StringJoiner(", ");
      select.add("file_row_number").add("strlen(" + text + ")");
      select.add("CASE WHEN strlen(" + text + ") <= " + LONGEST + " THEN " + text + " END");
      labels.forEach(label -> select.add(label.sql));
      this.rows = database.query("SELECT " + select + " FROM " + source);
    }

    private Map<String, String> types(String select) throws SQLException {
      Map<String, String> types = new LinkedHashMap<>();
      try (ResultSet found = database.query("DESCRIBE SELECT " + select + " FROM " + source)) {
        while (found.next()) {
          types.put(found.getString("column_name"), found.getString("column_type"));
        }
      }
      return types;
    }

    private void requireText(Map<String, String> columns) {
      String type = columns.get(fields.text());
      if (type == null) {
        throw new InputException(
            file,
            fields.text(),
            "no such column; the columns are " + columns.keySet(),
            "name the one that holds the text with --text-column");
      }
      if (!type.equals(TEXT)) {
        throw new InputException(
            file,
            fields.text(),
            "is " + type + ", not text",
            "name the column that holds the text with --text-column");
      }
    }

    /**
     * Where a key leads to.
     *
     * @param columns the columns of the table, or the fields of what {@code outer} is
     * @param outer what the fields are of, with a dot behind; empty for the table
     */
    private Optional<Label> label(Map<String, String> columns, String outer, String key)
        throws SQLException {
      for (Map.Entry<String, String> column : columns.entrySet()) {
        String sql = outer + DuckDb.identifier(column.getKey());
        String type = column.getValue();
        if (column.getKey().equals(key)) {
          boolean number = fields.subset().isPresent() && NUMBERS.contains(type);
          return type.equals(TEXT) || number
              ? Optional.of(new Label(sql + "::VARCHAR", Optional.empty()))
              : Optional.empty();
        }
        if (key.startsWith(column.getKey() + ".")) {
          String rest = key.substring(column.getKey().length() + 1);
          if (type.equals(TEXT) || type.equals("JSON")) {
            return Optional.of(new Label(sql + "::VARCHAR", Optional.of(rest)));
          }
          if (type.startsWith("STRUCT(") && type.endsWith(")")) {
            return label(types("unnest(" + sql + ")"), sql + ".", rest);
          }
        }
      }
      return Optional.empty();
    }

    @Override
    public Optional<Row> next() {
      try {
        if (!rows.next()) {
          return Optional.empty();
        }
        if (rows.getLong(1) != number) {
          throw new HomologException(
              file + ": DuckDB gave row " + rows.getLong(1) + " in place of row " + number);
        }
        long length = rows.getLong(2);
        if (rows.wasNull()) {
          throw refused("\"" + fields.text() + "\" is null", "leave such rows out");
        }
        if (length > LONGEST) {
          String problem = "a text of " + length + " bytes, more than " + LONGEST;
          throw refused(problem, "split the document, or give it as .jsonl");
        }
        String text = rows.getString(3);
        number++;
        return Optional.of(new Row(text, label()));
      } catch (SQLException e) {
        throw unreadable(file, e);
      }
    }

    private Optional<String> label() throws SQLException {
      for (int i = 0; i < labels.size(); i++) {
        String value = rows.getString(4 + i);
        if (value != null) {
          Optional<String> inside = labels.get(i).inside;
          Optional<String> found =
              inside.isPresent()
                  ? TextFields.inString(value, inside.get())
                  : TextFields.name(value);
          if (found.isPresent()) {
            return found;
          }
        }
      }
      return Optional.empty();
    }

    private InputException refused(String problem, String remedy) {
      return new InputException(file, "row " + number, problem, remedy);
    }

    @Override
    public void close() {
      ParquetText.close(database);
    }
  }
}
