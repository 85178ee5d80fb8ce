package dev.homolog.cli;

import dev.homolog.analysis.input.TokenInput;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags of a command that reads text with one model: the model and INPUT. */
final class ModelFlags {
  @Option(names = "--model", required = true, paramLabel = "MODEL", description = HubFlags.MODEL)
  private String model;

  @Mixin private HubFlags hub = new HubFlags();
  @Mixin private InputFlags input = new InputFlags();

  /** Folders of models, of which those that are not there are fetched. */
  HubFlags.Folders fetched(PrintWriter err) {
    return hub.fetched(err);
  }

  /** The model's folder. */
  Path model(HubFlags.Folders folders) {
    return folders.of(model);
  }

  TokenInput input(RunFlags run) {
    return input.input(run);
  }
}
