package dev.homolog.core.kernels;

/**
 * A matrix W [K, N] that many rows are multiplied by, as one backend has prepared it: see {@link
 * Kernels#prepare}. Only kernels of that backend can use it.
 */
public interface PreparedFactor {
  /** K: the terms of each product. */
  long rows();

  /** N: the products of each row. */
  long cols();
}
