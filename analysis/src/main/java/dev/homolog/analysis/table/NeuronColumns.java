package dev.homolog.analysis.table;

import dev.homolog.core.model.NeuronId;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** The two columns that name a neuron in a table. Used by one thread. */
public final class NeuronColumns {
  /** The column of layers. */
  public static final String LAYER = "layer";

  /** The column of places within the layer. */
  public static final String NEURON = "neuron";

  /** The columns of a table's own neurons. */
  public static final List<ColumnSpec> OWN = of("", "the neuron");

  private final Appender.Ints layer;
  private final Appender.Ints neuron;

  private NeuronColumns(Appender.Ints layer, Appender.Ints neuron) {
    this.layer = layer;
    this.neuron = neuron;
  }

  /**
   * Declares {@code layer} and {@code neuron}.
   *
   * @param prefix in front of both names, such as {@code other_}
   * @param whose neuron it is, such as {@code the match}
   */
  public static List<ColumnSpec> of(String prefix, String whose) {
    return List.of(
        ColumnSpec.ints(prefix + LAYER, LAYER, "layer of " + whose + ", from 0").notCompared(),
        ColumnSpec.ints(prefix + NEURON, NEURON, "place of " + whose + " in its layer, from 0")
            .notCompared());
  }

  /** The two columns of rows that know their neuron. */
  public static <R> RowColumns<R> rows(Function<? super R, NeuronId> neuron) {
    return RowColumns.<R>none()
        .ints(OWN.getFirst(), row -> neuron.apply(row).layer())
        .ints(OWN.getLast(), row -> neuron.apply(row).neuron());
  }

  /** Adds the two columns to a table with a row for each of a model's neurons. */
  public static Table.Builder all(Table.Builder table, int neurons, int dMlp) {
    int[] layer = new int[neurons];
    int[] neuron = new int[neurons];
    Arrays.setAll(layer, i -> i / dMlp);
    Arrays.setAll(neuron, i -> i % dMlp);
    return table.ints(LAYER, layer).ints(NEURON, neuron);
  }

  /** Adds the two columns to a table that grows row by row. */
  public static NeuronColumns in(Table.Builder table) {
    return in(table, "");
  }

  /** Adds the two columns, with something in front of both names. */
  public static NeuronColumns in(Table.Builder table, String prefix) {
    return new NeuronColumns(table.ints(prefix + LAYER), table.ints(prefix + NEURON));
  }

  /** Another row's neuron. */
  public void add(NeuronId id) {
    layer.add(id.layer());
    neuron.add(id.neuron());
  }
}
