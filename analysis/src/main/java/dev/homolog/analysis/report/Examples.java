package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.closeup.ExampleColumns;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/** The windows of text around the tokens on which a neuron is most active. */
final class Examples {
  private static final int WINDOWS = 5;

  /** Windows times models: with many models only the first windows show them all. */
  private static final int STRIPS = 25;

  /** Steps from 0 to the activation of a window that is furthest from it: finer than colours. */
  private static final int LEVELS = 40;

  /**
   * The character of level 0, so that all are printable: a row of levels is a text, a character
   * each.
   */
  private static final char ZERO = 'P';

  private final Table table;
  private final String model;

  private Examples(Table table, String model) {
    this.table = table;
    this.model = model;
  }

  /** Two parts: the windows of text, and the models' activations on them. */
  static List<CardPart> read(CardTables tables, String model) {
    return tables
        .read(
            ExampleColumns.EXAMPLES,
            rows -> rows.between("rank", 1, WINDOWS),
            "rank",
            "model",
            "model_layer",
            "model_neuron",
            "document",
            "row",
            "position",
            "first",
            "texts",
            "activations")
        .map(by -> {
          Examples examples = new Examples(by.table(), model);
          return List.of(
              new CardPart("windows", by, examples::windows),
              new CardPart("strips", by, examples::strips));
        })
        .orElse(List.of());
  }

  /** An array of windows: where each is, and its tokens. */
  private JsonNode windows(List<Integer> rows) {
    ArrayNode windows = JsonNodeFactory.instance.arrayNode();
    ranked(rows).forEach(of -> windows.add(window(of.getFirst())));
    return windows;
  }

  /**
   * The models, the reference first, as [name, layer, neuron]; for each window as many scales and
   * texts of levels as models are shown. A level times its scale is an activation.
   */
  private JsonNode strips(List<Integer> rows) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode models = json.putArray("models");
    ArrayNode scales = json.putArray("scales");
    ArrayNode levels = json.putArray("levels");
    int strips = 0;
    for (List<Integer> peakRows : ranked(rows)) {
      boolean allModels = levels.isEmpty() || strips + peakRows.size() <= STRIPS;
      ArrayNode scalesHere = scales.addArray();
      ArrayNode levelsHere = levels.addArray();
      for (int row : allModels ? peakRows : peakRows.subList(0, 1)) {
        if (models.size() < peakRows.size()) {
          model(models.addArray(), row);
        }
        strip(scalesHere, levelsHere, row);
        strips++;
      }
    }
    return json;
  }

  private void model(ArrayNode model, int row) {
    model
        .add(table.texts("model").get(row))
        .add(table.ints("model_layer").get(row))
        .add(table.ints("model_neuron").get(row));
  }

  /** The rows by rank, the reference's first; a rank without one is left out. */
  private List<List<Integer>> ranked(List<Integer> rows) {
    TreeMap<Integer, List<Integer>> byRank = new TreeMap<>();
    for (int row : rows) {
      byRank.computeIfAbsent(table.ints("rank").get(row), _ -> new ArrayList<>()).add(row);
    }
    byRank.values().forEach(of -> of.sort(Comparator.comparing(row -> !isReference(row))));
    return byRank.values().stream().filter(of -> isReference(of.getFirst())).toList();
  }

  private boolean isReference(int row) {
    return RunTables.text(table, "model", row).equals(model);
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
    return window;
  }

  private void strip(ArrayNode scales, ArrayNode levels, int row) {
    double[] activations = table.doubleLists("activations").get(row);
    double most = Arrays.stream(activations).map(Math::abs).max().orElse(0);
    double scale = most > 0 ? most / LEVELS : 1;
    StringBuilder text = new StringBuilder();
    for (double activation : activations) {
      text.append((char) (ZERO + Math.round(Double.isFinite(scale) ? activation / scale : 0)));
    }
    scales.add(Rounded.brief(scale));
    levels.add(text.toString());
  }
}
