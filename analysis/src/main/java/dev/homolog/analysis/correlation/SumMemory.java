package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import java.lang.foreign.Arena;

/**
 * Where sums of products are kept, and in what precision.
 *
 * @param arena whose end is theirs
 * @param type F32 or F64
 */
public record SumMemory(Kernels kernels, Arena arena, DType type) {
  /**
   * Most additions in single precision. Each rounds by at most 2⁻²⁴ of the sum so far. After so
   * many a correlation has a relative error of 3e-7 (root mean square). It is 8e-6 where all
   * batches are the same and every addition rounds the same way.
   */
  static final long SINGLE_ADDITIONS = 512;

  /** Most tokens that are one addition. */
  static final long ADDITION = 2048;

  /**
   * In single precision, half the memory, where that is as good.
   *
   * @param tokens of the text
   * @param batch tokens of a batch
   */
  public static SumMemory of(Kernels kernels, Arena arena, long tokens, long batch) {
    return new SumMemory(kernels, arena, type(kernels, tokens, batch));
  }

  /** The type that {@link #of} takes. */
  public static DType type(Kernels kernels, long tokens, long batch) {
    long additions = Math.ceilDiv(tokens, batch) * Math.ceilDiv(batch, ADDITION);
    return additions <= SINGLE_ADDITIONS ? kernels.working() : DType.F64;
  }
}
