package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The windows of text around the tokens on which a neuron is most active. */
final class Examples {
  private static final int WINDOWS = 5;

  /** Windows times models: with many models only the first windows show them all. */
  private static final int STRIPS = 25;

  /** Steps from 0 to the highest activation of a window: as fine as a colour can show. */
  private static final int LEVELS = 200;

  private final Table table;
  private final String model;

  private Examples(Table table, String model) {
    this.table = table;
    this.model = model;
  }

  static Optional<CardPart> read(CardTables tables, String model) {
    return tables
        .read(
            "examples",
            rows -> rows.between("rank", 1, WINDOWS),
            "rank INT",
            "model TEXT",
            "model_layer INT",
            "model_neuron INT",
            "document TEXT",
            "row LONG",
            "position INT",
            "first INT",
            "texts TEXT_LIST",
            "activations DOUBLE_LIST")
        .map(by -> new CardPart("examples", by, new Examples(by.table(), model)::json));
  }

  /** An array of windows: where it is, its tokens, and each model's activations on them. */
  private JsonNode json(List<Integer> rows) {
    TreeMap<Integer, List<Integer>> byRank = new TreeMap<>();
    for (int row : rows) {
      byRank.computeIfAbsent(table.ints("rank").get(row), _ -> new ArrayList<>()).add(row);
    }
    ArrayNode windows = JsonNodeFactory.instance.arrayNode();
    int strips = 0;
    for (List<Integer> of : byRank.values()) {
      of.sort(Comparator.comparing(row -> !isReference(row))); // which comes first; stable
      if (isReference(of.getFirst())) {
        boolean all = windows.isEmpty() || strips + of.size() <= STRIPS;
        ObjectNode window = window(of.getFirst());
        windows.add(window);
        for (int row : all ? of : of.subList(0, 1)) {
          strip(((ArrayNode) window.get("models")).addObject(), row);
          strips++;
        }
      }
    }
    return windows;
  }

  private boolean isReference(int row) {
    return table.texts("model").get(row).equals(model);
  }

  private ObjectNode window(int row) {
    ObjectNode window = JsonNodeFactory.instance.objectNode();
    window.put("document", table.texts("document").get(row));
    window.put("row", table.longs("row").get(row));
    window.put("position", table.ints("position").get(row));
    window.put("first", table.ints("first").get(row));
    ArrayNode texts = window.putArray("texts");
    for (String text : table.textLists("texts").get(row)) {
      texts.add(text);
    }
    window.putArray("models");
    return window;
  }

  private void strip(ObjectNode strip, int row) {
    double[] activations = table.doubleLists("activations").get(row);
    double most = Arrays.stream(activations).max().orElse(0);
    double scale = most > 0 ? most / LEVELS : 1.0 / LEVELS;
    strip.put("name", table.texts("model").get(row));
    strip.put("layer", table.ints("model_layer").get(row));
    strip.put("neuron", table.ints("model_neuron").get(row));
    strip.put("scale", Rounded.of(scale));
    ArrayNode levels = strip.putArray("activations");
    for (double activation : activations) {
      levels.add(Math.round(activation / scale));
    }
  }
}
