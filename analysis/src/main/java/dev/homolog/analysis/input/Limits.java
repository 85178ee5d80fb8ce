package dev.homolog.analysis.input;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.List;

/**
 * What all models together can read.
 *
 * @param rules the reference's, with the smallest vocabulary: an id must be in every model's, while
 *     padding of an embedding may differ
 * @param positions the most that every model has
 * @param narrowest folder of the model that has no more
 */
public record Limits(TokenRules rules, int positions, String narrowest) {

  /**
   * Of models that go together.
   *
   * @param referenceRules rules of the reference
   */
  public static Limits of(List<ActivationStream.Model> models, TokenRules referenceRules) {
    int vocabulary = referenceRules.vocabSize();
    Checkpoint narrowest = models.getFirst().checkpoint();
    for (ActivationStream.Model model : models) {
      Checkpoint checkpoint = model.checkpoint();
      vocabulary = Math.min(vocabulary, checkpoint.config().vocabSize());
      if (checkpoint.config().positions() < narrowest.config().positions()) {
        narrowest = checkpoint;
      }
    }
    TokenRules rules =
        new TokenRules(
            referenceRules.bosId(),
            referenceRules.eosId(),
            referenceRules.padId(),
            referenceRules.newlineId(),
            vocabulary);
    return new Limits(rules, narrowest.config().positions(), narrowest.location());
  }

  /** The same, for ids below this alone. */
  Limits below(int ids) {
    TokenRules narrower =
        new TokenRules(
            rules.bosId(),
            rules.eosId(),
            rules.padId(),
            rules.newlineId(),
            Math.min(ids, rules.vocabSize()));
    return new Limits(narrower, positions, narrowest);
  }

  /** Tokens a row: as given by the user, else as many as all models can read, 256 at most. */
  public int context(TokenInput input) {
    return input.context().orElse(Math.min(TokenInput.DEFAULT_CONTEXT, positions));
  }

  /** Tokenises text; the table is the caller's to close. */
  public TokenTable text(TokenInput input, Tokenizer tokenizer, ProgressListener progress) {
    return TokenTable.fromText(
        input.text(),
        input.share(),
        tokenizer,
        rules,
        context(input),
        input.maxTokens().orElse(Long.MAX_VALUE),
        tokens -> progress.progress("tokens", tokens, 0));
  }

  /** Reads a matrix of token ids; the table is the caller's to close. */
  TokenTable matrix(TokenInput input, Tokenizer tokenizer) {
    TokenTable table =
        TokenTable.fromNpy(
            input.tokens(), tokenizer, rules, input.maxTokens().orElse(Long.MAX_VALUE));
    try {
      int width = table.context();
      if (input.context().isPresent() && input.context().getAsInt() != width) {
        throw new InputException(
            InputOption.CONTEXT,
            input.context().getAsInt() + ", but " + input.tokens() + " has rows of " + width,
            "leave --context out");
      }
      requireContext(input.tokens(), width);
      return table;
    } catch (RuntimeException e) {
      table.close();
      throw e;
    }
  }

  /**
   * Refuses a context that is longer than a model can read.
   *
   * @throws InputException if it is
   */
  public void requireContext(int context) {
    if (context > positions) {
      throw new InputException(InputOption.CONTEXT, tooLong(context), "give at most " + positions);
    }
  }

  /** As above, for rows of a file. */
  private void requireContext(Path file, int context) {
    if (context > positions) {
      throw new InputException(file, "", tooLong(context), "give at most " + positions);
    }
  }

  private String tooLong(int context) {
    return context + " tokens a row, but " + narrowest + " has " + positions + " positions";
  }
}
