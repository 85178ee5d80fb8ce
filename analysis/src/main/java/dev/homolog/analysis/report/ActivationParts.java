package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.explanation.ExplanationColumns;
import dev.homolog.analysis.statistics.StatisticsColumns;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** When a neuron is active: histogram, tokens, positions, subsets. */
final class ActivationParts {
  private static final int BINS = 32;

  /** More bins than any run writes of a neuron. */
  private static final int MOST_BINS = 1 << 20;

  private static final int PLACES = 16;
  private static final int TOKENS = 10;
  private static final int FEATURES = 5;

  private ActivationParts() {}

  static List<CardPart> read(CardTables tables) {
    List<CardPart> parts = new ArrayList<>();
    tables
        .read(StatisticsColumns.HISTOGRAMS, rows -> rows, "low", "high", "count")
        .ifPresent(
            by -> parts.add(new CardPart("histogram", by, rows -> histogram(by.table(), rows))));
    tables
        .read(
            ExplanationColumns.TOKENS,
            rows -> rows.between("rank", 1, TOKENS),
            "text",
            "mean",
            "max",
            "count")
        .ifPresent(
            by -> parts.add(new CardPart("tokens", by, rows -> keyed(by.table(), "text", rows))));
    tables
        .read(StatisticsColumns.POSITIONS, rows -> rows, "position", "mean", "count")
        .ifPresent(
            by -> parts.add(new CardPart("positions", by, rows -> positions(by.table(), rows))));
    tables
        .read(StatisticsColumns.SUBSETS, rows -> rows, "subset", "mean", "max", "count")
        .ifPresent(by ->
            parts.add(new CardPart("subsets", by, rows -> keyed(by.table(), "subset", rows))));
    tables
        .read(
            ExplanationColumns.EXPLANATIONS,
            rows -> rows.between("rank", 1, FEATURES),
            "kind",
            "feature",
            "variance_explained",
            "share",
            "mean_with",
            "mean_without")
        .ifPresent(by ->
            parts.add(new CardPart("explanations", by, rows -> explanations(by.table(), rows))));
    return parts;
  }

  /** Rows [kind, feature, variance explained, share, mean with, mean without]. */
  private static JsonNode explanations(Table table, List<Integer> rows) {
    ArrayNode rowsJson = JsonNodeFactory.instance.arrayNode();
    for (int row : rows) {
      ArrayNode feature = rowsJson.addArray();
      feature.add(table.texts("kind").get(row)).add(table.texts("feature").get(row));
      for (String column : List.of("variance_explained", "share", "mean_with", "mean_without")) {
        feature.add(Rounded.brief(table.doubles(column).get(row)));
      }
    }
    return rowsJson;
  }

  /** Rows [key, mean, max, count]. */
  private static JsonNode keyed(Table table, String key, List<Integer> rows) {
    ArrayNode rowsJson = JsonNodeFactory.instance.arrayNode();
    for (int row : rows) {
      rowsJson
          .addArray()
          .add(table.texts(key).get(row))
          .add(Rounded.brief(table.doubles("mean").get(row)))
          .add(Rounded.brief(table.doubles("max").get(row)))
          .add(table.longs("count").get(row));
    }
    return rowsJson;
  }

  /**
   * Equal bins, joined in runs of as many as make 32 or fewer; an open outer bin counts as one more
   * bin.
   */
  private static JsonNode histogram(Table table, List<Integer> rows) {
    double width = Double.POSITIVE_INFINITY;
    for (int row : rows) {
      double wide = table.doubles("high").get(row) - table.doubles("low").get(row);
      if (!(wide > 0)) {
        throw malformed(table, row);
      }
      width = Math.min(width, wide);
    }
    double step = Double.isFinite(width) ? width : 1;
    double[] lows = new double[rows.size()];
    for (int i = 0; i < lows.length; i++) {
      lows[i] = low(table, rows.get(i), step);
    }
    double first = Arrays.stream(lows).min().orElseThrow();
    double last = Arrays.stream(lows).max().orElseThrow();
    double span = Math.rint((last - first) / step);
    if (!(span < MOST_BINS)) {
      throw malformed(table, rows.getFirst());
    }
    int bins = 1 + (int) span;
    int joined = Math.ceilDiv(bins, BINS);
    long[] counts = new long[Math.ceilDiv(bins, joined)];
    for (int i = 0; i < lows.length; i++) {
      int bin = (int) Math.round((lows[i] - first) / step);
      counts[bin / joined] += table.longs("count").get(rows.get(i));
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("low", first).put("step", step * joined);
    Arrays.stream(counts).forEach(json.putArray("counts")::add);
    return json;
  }

  private static MalformedTable malformed(Table table, int row) {
    return new MalformedTable(
        table.name(),
        "low, high",
        "are no equal bins, as in the row " + (row + 1) + " that is read");
  }

  private static double low(Table table, int row, double step) {
    double low = table.doubles("low").get(row);
    double start = Double.isFinite(low) ? low : table.doubles("high").get(row) - step;
    if (!Double.isFinite(start)) {
      throw malformed(table, row);
    }
    return start;
  }

  /** Neighbouring positions joined in runs of as many as make 16 or fewer. */
  private static JsonNode positions(Table table, List<Integer> rows) {
    int joined = Math.ceilDiv(rows.size(), PLACES);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode positions = json.putArray("at");
    ArrayNode mean = json.putArray("mean");
    for (int from = 0; from < rows.size(); from += joined) {
      double sum = 0;
      long count = 0;
      for (int row : rows.subList(from, Math.min(from + joined, rows.size()))) {
        long seen = table.longs("count").get(row);
        count += seen;
        sum += seen * table.doubles("mean").get(row);
      }
      positions.add(table.ints("position").get(rows.get(from)));
      mean.add(Rounded.brief(sum / count));
    }
    return json;
  }
}
