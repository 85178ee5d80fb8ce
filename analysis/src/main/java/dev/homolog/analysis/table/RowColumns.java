package dev.homolog.analysis.table;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Columns that are declared together with the value that each takes from a row. So a value cannot
 * get into a wrong column. Immutable.
 *
 * {@snippet :
 * static final RowColumns<Point> COLUMNS =
 *     RowColumns.<Point>none()
 *         .doubles(ColumnSpec.doubles("share", "share", "of the text that was read"), Point::share)
 *         .longs(ColumnSpec.longs("tokens", "tokens", "read by then"), Point::tokens);
 * }
 *
 * @param <R> the row
 */
public final class RowColumns<R> {
  /** A column and how a table gets its values. */
  private record Bound<R>(ColumnSpec spec, Values<R> values) {}

  private interface Values<R> {
    void add(Table.Builder table, String column, List<R> rows);
  }

  private final List<Bound<R>> columns;

  private RowColumns(List<Bound<R>> columns) {
    this.columns = columns;
  }

  /** No columns, to begin with; each method below gives one more. */
  public static <R> RowColumns<R> none() {
    return new RowColumns<>(List.of());
  }

  public RowColumns<R> ints(ColumnSpec spec, ToIntFunction<? super R> value) {
    return with(
        spec,
        ColumnType.INT,
        (table, column, rows) -> table.ints(column, rows.stream().mapToInt(value).toArray()));
  }

  public RowColumns<R> longs(ColumnSpec spec, ToLongFunction<? super R> value) {
    return with(
        spec,
        ColumnType.LONG,
        (table, column, rows) -> table.longs(column, rows.stream().mapToLong(value).toArray()));
  }

  public RowColumns<R> doubles(ColumnSpec spec, ToDoubleFunction<? super R> value) {
    return with(
        spec,
        ColumnType.DOUBLE,
        (table, column, rows) -> table.doubles(column, rows.stream().mapToDouble(value).toArray()));
  }

  public RowColumns<R> booleans(ColumnSpec spec, Predicate<? super R> value) {
    return with(
        spec,
        ColumnType.BOOLEAN,
        (table, column, rows) -> {
          boolean[] values = new boolean[rows.size()];
          IntStream.range(0, values.length).forEach(i -> values[i] = value.test(rows.get(i)));
          table.booleans(column, values);
        });
  }

  /** A column of texts; null where there is none. */
  public RowColumns<R> texts(ColumnSpec spec, Function<? super R, String> value) {
    return with(
        spec,
        ColumnType.TEXT,
        (table, column, rows) ->
            table.texts(column, rows.stream().map(value).toArray(String[]::new)));
  }

  /** A column of lists of numbers, which the table takes over. */
  public RowColumns<R> doubleLists(ColumnSpec spec, Function<? super R, double[]> value) {
    return with(
        spec,
        ColumnType.DOUBLE_LIST,
        (table, column, rows) ->
            table.doubleLists(column, rows.stream().map(value).toArray(double[][]::new)));
  }

  /** These columns, and then others. */
  public RowColumns<R> and(RowColumns<R> others) {
    var more = new ArrayList<>(columns);
    more.addAll(others.columns);
    return new RowColumns<>(List.copyOf(more));
  }

  /** What is declared, in order. */
  public List<ColumnSpec> specs() {
    return columns.stream().map(Bound::spec).toList();
  }

  /** Adds the columns to a table, a row an element. */
  public void addTo(Table.Builder table, List<R> rows) {
    columns.forEach(column -> column.values().add(table, column.spec().name(), rows));
  }

  private RowColumns<R> with(ColumnSpec spec, ColumnType type, Values<R> values) {
    if (spec.type() != type) {
      throw new IllegalArgumentException(
          "column " + spec.name() + " is declared as " + spec.type() + ", not " + type);
    }
    var more = new ArrayList<>(columns);
    more.add(new Bound<>(spec, values));
    return new RowColumns<>(List.copyOf(more));
  }
}
