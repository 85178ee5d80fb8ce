package dev.homolog.analysis.closeup;

import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
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
}
