package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.tokens.TokenType;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The INPUT flags: text or tokens. */
final class InputFlags {
  @Mixin private TextFlags text = new TextFlags();

  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      description =
          "token ids instead of text: a .npy of int32, int64, uint16 or uint32 [rows, context], BOS"
              + " first, as homolog tokenize writes; or a flat stream [tokens], which --context"
              + " cuts into rows")
  private Path tokens;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      description =
          "type of the ids of a --tokens without a header, such as nanoGPT's .bin: uint16, uint32,"
              + " int32 or int64")
  private String dtype;

  TokenInput input(RunFlags run) {
    return new TokenInput(
        text.text(),
        tokens,
        run.context(),
        run.maxTokens(),
        text.share(),
        text.fields(),
        Optional.ofNullable(dtype).map(TokenType::parse));
  }
}
