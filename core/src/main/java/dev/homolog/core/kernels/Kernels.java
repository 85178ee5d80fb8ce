package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;

/**
 * Bulk operations on the tensors of one device: what the forward pass and the statistics are made
 * of. Implementations agree to the tolerance of their {@link #working} type; the scalar backend in
 * double is the oracle.
 *
 * <p>T is the number of tokens of a batch (rows times context), N a number of neurons. A tensor
 * argument is [rows, cols]; a vector is [1, n]. Outputs may be views; they must not overlap inputs
 * unless a method says so. Shapes are checked, and a wrong one throws {@link
 * IllegalArgumentException}. One thread calls an instance at a time. An instance uses as many
 * threads as it was made with, and its results do not depend on their number.
 */
public interface Kernels extends Memory, ForwardPass, Statistics, AutoCloseable {

  /** The backend's name on the command line. */
  String name();

  /** One line that says what runs: instruction set or library version, threads, precision. */
  String description();

  /** What factors of products and their sums are rounded to, in a few words for every result. */
  String precision();

  /**
   * What decides the last bits of results, in a few words: which kernels, of which version, in
   * vectors of which width. The number of threads does not.
   */
  String numerics();

  /** Mean and one over the deviation of each column, F64 [1, N] each. */
  record Columns(Tensor mean, Tensor inverse) {}

  /** Threads of the host that an instance computes on, the caller's among them. */
  int threads();

  /** Whether an operation threw this because the device had no room; never so on the host. */
  default boolean isOutOfDeviceMemory(RuntimeException e) {
    return false;
  }

  /** Frees threads and native handles; idempotent. */
  @Override
  void close();
}
