package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.List;

/** What a neuron's weights are near to: other neurons, tokens, attention heads. */
final class WeightParts {
  private static final int NEURONS = 5;
  private static final int TOKENS = 12;
  private static final int HEADS = 3;

  private WeightParts() {}

  static List<CardPart> read(CardTables tables) {
    List<CardPart> parts = new ArrayList<>();
    tables
        .read(
            "neighbours",
            rows -> rows.between("rank", 1, NEURONS),
            "kind TEXT",
            "rank INT",
            "other_layer INT",
            "other_neuron INT",
            "cosine DOUBLE")
        .ifPresent(by ->
            parts.add(
                new CardPart(
                    "neighbours",
                    by,
                    rows -> pairs(by.table(), rows, "other_layer", "other_neuron", "cosine"))));
    tables
        .read(
            "vocabulary",
            rows -> rows.between("rank", -TOKENS, TOKENS),
            "space TEXT",
            "rank INT",
            "text TEXT",
            "cosine DOUBLE")
        .ifPresent(
            by -> parts.add(new CardPart("vocabulary", by, rows -> vocabulary(by.table(), rows))));
    tables
        .read(
            "composition",
            rows -> rows.between("rank", 1, HEADS),
            "kind TEXT",
            "rank INT",
            "head_layer INT",
            "head INT",
            "composition DOUBLE")
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
          .withArray(table.texts("kind").get(row))
          .addArray()
          .add(table.ints(layer).get(row))
          .add(table.ints(which).get(row))
          .add(Rounded.of(table.doubles(value).get(row)));
    }
    return kinds;
  }

  /** By space, the tokens of highest cosine and those of lowest, as [text, cosine]. */
  private static JsonNode vocabulary(Table table, List<Integer> rows) {
    ObjectNode spaces = JsonNodeFactory.instance.objectNode();
    for (int row : rows) {
      String space = table.texts("space").get(row);
      if (!spaces.has(space)) {
        spaces.putObject(space).putArray("bottom");
        ((ObjectNode) spaces.get(space)).putArray("top");
      }
      ((ArrayNode) spaces.get(space).get(table.ints("rank").get(row) > 0 ? "top" : "bottom"))
          .addArray()
          .add(table.texts("text").get(row))
          .add(Rounded.of(table.doubles("cosine").get(row)));
    }
    return spaces;
  }
}
