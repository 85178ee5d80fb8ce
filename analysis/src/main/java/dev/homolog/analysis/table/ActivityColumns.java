package dev.homolog.analysis.table;

import java.util.List;

/** What MLP_POST was over some positions, in a table that grows row by row. */
public record ActivityColumns(Appender.Doubles mean, Appender.Doubles max, Appender.Longs count) {
  /**
   * Declares {@code mean}, {@code max} and {@code count}.
   *
   * @param counted label of the number of positions
   */
  public static List<ColumnSpec> of(String counted) {
    return List.of(
        ColumnSpec.doubles("mean", "mean", "mean activation"),
        ColumnSpec.doubles("max", "max", "greatest activation"),
        ColumnSpec.longs("count", counted, "how many positions these are"));
  }

  /** Adds the columns to a table. */
  public static ActivityColumns in(Table.Builder table) {
    return new ActivityColumns(table.doubles("mean"), table.doubles("max"), table.longs("count"));
  }

  /** Another row's values. */
  public void add(double mean, double max, long count) {
    this.mean.add(mean);
    this.max.add(max);
    this.count.add(count);
  }
}
