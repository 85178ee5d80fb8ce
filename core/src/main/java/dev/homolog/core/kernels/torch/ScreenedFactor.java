package dev.homolog.core.kernels.torch;

import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.kernels.vector.ProductMargins;
import dev.homolog.core.memory.Tensor;

/**
 * A prepared factor W [K, N] whose products are screened.
 *
 * @param transposed Wᵀ in F32 [N, K], contiguous
 * @param rounded Wᵀ in BF16 [N, K], contiguous
 * @param margins of products with its rows
 */
record ScreenedFactor(Tensor transposed, Tensor rounded, ProductMargins margins)
    implements PreparedFactor {

  @Override
  public long rows() {
    return transposed.cols();
  }

  @Override
  public long cols() {
    return transposed.rows();
  }
}
