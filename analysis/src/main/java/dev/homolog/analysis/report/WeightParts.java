package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.weights.WeightColumns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/** What a neuron's weights are near to: other neurons, tokens, attention heads. */
final class WeightParts {
  private static final int NEURONS = 3;

  /** Tokens at either end of the vocabulary, for the neuron's output and input weights. */
  private static final SequencedMap<String, Integer> TOKENS =
      new TreeMap<>(Map.of("U_out", 10, "E_in", 6));

  private static final int HEADS = 2;

  private WeightParts() {}

  static List<CardPart> read(CardTables tables) {
    List<CardPart> parts = new ArrayList<>();
    tables
        .read(
            WeightColumns.NEIGHBOURS,
            rows -> rows.between("rank", 1, NEURONS),
            "kind",
            "rank",
            "other_layer",
            "other_neuron",
            "cosine")
        .ifPresent(by ->
            parts.add(
                new CardPart(
                    "neighbours",
                    by,
                    rows -> pairs(by.table(), rows, "other_layer", "other_neuron", "cosine"))));
    TOKENS.forEach((space, limit) ->
        tables
            .read(
                WeightColumns.VOCABULARY,
                rows -> rows.between("rank", -limit, limit).equal("space", space),
                "rank",
                "text",
                "cosine")
            .ifPresent(by ->
                parts.add(new CardPart("tokens_" + space, by, rows -> ends(by.table(), rows)))));
    tables
        .read(
            WeightColumns.COMPOSITION,
            rows -> rows.between("rank", 1, HEADS),
            "kind",
            "rank",
            "head_layer",
            "head",
            "composition")
        .ifPresent(by ->
            parts.add(
                new CardPart(
                    "composition",
                    by,
                    rows -> pairs(by.table(), rows, "head_layer", "head", "composition"))));
    return parts;
  }

  /** By kind, an array of [layer, which, value], in the order of the ranks. */
  private static JsonNode pairs(
      Table table, List<Integer> rows, String layer, String which, String value) {
    ObjectNode kinds = JsonNodeFactory.instance.objectNode();
    for (int row : rows) {
      kinds
          .withArrayProperty(RunTables.text(table, "kind", row))
          .addArray()
          .add(table.ints(layer).get(row))
          .add(table.ints(which).get(row))
          .add(Rounded.brief(table.doubles(value).get(row)));
    }
    return kinds;
  }

  /** The tokens of highest cosine and those of lowest, as [text, cosine]. */
  private static JsonNode ends(Table table, List<Integer> rows) {
    ObjectNode endsJson = JsonNodeFactory.instance.objectNode();
    ArrayNode top = endsJson.putArray("top");
    ArrayNode bottom = endsJson.putArray("bottom");
    for (int row : rows) {
      (table.ints("rank").get(row) > 0 ? top : bottom)
          .addArray()
          .add(table.texts("text").get(row))
          .add(Rounded.brief(table.doubles("cosine").get(row)));
    }
    return endsJson;
  }
}
