package dev.homolog.analysis.roles;

import dev.homolog.analysis.explanation.VocabularyClasses;
import dev.homolog.core.tokens.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** The classes of tokens that a neuron's set is named by. */
public final class TokenSets {
  private TokenSets() {}

  /** The classes of the catalogue, as sets of ids below {@code vocabulary}. */
  public static List<PredictionRole.TokenSet> of(Tokenizer tokenizer, int vocabulary) {
    List<PredictionRole.TokenSet> sets = new ArrayList<>();
    VocabularyClasses.of(tokenizer, vocabulary)
        .forEach((name, ids) -> sets.add(new PredictionRole.TokenSet(name, ids)));
    return List.copyOf(sets);
  }
}
