package dev.homolog.cli;

import java.util.OptionalInt;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** How much text is read, and in rows of which width. */
final class LengthFlags {
  @Option(
      names = "--context",
      paramLabel = "C",
      description = "tokens a row, BOS included (default: the smaller of 256 and the models')")
  private Integer context;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "most positions to read, BOS included, cut to whole rows (default: all)")
  private Long maxTokens;

  OptionalInt context() {
    return context == null ? OptionalInt.empty() : OptionalInt.of(context);
  }

  OptionalLong maxTokens() {
    return maxTokens == null ? OptionalLong.empty() : OptionalLong.of(maxTokens);
  }
}
