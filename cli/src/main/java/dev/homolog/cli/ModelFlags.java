package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The flags of a command that reads text with one model: the model and INPUT. */
final class ModelFlags {
  @Option(names = "--model", required = true, paramLabel = "MODEL", description = HubFlags.MODEL)
  private String model;

  @Mixin private HubFlags hub = new HubFlags();
  @Mixin private InputFlags input = new InputFlags();

  /** The model's folder; what is not there is fetched. */
  Path model(CommandSpec spec) {
    return hub.folder(model, true, spec.commandLine().getErr());
  }

  TokenInput input(RunFlags run) {
    return input.input(run);
  }
}
