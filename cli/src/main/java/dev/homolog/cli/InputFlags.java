package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The INPUT flags: text or tokens. */
final class InputFlags {
  @Mixin private TextFlags text = new TextFlags();

  @Option(
      names = "--tokens",
      paramLabel = "FILE.npy",
      description =
          "token ids instead of text: int32 or int64 [rows, context], BOS first; homolog tokenize"
              + " writes such a file")
  private Path tokens;

  TokenInput input(RunFlags run) {
    return new TokenInput(text.text(), tokens, run.context(), run.maxTokens(), text.share());
  }
}
