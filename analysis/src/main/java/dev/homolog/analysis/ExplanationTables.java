package dev.homolog.analysis;

import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.Explanations.Explanation;
import dev.homolog.analysis.explanation.Explanations.OfFamily;
import dev.homolog.analysis.table.Table;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What explains the reference's neurons, as tables of a run folder. */
final class ExplanationTables {
  /** Features listed of a neuron that is not chosen. */
  private static final int LISTED = 5;

  /** Neurons a part of a table. */
  private static final int PART = 2048;

  private final StudyResult result;
  private final Explanations explanations;

  ExplanationTables(StudyResult result) {
    this.result = result;
    this.explanations = result.explanations();
  }

  /** A row a neuron and feature, the best features of each. */
  Iterator<Table> explanations() {
    Set<Integer> chosen = new HashSet<>(result.chosen());
    return IntStream.range(0, Math.ceilDiv(explanations.neurons(), PART))
        .mapToObj(part -> explanations(part * PART, chosen))
        .iterator();
  }

  private Table explanations(int from, Set<Integer> chosen) {
    Table.Builder table = Table.builder("explanations");
    NeuronColumns neuron = NeuronColumns.of(table, result);
    var rank = table.ints("rank");
    var kind = table.texts("kind");
    var feature = table.texts("feature");
    var token = table.ints("token");
    var explained = table.doubles("variance_explained");
    var share = table.doubles("share");
    var with = table.doubles("mean_with");
    var without = table.doubles("mean_without");
    int to = Math.min(explanations.neurons(), from + PART);
    for (int id = from; id < to; id++) {
      int place = 0;
      int most = chosen.contains(id) ? Explanations.KEPT : LISTED;
      for (Explanation of : explanations.best(id, most)) {
        neuron.add(id);
        rank.add(++place);
        kind.add(of.feature().kind().toString());
        feature.add(of.feature().name());
        token.add(of.feature().token());
        explained.add(of.explained());
        share.add(of.share());
        with.add(of.with());
        without.add(of.without());
      }
    }
    return table.build();
  }

  /** Columns of the table of neurons. */
  void addFamilies(Table.Builder table) {
    table
        .texts("family", column(of -> of.family().toString()))
        .texts("family_feature", column(of -> of.feature() == null ? "" : of.feature().name()))
        .doubles("family_score", numbers(OfFamily::score))
        .texts("runner_up", column(of -> of.runnerUp() == null ? "" : of.runnerUp().name()))
        .doubles("margin", numbers(OfFamily::margin));
  }

  private String[] column(Function<OfFamily, String> value) {
    return IntStream.range(0, explanations.neurons())
        .mapToObj(explanations::family)
        .map(value)
        .toArray(String[]::new);
  }

  private double[] numbers(java.util.function.ToDoubleFunction<OfFamily> value) {
    return IntStream.range(0, explanations.neurons())
        .mapToObj(explanations::family)
        .mapToDouble(value)
        .toArray();
  }
}
