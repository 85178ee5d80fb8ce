package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.homolog.analysis.correlation.CorrelationColumns;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The matches of a neuron; the page holds the best one for every neuron. */
final class MatchParts {
  private static final int BEST = 3;

  private MatchParts() {}

  static List<CardPart> read(CardTables tables, List<String> others) {
    Optional<ByNeuron> matches =
        tables.read(
            CorrelationColumns.MATCHES,
            rows -> rows.between("rank", -1, BEST).equal("direction", "out"),
            "other",
            "rank",
            "other_layer",
            "other_neuron",
            "correlation");
    return matches.stream()
        .map(by -> new CardPart("matches", by, rows -> byOther(by.table(), rows, others)))
        .toList();
  }

  /** An array for each other model, of [rank, layer, neuron, r], without the best. */
  private static JsonNode byOther(Table table, List<Integer> rows, List<String> others) {
    ArrayNode byOther = JsonNodeFactory.instance.arrayNode();
    others.forEach(_ -> byOther.addArray());
    // Unsigned, so that the lowest, rank -1, comes last: rows are read in any order.
    List<Integer> ranked = new ArrayList<>(rows);
    ranked.sort(
        (a, b) -> Integer.compareUnsigned(table.ints("rank").get(a), table.ints("rank").get(b)));
    for (int row : ranked) {
      int rank = table.ints("rank").get(row);
      int other = others.indexOf(table.texts("other").get(row));
      if (rank != 1 && other >= 0 && table.ints("other_layer").get(row) >= 0) {
        ((ArrayNode) byOther.get(other))
            .addArray()
            .add(rank)
            .add(table.ints("other_layer").get(row))
            .add(table.ints("other_neuron").get(row))
            .add(Rounded.brief(table.doubles("correlation").get(row)));
      }
    }
    return byOther;
  }
}
