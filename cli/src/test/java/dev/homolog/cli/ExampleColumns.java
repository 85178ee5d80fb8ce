package dev.homolog.cli;

import dev.homolog.analysis.table.ColumnType;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Columns of the table of examples with their types, which CSV does not tell. */
final class ExampleColumns {
  static final SequencedMap<String, ColumnType> TYPES = types();

  private ExampleColumns() {}

  private static SequencedMap<String, ColumnType> types() {
    SequencedMap<String, ColumnType> types = new LinkedHashMap<>();
    types.put("layer", ColumnType.INT);
    types.put("neuron", ColumnType.INT);
    types.put("rank", ColumnType.INT);
    types.put("row", ColumnType.LONG);
    types.put("position", ColumnType.INT);
    types.put("first", ColumnType.INT);
    types.put("tokens", ColumnType.INT_LIST);
    types.put("activations", ColumnType.DOUBLE_LIST);
    return types;
  }
}
