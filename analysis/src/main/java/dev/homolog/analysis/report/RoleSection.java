package dev.homolog.analysis.report;

import dev.homolog.analysis.roles.RoleColumns;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.Table;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What interventions found, as tables of the page; those of a run without roles are left out. */
final class RoleSection {
  static final PageTable ENTROPY = PageTable.shown(RoleColumns.ENTROPY);

  static final PageTable ATTENTION = PageTable.shown(RoleColumns.ATTENTION, RoleSection::strongest);

  private static final int FIRST_OF_HEAD = 2;
  private static final int STRONGEST = 20;
  private static final int MOST_PAIRS = 4000;

  private RoleSection() {}

  /**
   * The pairs of neuron and head that ablation confirms, the first of each head, and those whose
   * ablation changes most.
   */
  private static int[] strongest(Table pairs) {
    Map<List<Integer>, Integer> ofHead = new HashMap<>();
    Column.Doubles changes = pairs.doubles("bos_attention_change");
    double lowestRank =
        IntStream.range(0, pairs.rows())
            .mapToDouble(row -> -Math.abs(changes.get(row)))
            .sorted()
            .skip(STRONGEST - 1)
            .findFirst()
            .orElse(0);
    return IntStream.range(0, pairs.rows())
        .filter(row -> {
          List<Integer> head =
              List.of(pairs.ints("head_layer").get(row), pairs.ints("head").get(row));
          int before = ofHead.merge(head, 1, Integer::sum) - 1;
          return before < FIRST_OF_HEAD
              || pairs.booleans("found").get(row)
              || Math.abs(changes.get(row)) >= -lowestRank;
        })
        .limit(MOST_PAIRS)
        .toArray();
  }
}
