package dev.homolog.analysis.explanation;

import dev.homolog.core.tokens.Tokenizer;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;

/** The classes of the catalogue as sets of a tokenizer's ids. */
public final class VocabularyClasses {
  private VocabularyClasses() {}

  /**
   * Ids by the name of their class, in the order of the catalogue.
   *
   * @param vocabulary number of ids; those without a token are in no class
   */
  public static Map<String, BitSet> of(Tokenizer tokenizer, int vocabulary) {
    int tokens = Math.min(vocabulary, tokenizer.vocabularySize());
    String[] texts = new String[tokens];
    for (int id = 0; id < tokens; id++) {
      texts[id] = tokenizer.tokenText(id);
    }
    Map<String, BitSet> classes = new LinkedHashMap<>();
    for (TokenClass tokenClass : TokenClasses.ALL) {
      BitSet ids = new BitSet(vocabulary);
      for (int id = 0; id < tokens; id++) {
        ids.set(id, tokenClass.holds().test(texts[id]));
      }
      classes.put(tokenClass.name(), ids);
    }
    return classes;
  }
}
