package dev.homolog.analysis.report;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.ColumnType;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.InputException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The neurons of the reference, a row each by flat id, layer · width + neuron.
 *
 * @param width neurons a layer
 */
record Reference(int layers, int width, Table neurons) {
  private static final String TABLE = "neurons";

  /** More than any model has whose weights fit into a machine. */
  private static final int MOST_NEURONS = 1 << 23;

  /** Its rows are all neurons, too. */
  private static final String OF_ROLES = "prediction";

  /**
   * Reads them.
   *
   * @throws InputException the run has no such table, or not a row for each neuron in order
   */
  static Reference read(RunTables tables) {
    RunFolder run = tables.run();
    String name = run.has(TABLE) || !run.has(OF_ROLES) ? TABLE : OF_ROLES;
    Table neurons = tables.needed(name, MOST_NEURONS + 1);
    requireIds(neurons);
    if (neurons.rows() > MOST_NEURONS) {
      throw new MalformedTable(
          neurons.name(), "", "has more neurons than a page can show, " + MOST_NEURONS);
    }
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
    int layers = neuron.length / width;
    if (layers > StudyFile.MOST_LAYERS) {
      throw new MalformedTable(
          neurons.name(),
          NeuronColumns.LAYER,
          "has " + layers + " layers, and a page shows at most " + StudyFile.MOST_LAYERS);
    }
    return new Reference(layers, width, neurons);
  }

  private static void requireIds(Table table) {
    for (String column : List.of(NeuronColumns.LAYER, NeuronColumns.NEURON)) {
      ColumnType type = table.schema().get(column);
      if (type != ColumnType.INT) {
        String problem = type == null ? "is missing" : "is " + type + ", not " + ColumnType.INT;
        throw new MalformedTable(table.name(), column, problem);
      }
    }
  }

  int count() {
    return layers * width;
  }

  /** Whether a table has a row for each neuron, in order. */
  boolean matches(Table table) {
    requireIds(table);
    return table.rows() == count()
        && Arrays.equals(table.ints("layer").toArray(), neurons.ints("layer").toArray())
        && Arrays.equals(table.ints("neuron").toArray(), neurons.ints("neuron").toArray());
  }

  /** A column of numbers; nothing where there is none of that name. */
  Optional<Column.Doubles> doubles(String column) {
    ColumnType type = neurons.schema().get(column);
    if (type != null && type != ColumnType.DOUBLE) {
      throw new MalformedTable(neurons.name(), column, "is " + type + ", not " + ColumnType.DOUBLE);
    }
    return type == null ? Optional.empty() : Optional.of(neurons.doubles(column));
  }

  /** The flat id of a neuron, or −1 where there is none such. */
  int id(int layer, int neuron) {
    return layer < 0 || layer >= layers || neuron < 0 || neuron >= width
        ? -1
        : layer * width + neuron;
  }
}
