package dev.homolog.analysis.input;

import dev.homolog.core.InputException;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The tokenizers of models that read the same ids. A model may have added tokens beyond all ids of
 * the others, such as padding or marks of a chat. Where ids are given, it needs no tokenizer.
 *
 * @param own of each model, in the order of the models; absent where it has none
 * @param all the one with most tokens, by which text becomes ids and ids are shown
 * @param shared ids below this are known to all that have a tokenizer
 */
record SharedTokens(List<Tokenizer> own, Tokenizer all, int shared) {
  private static final String SAME_TOKENS = "compare models that read the same tokens";

  SharedTokens {
    own = List.copyOf(own);
  }

  /**
   * Reads them.
   *
   * @param folders of the models, the reference first
   * @param ids whether ids are given, so that no text is read
   * @param followLinks whether links of the folders may lead out of them
   * @throws InputException if one cannot be read, is missing where text is read, or gives another
   *     meaning to an id than the reference's
   */
  static SharedTokens of(List<Path> folders, boolean ids, boolean followLinks) {
    List<Tokenizer> own = new ArrayList<>();
    for (Path folder : folders) {
      Path file = folder.resolve(Inputs.TOKENIZER);
      own.add(
          ids && !Tokenizer.exists(file)
              ? Tokenizer.absent(file)
              : Tokenizer.of(file, followLinks));
    }
    List<Tokenizer> present = own.stream().filter(Tokenizer::present).toList();
    if (present.isEmpty()) {
      return new SharedTokens(own, own.getFirst(), Integer.MAX_VALUE);
    }
    Tokenizer all = present.getFirst();
    int shared = all.vocabularySize();
    for (Tokenizer other : present) {
      all = other.vocabularySize() > all.vocabularySize() ? other : all;
      shared = Math.min(shared, other.vocabularySize());
    }
    Tokenizer first = present.getFirst();
    for (Tokenizer other : present) {
      requireSame(first, other);
    }
    for (Tokenizer other : present) {
      requireSame(all, other);
    }
    boolean equal = shared == all.vocabularySize();
    return new SharedTokens(
        own, equal ? all : all.alike(present), equal ? Integer.MAX_VALUE : shared);
  }

  /** The tokenizer of a model, or the one of all where it has none. */
  Tokenizer of(int model) {
    return own.get(model).present() ? own.get(model) : all;
  }

  private static void requireSame(Tokenizer one, Tokenizer other) {
    one.sharedDifference(other)
        .ifPresent(difference -> {
          throw new InputException(
              other.file(),
              "",
              "not the tokenizer of " + one.file() + ": " + difference,
              SAME_TOKENS);
        });
  }
}
