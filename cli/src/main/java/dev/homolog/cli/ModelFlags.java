package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.checkpoint.HubCache;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags of a command that reads text with one model: the model and INPUT. */
final class ModelFlags {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "its Hugging Face folder, or org/name[@revision] of one in the local cache")
  private String model;

  @Mixin private InputFlags input = new InputFlags();

  Path model() {
    return HubCache.folder(model);
  }

  TokenInput input(RunFlags run) {
    return input.input(run);
  }
}
