package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.table.Appender;
import dev.homolog.analysis.table.Table;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The tokens on which neurons are most active, as a table of a run folder: of the chosen neurons
 * what the close-up found, among all tokens of its rows, of the others what the stream found, among
 * the frequent tokens of the whole text.
 */
final class TokenTables {
  /** Neurons a part of the table. */
  private static final int PART = 2048;

  private final StudyResult result;
  private final Map<Integer, String> texts = new HashMap<>();

  TokenTables(StudyResult result) {
    this.result = result;
  }

  /** A row a neuron and token, in parts. */
  Iterator<Table> tokens() {
    Explanations explanations = result.explanations();
    Set<Integer> chosen = new HashSet<>(result.chosen());
    Stream<Table> others =
        IntStream.range(0, Math.ceilDiv(explanations.neurons(), PART))
            .mapToObj(part -> ofStream(explanations, part * PART, chosen));
    return Stream.concat(Stream.of(ofCloseUp()), others).iterator();
  }

  private Table ofCloseUp() {
    Rows rows = new Rows("close-up");
    List<CloseUp.NeuronTokens> chosen =
        result.closeUp() == null ? List.of() : result.closeUp().neurons();
    for (CloseUp.NeuronTokens of : chosen) {
      int rank = 0;
      for (CloseUp.TokenMean seen : of.tokens()) {
        rows.add(of.neuron(), ++rank, seen.id());
        rows.activity.add(seen.mean(), seen.max(), seen.count());
      }
    }
    return rows.table.build();
  }

  private Table ofStream(Explanations explanations, int from, Set<Integer> chosen) {
    Rows rows = new Rows("stream");
    int to = Math.min(explanations.neurons(), from + PART);
    for (int neuron = from; neuron < to; neuron++) {
      if (!chosen.contains(neuron)) {
        int rank = 0;
        for (Explanations.TokenMean seen : explanations.tokens(neuron)) {
          rows.add(neuron, ++rank, seen.id());
          rows.activity.add(seen.mean(), seen.max(), seen.count());
        }
      }
    }
    return rows.table.build();
  }

  private final class Rows {
    private final Table.Builder table = Table.builder("tokens");
    private final NeuronColumns neuron = NeuronColumns.of(table, result);
    private final Appender.Ints rank = table.ints("rank");
    private final Appender.Ints token = table.ints("token");
    private final Appender.Texts text = table.texts("text");
    private final NeuronColumns.Activity activity = NeuronColumns.Activity.of(table);
    private final Appender.Texts source = table.texts("source");
    private final String from;

    Rows(String from) {
      this.from = from;
    }

    void add(int id, int place, int tokenId) {
      neuron.add(id);
      rank.add(place);
      token.add(tokenId);
      text.add(texts.computeIfAbsent(tokenId, result.tokenizer()::tokenText));
      source.add(from);
    }
  }
}
