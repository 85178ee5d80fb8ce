package dev.homolog.core.kernels.torch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the processor has that neither Java nor libtorch's C ABI tells. */
final class Processor {
  private static final boolean AMX = flags().contains(" amx_bf16");

  private Processor() {}

  /**
   * Whether it has units that multiply matrices of bfloat16 (AMX), known on Linux alone. Without
   * them libtorch's products in bfloat16 are no faster than others, or sum in bfloat16.
   */
  static boolean multipliesBfloat16() {
    return AMX;
  }

  private static String flags() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines.filter(line -> line.startsWith("flags")).findFirst().orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
