package dev.homolog.core.model;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.Rotary;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * Cosine and sine of the angle by which rotary positions turn a pair of dimensions, computed in
 * double.
 *
 * @param cos [positions, pairs]
 * @param sin of the same shape
 */
record RotaryTables(Tensor cos, Tensor sin) {

  /**
   * The tables of a model for batches of that many tokens, on the kernels' device; null where
   * positions are learned.
   */
  static RotaryTables of(ModelConfig config, Kernels kernels, Arena arena, long maxTokens) {
    Rotary rotary = config.architecture().rotary().orElse(null);
    if (rotary == null) {
      return null;
    }
    long positions = positions(config, maxTokens);
    int pairs = rotary.dims() / 2;
    try (Arena host = Arena.ofConfined()) {
      Tensor cos = Tensor.allocate(host, kernels.working(), positions, pairs);
      Tensor sin = Tensor.allocate(host, kernels.working(), positions, pairs);
      for (long p = 0; p < positions; p++) {
        for (int i = 0; i < pairs; i++) {
          cos.set(p, i, Math.cos(rotary.angle(p, i)));
          sin.set(p, i, Math.sin(rotary.angle(p, i)));
        }
      }
      return new RotaryTables(kernels.fromHost(arena, cos), kernels.fromHost(arena, sin));
    }
  }

  /** Bytes that {@link #of} takes. */
  static long bytes(DType working, ModelConfig config, long maxTokens) {
    return config
        .architecture()
        .rotary()
        .map(rotary -> positions(config, maxTokens) * rotary.dims() * working.bytes())
        .orElse(0L);
  }

  /** No row is longer than a batch. */
  private static long positions(ModelConfig config, long maxTokens) {
    return Math.min(config.positions(), maxTokens);
  }
}
