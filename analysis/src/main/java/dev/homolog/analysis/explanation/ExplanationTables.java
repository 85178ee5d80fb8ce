package dev.homolog.analysis.explanation;

import dev.homolog.analysis.explanation.Explanations.Explanation;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.model.NeuronId;
import java.util.Iterator;
import java.util.Set;
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
    Table.Builder table = ExplanationColumns.EXPLANATIONS.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
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
      for (Explanation explanation : explanations.best(id, most)) {
        neuron.add(NeuronId.of(id, dMlp));
        rank.add(++place);
        kind.add(explanation.feature().kind().toString());
        feature.add(explanation.feature().name());
        token.add(explanation.feature().token());
        explained.add(explanation.explained());
        share.add(explanation.share());
        with.add(explanation.with());
        without.add(explanation.without());
      }
    }
    return table.build();
  }
}
