package dev.homolog.analysis;

import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The text of a study: files of text, or one {@code .npy} of token ids.
 *
 * @param text text files, tokenised by the reference's tokenizer; empty where {@code tokens} is
 *     given
 * @param tokens int32 or int64 [rows, context], each row beginning with BOS; null where {@code
 *     text} is given
 * @param context tokens a row, BOS included; if absent, the smaller of 256 and the models'
 *     positions, or the width of {@code tokens}
 * @param maxTokens the most positions read, BOS included, cut to whole rows
 */
public record TokenInput(
    List<Path> text, Path tokens, OptionalInt context, OptionalLong maxTokens) {
  static final int DEFAULT_CONTEXT = 256;

  /**
   * @throws InputException if a value is out of range, or not one of text and tokens is given;
   *     {@code where()} is the flag of the command that would hold it
   */
  public TokenInput {
    text = List.copyOf(text);
    if (text.isEmpty() == (tokens == null)) {
      throw new InputException(
          "--text, --tokens",
          "",
          tokens == null ? "neither is given" : "both are given",
          "give one of the two");
    }
    if (context.isPresent() && context.getAsInt() < 2) {
      throw new InputException("--context", "", "" + context.getAsInt(), "give at least 2");
    }
    if (maxTokens.isPresent() && maxTokens.getAsLong() < 1) {
      throw new InputException("--max-tokens", "", "" + maxTokens.getAsLong(), "give at least 1");
    }
  }

  public static TokenInput text(Path... files) {
    return new TokenInput(List.of(files), null, OptionalInt.empty(), OptionalLong.empty());
  }

  public static TokenInput tokens(Path npy) {
    return new TokenInput(List.of(), npy, OptionalInt.empty(), OptionalLong.empty());
  }

  public TokenInput withContext(int context) {
    return new TokenInput(text, tokens, OptionalInt.of(context), maxTokens);
  }

  public TokenInput withMaxTokens(long maxTokens) {
    return new TokenInput(text, tokens, context, OptionalLong.of(maxTokens));
  }
}
