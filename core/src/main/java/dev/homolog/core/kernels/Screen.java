package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;

/**
 * What products with a matrix W [K, N] are screened by: {@link ProductMaxima}.
 *
 * @param transposed Wᵀ as F32 [N, K], contiguous
 * @param rounded the same in BF16
 * @param margins of products with its rows
 */
record Screen(Tensor transposed, Tensor rounded, ProductMargins margins) {}
