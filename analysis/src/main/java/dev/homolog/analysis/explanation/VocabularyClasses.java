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
    int known = Math.min(vocabulary, tokenizer.vocabularySize());
    String[] texts = new String[known];
    for (int id = 0; id < known; id++) {
      texts[id] = tokenizer.tokenText(id);
    }
    Map<String, BitSet> classes = new LinkedHashMap<>();
    for (TokenClass of : TokenClasses.ALL) {
      BitSet ids = new BitSet(vocabulary);
      for (int id = 0; id < known; id++) {
        ids.set(id, of.holds().test(texts[id]));
      }
      classes.put(of.name(), ids);
    }
    return classes;
  }
}
