package dev.homolog.analysis.report;

import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The rows of a table that are a neuron's, in the order of the table. */
final class ByNeuron {
  private final Table table;
  private final Map<Integer, List<Integer>> rows = new HashMap<>();

  /** Indexes a table by its columns {@code layer} and {@code neuron}. */
  ByNeuron(Reference reference, Table table) {
    this.table = table;
    for (int row = 0; row < table.rows(); row++) {
      int id = reference.id(table.ints("layer").get(row), table.ints("neuron").get(row));
      rows.computeIfAbsent(id, _ -> new ArrayList<>()).add(row);
    }
  }

  Table table() {
    return table;
  }

  /** The rows of a neuron, by its flat id. */
  List<Integer> of(int id) {
    return rows.getOrDefault(id, List.of());
  }
}
