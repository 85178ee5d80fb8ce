package dev.homolog.analysis;

import dev.homolog.analysis.input.BosRule;
import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.input.Limits;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelDescription;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.TokenCache;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Text made into a cache of tokens once, for many studies; no model runs. */
public final class Tokenization {
  private Tokenization() {}

  /** As the method below; no link is followed out of the model's folder. */
  public static RunFacts.TokenFacts write(
      Path model, TokenInput input, Path out, ProgressListener progress) {
    return write(model, false, input, out, progress);
  }

  /**
   * Tokenises text as a study with this model as reference would, and writes what it would read.
   *
   * @param model folder of a model, which need not hold its weights
   * @param input text
   * @param followLinks whether links of the folder may lead out of it
   * @param out a {@code .npy} file that is not there yet; {@link TokenCache} says what is written
   * @return what was written
   * @throws InputException if the model's tokenizer or the text cannot be used
   */
  public static RunFacts.TokenFacts write(
      Path model, boolean followLinks, TokenInput input, Path out, ProgressListener progress) {
    if (input.tokens() != null) {
      throw new InputException(InputOption.TOKENS, "are tokens already", "give --text");
    }
    TokenCache.requireFree(out);
    ModelDescription description = HuggingFaceCheckpoint.describe(model, followLinks);
    Tokenizer tokenizer = Tokenizer.of(model.resolve(Inputs.TOKENIZER), followLinks);
    Limits limits =
        new Limits(
            new BosRule(description, tokenizer).forText(),
            description.config().positions(),
            model.toString());
    limits.requireContext(limits.context(input));
    Limits.reading(input, OptionalLong.empty(), MemoryBounds.now());
    try (TokenTable table = limits.text(input, OptionalLong.empty(), tokenizer, progress)) {
      TokenCache.write(out, table, tokenizer);
      return RunFacts.TokenFacts.of(table, 0);
    }
  }
}
