package dev.homolog.analysis.input;

import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.ReadingPlan;
import dev.homolog.analysis.table.ParquetText;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TextFiles;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import dev.homolog.core.tokens.ZstdWindow;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * What all models together can read.
 *
 * @param rules the reference's, with the smallest vocabulary: an id must be in every model's, while
 *     padding of an embedding may differ
 * @param positions the most that every model has
 * @param narrowest folder of the model that has no more
 */
public record Limits(TokenRules rules, int positions, String narrowest) {
  /** The window of most files compressed by zstd, which needs no permission. */
  private static final long LEAST_WINDOW = 1L << 23;

  /** Share of the machine's free memory that a run takes of its own accord. */
  private static final double SHARE_OF_FREE = 0.95;

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
    TokenRules rules = referenceRules.withVocabulary(vocabulary);
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

  /** The files of text, and how they are read. */
  static TextFiles files(TokenInput input) {
    return TextFiles.of(input.text())
        .withShare(input.share())
        .withFields(input.fields())
        .withTables(new ParquetText());
  }

  /**
   * What reading text will hold.
   *
   * @param memory bytes that the process may hold at most, if that was said
   * @throws InputException if a file's window does not fit
   */
  public static ReadingPlan reading(TokenInput input, OptionalLong memory, MemoryBounds bounds) {
    return files(input)
        .largestWindow()
        .filter(window -> window.bytes() > LEAST_WINDOW && window.bytes() <= ZstdWindow.MOST)
        .map(window -> ReadingPlan.of(window, memory, bounds))
        .orElse(ReadingPlan.SMALL);
  }

  /**
   * Tokenises text; the table is the caller's to close.
   *
   * @param memory bytes that the process may hold at most, if that was said
   */
  public TokenTable text(
      TokenInput input, OptionalLong memory, Tokenizer tokenizer, ProgressListener progress) {
    TextFiles files = files(input);
    long free = window(memory, MemoryBounds.now());
    long asked = files.largestWindow().map(ZstdWindow::bytes).orElse(0L);
    // The decoder's bound is a power of two, which a window that fits may lie below.
    long window = asked > free ? free : Math.max(free, Long.highestOneBit(2 * asked - 1));
    return TokenTable.fromText(
        files.withWindow(window).withRoom(free),
        tokenizer,
        rules,
        context(input),
        input.maxTokens().orElse(Long.MAX_VALUE),
        tokens -> progress.progress("tokens", tokens, 0));
  }

  /**
   * What is free for the window of a compressed file, and for a text that cannot be cut, before
   * anything else is held.
   */
  static long window(OptionalLong memory, MemoryBounds bounds) {
    long free = (long) (SHARE_OF_FREE * bounds.available());
    long most = Math.min(free, memory.orElse(Long.MAX_VALUE) - bounds.resident());
    return Math.max(LEAST_WINDOW, most);
  }

  /** Reads token ids; the table is the caller's to close. */
  TokenTable matrix(TokenInput input, Tokenizer tokenizer) {
    TokenTable table =
        TokenTable.fromTokens(
            input.tokenFile(), tokenizer, rules, input.maxTokens().orElse(Long.MAX_VALUE));
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

  @Override
  public String toString() {
    return Brief.of("Limits")
        .with("rules", rules)
        .with("positions", positions)
        .with("narrowest", narrowest)
        .toString();
  }
}
