package dev.homolog.analysis.weights;

import dev.homolog.analysis.table.Appender;
import dev.homolog.analysis.table.Table;

/** Two columns that name a neuron. */
record NeuronName(Appender.Ints layer, Appender.Ints neuron, int dMlp) {

  /** {@code layer} and {@code neuron}, with something in front of each. */
  static NeuronName of(Table.Builder table, String prefix, int dMlp) {
    return new NeuronName(table.ints(prefix + "layer"), table.ints(prefix + "neuron"), dMlp);
  }

  /** Another row's neuron, by flat id. */
  void add(int id) {
    layer.add(id / dMlp);
    neuron.add(id % dMlp);
  }
}
