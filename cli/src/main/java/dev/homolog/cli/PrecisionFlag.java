package dev.homolog.cli;

import picocli.CommandLine.Option;

/** The flag of the precision of matrix products. */
final class PrecisionFlag {
  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description = "of matrix products: fp32, or bf16 on a GPU (default: ${DEFAULT-VALUE})")
  private String precision = "fp32";

  /** As given, unchecked. */
  String precision() {
    return precision;
  }
}
