package dev.homolog.analysis.report;

import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.TableSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The tables of a run, read for the neurons that get a card. */
final class CardTables {
  private final Reference reference;
  private final RunTables tables;
  private final BitSet chosen;

  CardTables(Reference reference, RunTables tables, BitSet chosen) {
    this.reference = reference;
    this.tables = tables;
    this.chosen = chosen;
  }

  /**
   * The rows of the chosen neurons.
   *
   * @param rows narrows them
   * @param columns besides layer and neuron
   * @return nothing where the table or one of the columns is absent
   */
  Optional<ByNeuron> read(TableSpec table, UnaryOperator<RowFilter> rows, String... columns) {
    List<String> columnNames = new ArrayList<>(List.of(NeuronColumns.LAYER, NeuronColumns.NEURON));
    columnNames.addAll(List.of(columns));
    return tables
        .read(table, rows.apply(RowFilter.ALL.of(reference.width(), chosen)), columnNames)
        .map(read -> new ByNeuron(reference, read));
  }
}
