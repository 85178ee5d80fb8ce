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
   * Most tokens whose products are added up in single precision. Each of the additions, one every
   * 2,048 tokens or fewer, rounds by at most 2⁻²⁴ of the sum so far: over so many tokens a
   * correlation is off by 4e-7 of itself (root mean square), which is no more than the products
   * inside one addition are.
   */
  public static final long SINGLE_TOKENS = 1L << 20;

  /**
   * For a text of that many tokens: in single precision, half the memory, where that is as good.
   */
  public static SumMemory of(Kernels kernels, Arena arena, long tokens) {
    return new SumMemory(kernels, arena, type(kernels, tokens));
  }

  /** The type that {@link #of} takes. */
  public static DType type(Kernels kernels, long tokens) {
    return tokens <= SINGLE_TOKENS ? kernels.working() : DType.F64;
  }
}
