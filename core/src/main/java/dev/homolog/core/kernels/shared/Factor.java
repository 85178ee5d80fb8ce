package dev.homolog.core.kernels.shared;

import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.memory.Tensor;

/**
 * A prepared factor of kernels that read the matrix as it is.
 *
 * @param W the matrix [K, N]
 */
public record Factor(Tensor W) implements PreparedFactor {

  /**
   * The factor behind its public face.
   *
   * @throws IllegalArgumentException if another backend prepared it
   */
  public static Factor of(PreparedFactor prepared) {
    if (prepared instanceof Factor factor) {
      return factor;
    }
    throw new IllegalArgumentException("a factor prepared by another backend: " + prepared);
  }

  @Override
  public long rows() {
    return W.rows();
  }

  @Override
  public long cols() {
    return W.cols();
  }
}
