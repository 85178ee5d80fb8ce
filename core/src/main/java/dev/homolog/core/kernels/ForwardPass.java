package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;

/**
 * The operations of a transformer's forward pass. {@link Kernels} says what holds of all operands.
 */
public interface ForwardPass {

  /**
   * out[t] = W_E[ids[t]] + W_pos[t mod context]. ids I32 [T, 1], W_E [vocab, d], W_pos [positions,
   * d] or null where positions come in later, out [T, d].
   */
  void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out);

  /**
   * Rows of x to mean 0 and variance 1 (plus epsilon), times gain, plus bias. x, out [T, d]; gain,
   * bias [1, d].
   */
  void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out);

  /**
   * What {@link #layerNorm} divides each row by: √(variance + epsilon). x [T, d], scale F64 [T, 1].
   */
  void layerNormScale(Tensor x, double epsilon, Tensor scale);

  /** out = x W + b. x [T, in], W [in, out], b [1, out] or null, out [T, out]. */
  void linear(Tensor x, Tensor W, Tensor b, Tensor out);

  /** out += x W + b: a write to the residual stream. Shapes as {@link #linear}. */
  void addLinear(Tensor x, Tensor W, Tensor b, Tensor out);

  /**
   * pre = x W + b and post = f(pre); {@code pre} may be null where nobody reads it. Shapes as
   * {@link #linear}.
   */
  void linearActivate(Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post);

  /**
   * Rotary positions, in place, on every query and key of position p = t mod context. For i below
   * pairs, x = x_i and y = x_(i + pairs) become x cos[p, i] − y sin[p, i] and y cos[p, i] + x
   * sin[p, i]. qkv [T, 3 d] as {@code shape} has it; cos, sin [context or more, pairs] of the
   * working type.
   */
  void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin);

  /** Causal softmax attention within each row. qkv [T, 3 d] as {@code shape} has it; out [T, d]. */
  void attention(Tensor qkv, AttentionShape shape, Tensor out);
}
