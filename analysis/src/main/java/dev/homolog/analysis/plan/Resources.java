package dev.homolog.analysis.plan;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a study may use.
 *
 * @param batchRows rows of tokens a batch; if absent, so many as make about 8,192 tokens
 * @param memory bytes that the process may hold at most; if absent, what the machine has free
 * @param followLinks whether links in models' folders may lead out of them
 */
public record Resources(OptionalInt batchRows, OptionalLong memory, boolean followLinks) {
  /** Enough for products of full speed, and for a permutation to take the tokens' meaning away. */
  private static final int BATCH_TOKENS = 8192;

  /** The most rows a batch, whose tokens are counted in an int. */
  public static final int MOST_BATCH = 1 << 16;

  /** The most bytes: a pebibyte. */
  public static final long MOST_MEMORY = 1L << 50;

  public static final Resources OF_THE_MACHINE =
      new Resources(OptionalInt.empty(), OptionalLong.empty());

  /** As above; no link is followed out of a model's folder. */
  public Resources(OptionalInt batchRows, OptionalLong memory) {
    this(batchRows, memory, false);
  }

  public Resources {
    if (batchRows.isPresent()) {
      InputException.requireRange(InputOption.BATCH, batchRows.getAsInt(), 1, MOST_BATCH);
    }
    if (memory.isPresent() && memory.getAsLong() < 1) {
      throw new InputException(
          InputOption.MEMORY, memory.getAsLong() + "", "give a number of bytes, such as 8g");
    }
    if (memory.isPresent() && memory.getAsLong() > MOST_MEMORY) {
      throw new InputException(
          InputOption.MEMORY,
          memory.getAsLong() + " bytes, more than any machine has",
          "give a number of bytes, such as 8g");
    }
  }

  /** Rows a batch of that many tokens a row. */
  public int batchRows(int context) {
    return batchRows.orElse(Math.max(1, BATCH_TOKENS / context));
  }
}
