package dev.homolog.analysis.table;

import dev.homolog.core.Brief;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A table as it is declared: its name and its columns in order. Immutable.
 *
 * {@snippet :
 * static final TableSpec DEPTHS =
 *     TableSpec.of("depths", "a row a layer, other model and layer there", List.of(
 *         ColumnSpec.ints("layer", "layer", "layer of the reference"),
 *         ColumnSpec.texts("other", "model", "the other model")));
 *
 * Table.Builder table = DEPTHS.builder();
 * var other = table.texts("other");
 * }
 *
 * @param name the stem of its file
 * @param meaning what a row is
 */
public record TableSpec(String name, String meaning, List<ColumnSpec> columns) {
  /**
   * @throws IllegalArgumentException the name is no name, there is no column, or two have names
   *     that differ in no more than case
   */
  public TableSpec {
    Table.checkName(name);
    columns = List.copyOf(columns);
    long names =
        columns.stream().map(column -> column.name().toLowerCase(Locale.ROOT)).distinct().count();
    if (columns.isEmpty() || names < columns.size()) {
      throw new IllegalArgumentException("table " + name + " names a column twice, or none");
    }
  }

  /** Declares a table whose columns stand in several groups, in this order. */
  @SafeVarargs
  public static TableSpec of(String name, String meaning, List<ColumnSpec>... groups) {
    List<ColumnSpec> columns = new ArrayList<>();
    for (List<ColumnSpec> group : groups) {
      columns.addAll(group);
    }
    return new TableSpec(name, meaning, columns);
  }

  /** The same, with so many significant digits in every column. */
  public TableSpec digits(int significant) {
    return new TableSpec(
        name, meaning, columns.stream().map(column -> column.digits(significant)).toList());
  }

  /**
   * Starts a table that must come out as declared. A column is refused if it is not declared or of
   * another type; so is the table if one is missing. The columns get the declared order.
   */
  public Table.Builder builder() {
    return new Table.Builder(this);
  }

  /** The column of that name. */
  public Optional<ColumnSpec> find(String column) {
    return columns.stream().filter(spec -> spec.name().equals(column)).findFirst();
  }

  /**
   * The names and types of some columns, to read them.
   *
   * @throws IllegalArgumentException one of them is not declared
   */
  public SequencedMap<String, ColumnType> schema(List<String> names) {
    var schema = new LinkedHashMap<String, ColumnType>();
    names.forEach(column -> schema.put(column, require(column).type()));
    return schema;
  }

  ColumnSpec require(String column) {
    return find(column)
        .orElseThrow(
            () -> new IllegalArgumentException("table " + name + " declares no column " + column));
  }

  @Override
  public String toString() {
    return Brief.of("TableSpec")
        .with("name", name)
        .with("meaning", meaning)
        .with("columns", columns)
        .toString();
  }
}
