package dev.homolog.analysis.explanation;

import dev.homolog.analysis.explanation.Explanations.Explanation;
import dev.homolog.analysis.explanation.Explanations.OfFamily;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What explains the reference's neurons, as tables of a run folder. */
final class ExplanationTables {
  /** Features listed of a neuron that is not chosen. */
  private static final int LISTED = 5;

  /** Neurons a part of a table. */
  private static final int PART = 2048;

  private final Explanations explanations;
  private final int dMlp;
  private final Set<Integer> chosen;

  /**
   * @param dMlp neurons a layer of the reference
   * @param chosen flat ids of the neurons of which all that is kept is listed
   */
  ExplanationTables(Explanations explanations, int dMlp, Set<Integer> chosen) {
    this.explanations = explanations;
    this.dMlp = dMlp;
    this.chosen = chosen;
  }

  /** A row a neuron and feature, the best features of each. */
  Iterator<Table> explanations() {
    return IntStream.range(0, Math.ceilDiv(explanations.neurons(), PART))
        .mapToObj(part -> explanations(part * PART))
        .iterator();
  }

  private Table explanations(int from) {
    Table.Builder table = Table.builder("explanations");
    NeuronColumns neuron = NeuronColumns.of(table, dMlp);
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
  static void addFamilies(Table.Builder table, Explanations explanations) {
    table
        .texts("family", column(explanations, family -> family.family().toString()))
        .texts("family_feature", column(explanations, family -> name(family.feature())))
        .doubles("family_score", numbers(explanations, OfFamily::score))
        .texts("runner_up", column(explanations, family -> name(family.runnerUp())))
        .doubles("margin", numbers(explanations, OfFamily::margin));
  }

  private static String name(Feature feature) {
    return feature == null ? "" : feature.name();
  }

  private static String[] column(Explanations explanations, Function<OfFamily, String> value) {
    return IntStream.range(0, explanations.neurons())
        .mapToObj(explanations::family)
        .map(value)
        .toArray(String[]::new);
  }

  private static double[] numbers(Explanations explanations, ToDoubleFunction<OfFamily> value) {
    return IntStream.range(0, explanations.neurons())
        .mapToObj(explanations::family)
        .mapToDouble(value)
        .toArray();
  }
}
