package dev.homolog.analysis.table;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/**
 * A named table: typed columns of equal length, in memory, in a fixed order. Immutable, and so safe
 * for use by several threads. Arrays given to the builder or lent by a column of lists must not be
 * changed.
 *
 * {@snippet :
 * Table matches =
 *     Table.builder("matches").ints("layer", layers).doubles("correlation", r).build();
 * double best = matches.doubles("correlation").get(0);
 * }
 */
public final class Table {
  private static final int MOST_PRINTED = 1800;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");
  private static final Pattern COLUMN_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]*");

  private final String name;
  private final SequencedMap<String, Column> columns;
  private final int rows;

  private Table(String name, SequencedMap<String, Column> columns, int rows) {
    this.name = name;
    this.columns = columns;
    this.rows = rows;
  }

  /**
   * Starts a table.
   *
   * @param name the stem of its file: a lower-case letter, then lower-case letters, digits and _
   */
  public static Builder builder(String name) {
    return new Builder(checkName(name));
  }

  /**
   * Reads a table from a {@code .parquet} or {@code .csv} file; its name is the file's stem.
   *
   * <p>Parquet knows its types. In CSV they are inferred from all rows, conservatively. A column
   * with any quoted cell is TEXT. One of {@code true} and {@code false} is BOOLEAN. One of whole
   * numbers, without empty cells, is INT if all fit, else LONG. One of numbers and empty cells
   * (NaN) is DOUBLE unless a whole number in it is too large to be exact. Anything else is TEXT, as
   * is every column of a table without rows. A column without any value is DOUBLE, all NaN. Where
   * that is not enough, and for columns of lists, name the columns.
   *
   * @throws dev.homolog.core.InputException the file is absent, malformed, or of another kind
   * @throws dev.homolog.core.HomologException it is Parquet and DuckDB is not installed
   */
  public static Table read(Path file) {
    return readAny(file, null);
  }

  /**
   * Reads these columns and no others, in this order and as these types.
   *
   * @throws dev.homolog.core.InputException as {@link #read(Path)}, and where a column is missing
   *     or holds something else
   */
  public static Table read(Path file, SequencedMap<String, ColumnType> columns) {
    return readAny(file, columns);
  }

  private static Table readAny(Path file, SequencedMap<String, ColumnType> columns) {
    try (TableReader reader = TableReader.beside(file)) {
      return reader.read(file, columns, RowFilter.ALL);
    }
  }

  public String name() {
    return name;
  }

  /** Number of rows. */
  public int rows() {
    return rows;
  }

  /** The columns in order. */
  public List<Column> columns() {
    return List.copyOf(columns.values());
  }

  /** Column names and types in order; two tables of equal schema can be parts of one. */
  public SequencedMap<String, ColumnType> schema() {
    var schema = new LinkedHashMap<String, ColumnType>();
    columns.forEach((column, values) -> schema.put(column, values.type()));
    return Collections.unmodifiableSequencedMap(schema);
  }

  /**
   * The column of that name; each method below is the same for one type.
   *
   * @throws IllegalArgumentException there is none, or it is of another type
   */
  public Column column(String column) {
    Column existing = columns.get(column);
    if (existing == null) {
      throw new IllegalArgumentException(
          "table " + name + " has no column " + column + "; it has " + columns.keySet());
    }
    return existing;
  }

  public Column.Ints ints(String column) {
    return typed(column, ColumnType.INT, Column.Ints.class);
  }

  /** An INT column is given too, widened: a CSV file does not tell one from the other. */
  public Column.Longs longs(String column) {
    if (column(column) instanceof Column.Ints ints) {
      return new Column.Longs(column, Arrays.stream(ints.toArray()).asLongStream().toArray(), rows);
    }
    return typed(column, ColumnType.LONG, Column.Longs.class);
  }

  public Column.Doubles doubles(String column) {
    return typed(column, ColumnType.DOUBLE, Column.Doubles.class);
  }

  public Column.Booleans booleans(String column) {
    return typed(column, ColumnType.BOOLEAN, Column.Booleans.class);
  }

  public Column.Texts texts(String column) {
    return typed(column, ColumnType.TEXT, Column.Texts.class);
  }

  @SuppressWarnings("unchecked") // the column's type says what its arrays are
  public Column.Lists<int[]> intLists(String column) {
    return typed(column, ColumnType.INT_LIST, Column.Lists.class);
  }

  @SuppressWarnings("unchecked") // as above
  public Column.Lists<double[]> doubleLists(String column) {
    return typed(column, ColumnType.DOUBLE_LIST, Column.Lists.class);
  }

  @SuppressWarnings("unchecked") // as above
  public Column.Lists<String[]> textLists(String column) {
    return typed(column, ColumnType.TEXT_LIST, Column.Lists.class);
  }

  private <C extends Column> C typed(String column, ColumnType type, Class<C> as) {
    Column existing = column(column);
    if (existing.type() != type) {
      throw new IllegalArgumentException(
          "column " + column + " of table " + name + " is " + existing.type() + ", not " + type);
    }
    return as.cast(existing);
  }

  @Override
  public String toString() {
    String text = name + ": " + rows + " rows, columns " + schema();
    return text.length() <= MOST_PRINTED ? text : text.substring(0, MOST_PRINTED) + "…";
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  static boolean isColumnName(String name) {
    return COLUMN_NAME.matcher(name).matches();
  }

  /** The name, if a table can have it; else IllegalArgumentException. */
  public static String checkName(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException("a table cannot be named " + name);
    }
    return name;
  }

  /**
   * Builds a table from whole arrays, from columns that grow row by row, or from both. It keeps
   * arrays without a copy; the caller must not change them afterwards. The order of the calls is
   * the order of the columns. Used by one thread, once.
   */
  public static final class Builder {
    private final String name;
    private final Optional<TableSpec> declared;
    private final List<String> names = new ArrayList<>();
    private final List<Object> columns = new ArrayList<>(); // Column or Appender

    private Builder(String name) {
      this.name = name;
      this.declared = Optional.empty();
    }

    Builder(TableSpec declared) {
      this.name = declared.name();
      this.declared = Optional.of(declared);
    }

    public Builder ints(String column, int[] values) {
      return add(column, new Column.Ints(column, values, values.length));
    }

    public Builder longs(String column, long[] values) {
      return add(column, new Column.Longs(column, values, values.length));
    }

    public Builder doubles(String column, double[] values) {
      return add(column, new Column.Doubles(column, values, values.length));
    }

    public Builder booleans(String column, boolean[] values) {
      return add(column, new Column.Booleans(column, values, values.length));
    }

    /** A column of texts; null where there is none. */
    public Builder texts(String column, String[] values) {
      return add(column, new Column.Texts(column, values, values.length));
    }

    /**
     * A column of texts from a small dictionary.
     *
     * @param codes one a row: an index into the dictionary, or −1 for null
     * @throws IllegalArgumentException a code is outside the dictionary
     */
    public Builder texts(String column, int[] codes, String[] dictionary) {
      for (int code : codes) {
        if (code < -1 || code >= dictionary.length) {
          throw new IllegalArgumentException(
              "column " + column + ": code " + code + " outside -1 … " + (dictionary.length - 1));
        }
      }
      return add(column, new Column.Texts(column, codes, dictionary));
    }

    public Builder intLists(String column, int[][] values) {
      return lists(column, ColumnType.INT_LIST, values);
    }

    public Builder doubleLists(String column, double[][] values) {
      return lists(column, ColumnType.DOUBLE_LIST, values);
    }

    public Builder textLists(String column, String[][] values) {
      return lists(column, ColumnType.TEXT_LIST, values);
    }

    public Appender.Ints ints(String column) {
      return (Appender.Ints) appender(column, ColumnType.INT);
    }

    public Appender.Longs longs(String column) {
      return (Appender.Longs) appender(column, ColumnType.LONG);
    }

    public Appender.Doubles doubles(String column) {
      return (Appender.Doubles) appender(column, ColumnType.DOUBLE);
    }

    public Appender.Booleans booleans(String column) {
      return (Appender.Booleans) appender(column, ColumnType.BOOLEAN);
    }

    public Appender.Texts texts(String column) {
      return (Appender.Texts) appender(column, ColumnType.TEXT);
    }

    @SuppressWarnings("unchecked") // made as this just now
    public Appender.Lists<int[]> intLists(String column) {
      return (Appender.Lists<int[]>) appender(column, ColumnType.INT_LIST);
    }

    @SuppressWarnings("unchecked") // as above
    public Appender.Lists<double[]> doubleLists(String column) {
      return (Appender.Lists<double[]>) appender(column, ColumnType.DOUBLE_LIST);
    }

    @SuppressWarnings("unchecked") // as above
    public Appender.Lists<String[]> textLists(String column) {
      return (Appender.Lists<String[]>) appender(column, ColumnType.TEXT_LIST);
    }

    Appender appender(String column, ColumnType type) {
      return appender(Appender.of(column, type));
    }

    Appender appender(Appender appender) {
      add(appender.name, appender.type(), appender);
      return appender;
    }

    /**
     * The table.
     *
     * @throws IllegalStateException there is no column, one that is declared is missing, or the
     *     columns differ in length; the message names both lengths
     */
    public Table build() {
      if (columns.isEmpty()) {
        throw new IllegalStateException("table " + name + " has no column");
      }
      var built = new LinkedHashMap<String, Column>();
      for (Object column : columns) {
        Column done = column instanceof Appender appender ? appender.build() : (Column) column;
        built.put(done.name(), done);
      }
      declared.ifPresent(spec -> arrange(built, spec));
      Column first = built.firstEntry().getValue();
      for (Column column : built.values()) {
        if (column.size() != first.size()) {
          throw new IllegalStateException(
              "table "
                  + name
                  + (": column " + first.name() + " has " + first.size() + " rows")
                  + (", column " + column.name() + " has " + column.size()));
        }
      }
      return new Table(name, Collections.unmodifiableSequencedMap(built), first.size());
    }

    private static void arrange(SequencedMap<String, Column> built, TableSpec spec) {
      for (ColumnSpec column : spec.columns()) {
        if (!built.containsKey(column.name())) {
          throw new IllegalStateException(
              "table " + spec.name() + " lacks its column " + column.name());
        }
        built.putLast(column.name(), built.get(column.name()));
      }
    }

    private <A> Builder lists(String column, ColumnType type, A[] values) {
      for (A value : values) {
        Objects.requireNonNull(value, column);
      }
      return add(column, new Column.Lists<>(column, type, values, values.length));
    }

    private Builder add(String column, Column values) {
      return add(column, values.type(), values);
    }

    /** Names differ in more than case, since Parquet's readers ignore it. */
    private Builder add(String column, ColumnType type, Object values) {
      if (declared.isPresent() && declared.get().require(column).type() != type) {
        throw new IllegalArgumentException(
            "column "
                + column
                + (" of table " + name + " is declared as ")
                + (declared.get().require(column).type() + ", not " + type));
      }
      if (column.isEmpty() || names.contains(column.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException("table " + name + " cannot have a column " + column);
      }
      names.add(column.toLowerCase(Locale.ROOT));
      columns.add(values);
      return this;
    }
  }
}
