package dev.homolog.analysis.table;

import java.util.Arrays;

/** The columns that name a neuron of the reference, in a table that names it in many rows. */
public record NeuronColumns(Appender.Ints layer, Appender.Ints neuron, int dMlp) {
  /**
   * Adds the columns to a table.
   *
   * @param dMlp neurons a layer of the reference
   */
  public static NeuronColumns of(Table.Builder table, int dMlp) {
    return new NeuronColumns(table.ints("layer"), table.ints("neuron"), dMlp);
  }

  /** A table with a row for each of a model's neurons, which begins with their names. */
  public static Table.Builder all(String table, int neurons, int dMlp) {
    int[] layer = new int[neurons];
    int[] neuron = new int[neurons];
    Arrays.setAll(layer, i -> i / dMlp);
    Arrays.setAll(neuron, i -> i % dMlp);
    return Table.builder(table).ints("layer", layer).ints("neuron", neuron);
  }

  /** Another row's neuron, by flat id. */
  public void add(int id) {
    layer.add(id / dMlp);
    neuron.add(id % dMlp);
  }

  /** What MLP_POST was over some positions, in such a table. */
  public record Activity(Appender.Doubles mean, Appender.Doubles max, Appender.Longs count) {
    public static Activity of(Table.Builder table) {
      return new Activity(table.doubles("mean"), table.doubles("max"), table.longs("count"));
    }

    public void add(double mean, double max, long count) {
      this.mean.add(mean);
      this.max.add(max);
      this.count.add(count);
    }
  }
}
