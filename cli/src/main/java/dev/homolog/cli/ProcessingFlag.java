package dev.homolog.cli;

import dev.homolog.core.model.Processing;
import picocli.CommandLine.Option;

/** How weights are processed before they are studied. */
final class ProcessingFlag {
  @Option(
      names = "--processing",
      paramLabel = "NAME",
      description =
          "of the weights that are looked at: folded (LayerNorms folded in, centred) or"
              + " raw, as stored (default: ${DEFAULT-VALUE})")
  private String processing = "folded";

  Processing processing() {
    return Processing.parse(processing);
  }
}
