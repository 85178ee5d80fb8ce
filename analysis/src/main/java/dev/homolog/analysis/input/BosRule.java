package dev.homolog.analysis.input;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelDescription;
import dev.homolog.core.tokens.TokenFile;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The id that begins every row of a run, as far as models tell it. A model whose configuration
 * names an id outside the vocabulary, and whose tokenizer has no usual name for it, tells nothing.
 */
public final class BosRule {
  private static final String KEY = "bos_token_id";

  private final ModelDescription reference;
  private final Tokenizer tokenizer;
  private OptionalInt known;
  private Path knownFrom;

  /**
   * What the reference tells.
   *
   * @param tokenizer of the reference
   */
  public BosRule(ModelDescription reference, Tokenizer tokenizer) {
    this.reference = reference;
    this.tokenizer = tokenizer;
    this.known = TokenRules.knownBos(reference.config(), tokenizer);
    this.knownFrom = tokenizer.file().getParent();
  }

  /**
   * Takes in what another model tells.
   *
   * @param folder of the model
   * @throws InputException if it is another id
   */
  void add(ModelDescription model, Tokenizer itsTokenizer, Path folder) {
    OptionalInt bos = TokenRules.knownBos(model.config(), itsTokenizer);
    if (known.isEmpty()) {
      known = bos;
      knownFrom = folder;
    } else if (bos.isPresent() && bos.getAsInt() != known.getAsInt()) {
      throw new InputException(
          folder.resolve("config.json"),
          KEY,
          "BOS is token " + bos.getAsInt() + ", but it is " + known.getAsInt() + " in " + knownFrom,
          "compare models that read the same tokens");
    }
  }

  /**
   * The rules of the reference for text.
   *
   * @throws InputException if no model tells which id begins a row
   */
  public TokenRules forText() {
    if (known.isPresent()) {
      return TokenRules.of(reference.config(), tokenizer, known.getAsInt());
    }
    if (reference.absentIds().containsKey(KEY)) {
      throw new InputException(
          tokenizer.file().resolveSibling("config.json"),
          KEY,
          "is "
              + reference.absentIds().get(KEY)
              + ", outside the vocabulary of "
              + reference.config().vocabSize()
              + ", so no BOS is known",
          "set it to the id that began every row in training, or give --tokens with that id in"
              + " front of every row");
    }
    return TokenRules.of(reference.config(), tokenizer);
  }

  /**
   * The rules of the reference for rows of ids: where no model tells BOS, it is the id in front of
   * the first row.
   *
   * @param tokens the rows
   * @throws InputException if that is not in the vocabulary
   */
  TokenRules forTokens(TokenFile tokens) {
    OptionalInt bos = known.isPresent() ? known : tokens.firstId();
    if (bos.isEmpty()) {
      return forText();
    }
    if (bos.getAsInt() >= reference.config().vocabSize()) {
      throw new InputException(
          tokens.file(),
          "row 0",
          "begins with "
              + bos.getAsInt()
              + ", which is not in the model's vocabulary of "
              + reference.config().vocabSize(),
          "give ids of this model's tokenizer");
    }
    return TokenRules.of(reference.config(), tokenizer, bos.getAsInt());
  }
}
