package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;

/**
 * What products with a matrix W [K, N] are screened by: {@link ProductMaxima}.
 *
 * @param rounded Wᵀ in BF16 [N, K], contiguous
 * @param margins of products with its rows
 */
record Screen(Tensor rounded, ProductMargins margins) {}
