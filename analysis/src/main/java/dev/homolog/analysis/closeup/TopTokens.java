package dev.homolog.analysis.closeup;

import dev.homolog.analysis.explanation.ExplanationColumns;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.table.ActivityColumns;
import dev.homolog.analysis.table.Appender;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.model.NeuronId;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The tokens on which neurons are most active, as a table of a run folder. For chosen neurons the
 * close-up considers all tokens of its rows. For the others the stream considers the frequent
 * tokens of the text.
 */
final class TopTokens {
  /** Neurons a part of the table. */
  private static final int PART = 2048;

  private final CloseUp closeUp;
  private final Explanations explanations;
  private final int dMlp;
  private final IntFunction<String> spelling;
  private final Map<Integer, String> texts = new HashMap<>();

  /**
   * @param dMlp neurons a layer of the reference
   * @param spelling of a token id
   */
  TopTokens(CloseUp closeUp, Explanations explanations, int dMlp, IntFunction<String> spelling) {
    this.closeUp = closeUp;
    this.explanations = explanations;
    this.dMlp = dMlp;
    this.spelling = spelling;
  }

  /** A row a neuron and token, in parts. */
  Iterator<Table> tokens() {
    Set<NeuronId> chosen =
        closeUp.neurons().stream().map(CloseUp.NeuronTokens::neuron).collect(Collectors.toSet());
    Stream<Table> ofOthers =
        IntStream.range(0, Math.ceilDiv(explanations.neurons(), PART))
            .mapToObj(part -> ofStream(part * PART, chosen));
    return Stream.concat(Stream.of(ofCloseUp()), ofOthers).iterator();
  }

  private Table ofCloseUp() {
    Rows rows = new Rows("close-up");
    for (CloseUp.NeuronTokens neuronTokens : closeUp.neurons()) {
      int rank = 0;
      for (CloseUp.TokenMean tokenMean : neuronTokens.tokens()) {
        rows.add(neuronTokens.neuron(), ++rank, tokenMean.id());
        rows.activity.add(tokenMean.mean(), tokenMean.max(), tokenMean.count());
      }
    }
    return rows.table.build();
  }

  private Table ofStream(int from, Set<NeuronId> chosen) {
    Rows rows = new Rows("stream");
    int to = Math.min(explanations.neurons(), from + PART);
    for (int flat = from; flat < to; flat++) {
      NeuronId neuron = NeuronId.of(flat, dMlp);
      if (!chosen.contains(neuron)) {
        int rank = 0;
        for (Explanations.TokenMean tokenMean : explanations.tokens(flat)) {
          rows.add(neuron, ++rank, tokenMean.id());
          rows.activity.add(tokenMean.mean(), tokenMean.max(), tokenMean.count());
        }
      }
    }
    return rows.table.build();
  }

  private final class Rows {
    private final Table.Builder table = ExplanationColumns.TOKENS.builder();
    private final NeuronColumns neuron = NeuronColumns.in(table);
    private final Appender.Ints rank = table.ints("rank");
    private final Appender.Ints token = table.ints("token");
    private final Appender.Texts text = table.texts("text");
    private final ActivityColumns activity = ActivityColumns.in(table);
    private final Appender.Texts source = table.texts("source");
    private final String from;

    Rows(String from) {
      this.from = from;
    }

    void add(NeuronId id, int place, int tokenId) {
      neuron.add(id);
      rank.add(place);
      token.add(tokenId);
      text.add(texts.computeIfAbsent(tokenId, spelling::apply));
      source.add(from);
    }
  }
}
