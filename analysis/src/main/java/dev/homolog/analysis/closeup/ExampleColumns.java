package dev.homolog.analysis.closeup;

import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;

/** The table of examples as it is declared. */
public final class ExampleColumns {
  private ExampleColumns() {}

  /** Windows of text around the peaks of a neuron's activation. */
  public static final TableSpec EXAMPLES =
      TableSpec.of(
          "examples",
          "a row a chosen neuron, peak and model",
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.ints("rank", "rank", "1 for the greatest peak"),
              ColumnSpec.texts("model", "model", "whose activations these are")),
          NeuronColumns.of("model_", "the neuron in that model"),
          List.of(
              ColumnSpec.texts("document", "document", "where the text is from"),
              ColumnSpec.longs("row", "row", "row of tokens"),
              ColumnSpec.ints("position", "position", "place of the peak in the row"),
              ColumnSpec.ints("first", "first", "position of the window's first token"),
              ColumnSpec.intLists("tokens", "ids", "ids of the window's tokens"),
              ColumnSpec.textLists("texts", "tokens", "texts of the window's tokens"),
              ColumnSpec.doubleLists(
                  "activations", "activations", "activations at the window's tokens")));

  /** The table without a row. */
  static Table none() {
    Table.Builder table = EXAMPLES.builder();
    NeuronColumns.in(table);
    table.ints("rank");
    table.texts("model");
    NeuronColumns.in(table, "model_");
    table.texts("document");
    table.longs("row");
    table.ints("position");
    table.ints("first");
    table.intLists("tokens");
    table.textLists("texts");
    table.doubleLists("activations");
    return table.build();
  }
}
