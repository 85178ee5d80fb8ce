package dev.homolog.core.model;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * Scratch memory of a forward pass over T tokens; models of the same width can share it.
 *
 * @param residual the residual stream [T, d_model]
 * @param normal a LayerNorm's output [T, d_model]
 * @param qkv queries, keys and values [T, 3 d_model]
 * @param z the heads' outputs [T, d_model]
 */
record ForwardBuffers(Tensor residual, Tensor normal, Tensor qkv, Tensor z) {

  static ForwardBuffers allocate(Arena arena, Kernels kernels, ModelConfig config, long tokens) {
    DType dtype = kernels.working();
    int d = config.dModel();
    return new ForwardBuffers(
        kernels.allocate(arena, dtype, tokens, d),
        kernels.allocate(arena, dtype, tokens, d),
        kernels.allocate(arena, dtype, tokens, config.dQkv()),
        kernels.allocate(arena, dtype, tokens, d));
  }

  /** Bytes that {@link #allocate} takes. */
  static long bytes(DType dtype, ModelConfig config, long tokens) {
    return (3L * config.dModel() + config.dQkv()) * tokens * dtype.bytes();
  }

  ForwardBuffers firstTokens(long tokens) {
    return new ForwardBuffers(
        residual.rows(0, tokens), normal.rows(0, tokens), qkv.rows(0, tokens), z.rows(0, tokens));
  }
}
