package dev.homolog.analysis.report;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.InputException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The neurons of the reference, a row each by flat id, layer · width + neuron.
 *
 * @param width neurons a layer
 */
record Reference(int layers, int width, Table neurons) {
  private static final String TABLE = "neurons";

  /** Its rows are all neurons, too. */
  private static final String OF_ROLES = "prediction";

  /**
   * Reads them.
   *
   * @throws InputException the run has no such table, or not a row for each neuron in order
   */
  static Reference read(RunFolder run) {
    Table neurons = run.read(run.has(TABLE) || !run.has(OF_ROLES) ? TABLE : OF_ROLES);
    int[] layer = neurons.ints("layer").toArray();
    int[] neuron = neurons.ints("neuron").toArray();
    int width = 1 + IntStream.of(neuron).max().orElse(-1);
    boolean complete =
        width > 0
            && neuron.length % width == 0
            && IntStream.range(0, neuron.length)
                .allMatch(i -> layer[i] == i / width && neuron[i] == i % width);
    if (!complete) {
      throw new InputException(
          run.path().resolve(neurons.name()),
          "layer, neuron",
          "do not name each neuron once, in order",
          "write the table anew");
    }
    return new Reference(neuron.length / width, width, neurons);
  }

  int count() {
    return layers * width;
  }

  /** Whether a table has a row for each neuron, in order. */
  boolean matches(Table table) {
    return table.rows() == count()
        && Arrays.equals(table.ints("layer").toArray(), neurons.ints("layer").toArray())
        && Arrays.equals(table.ints("neuron").toArray(), neurons.ints("neuron").toArray());
  }

  boolean has(String column) {
    return neurons.schema().containsKey(column);
  }

  /** The flat id of a neuron, or −1 where there is none such. */
  int id(int layer, int neuron) {
    return layer < 0 || layer >= layers || neuron < 0 || neuron >= width
        ? -1
        : layer * width + neuron;
  }
}
