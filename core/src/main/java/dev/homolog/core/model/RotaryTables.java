package dev.homolog.core.model;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.PositionSpec;
import java.lang.foreign.Arena;
import java.util.Optional;

/**
 * Cosine and sine of the angle by which rotary positions rotate a pair of dimensions, computed in
 * double.
 *
 * @param cos [positions, pairs]
 * @param sin of the same shape
 */
record RotaryTables(Tensor cos, Tensor sin) {

  /**
   * The tables of a model for batches of that many tokens, on the kernels' device; empty where
   * positions are learned.
   */
  static Optional<RotaryTables> of(
      ModelConfig config, Kernels kernels, Arena arena, long maxTokens) {
    if (!(config.architecture().positions() instanceof PositionSpec.Rotary rotary)) {
      return Optional.empty();
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
      return Optional.of(
          new RotaryTables(kernels.fromHost(arena, cos), kernels.fromHost(arena, sin)));
    }
  }

  /** Bytes that {@link #of} takes. */
  static long bytes(DType working, ModelConfig config, long maxTokens) {
    return config.architecture().positions() instanceof PositionSpec.Rotary rotary
        ? positions(config, maxTokens) * rotary.dims() * working.bytes()
        : 0;
  }

  /** No row is longer than a batch. */
  private static long positions(ModelConfig config, long maxTokens) {
    return Math.min(config.positions(), maxTokens);
  }
}
