package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;

/**
 * What is done to logits as they are read, which stay as they are: x[t, v] = scale[t] logits[t, v]
 * + along[t] direction[v]. A row whose scale is 1 and whose along is 0 is read to the last bit as
 * it is.
 *
 * @param scale F64 [T, 1], or null for 1 everywhere
 * @param along F64 [T, 1], or null for 0 everywhere
 * @param direction [1, vocab] of the logits' type; null together with {@code along}
 */
public record LogitAdjustment(Tensor scale, Tensor along, Tensor direction) {
  /** Logits as they are. */
  public static final LogitAdjustment NONE = new LogitAdjustment(null, null, null);

  public LogitAdjustment {
    if ((along == null) != (direction == null)) {
      throw new IllegalArgumentException("along " + along + " with direction " + direction);
    }
  }

  /** That of some rows. */
  public LogitAdjustment rows(long from, long to) {
    return new LogitAdjustment(
        scale == null ? null : scale.rows(from, to),
        along == null ? null : along.rows(from, to),
        direction);
  }
}
