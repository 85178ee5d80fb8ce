package dev.homolog.analysis;

import dev.homolog.analysis.table.Appender;
import dev.homolog.analysis.table.Table;

/** The columns that name a neuron of the reference, in a table that names it in many rows. */
record NeuronColumns(Appender.Ints layer, Appender.Ints neuron, int dMlp) {
  static NeuronColumns of(Table.Builder table, StudyResult result) {
    return new NeuronColumns(table.ints("layer"), table.ints("neuron"), result.dMlp());
  }

  /** Another row's neuron, by flat id. */
  void add(int id) {
    layer.add(id / dMlp);
    neuron.add(id % dMlp);
  }

  /** What MLP_POST was over some positions, in such a table. */
  record Activity(Appender.Doubles mean, Appender.Doubles max, Appender.Longs count) {
    static Activity of(Table.Builder table) {
      return new Activity(table.doubles("mean"), table.doubles("max"), table.longs("count"));
    }

    void add(double mean, double max, long count) {
      this.mean.add(mean);
      this.max.add(max);
      this.count.add(count);
    }
  }
}
