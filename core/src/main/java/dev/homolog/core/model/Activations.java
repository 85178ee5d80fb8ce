package dev.homolog.core.model;

import dev.homolog.core.memory.Tensor;

/**
 * Where a forward pass leaves what it saw. Each is [T, layers · d_mlp] (neuron n of layer l in
 * column l · d_mlp + n) or [T, vocab], or null where nobody reads it.
 *
 * @param pre MLP_PRE
 * @param post MLP_POST
 * @param logits of the next token
 */
public record Activations(Tensor pre, Tensor post, Tensor logits) {

  /** Both MLP sites and no logits. */
  public static Activations sites(Tensor pre, Tensor post) {
    return new Activations(pre, post, null);
  }

  static Tensor layer(Tensor site, int layer, int dMlp) {
    return site == null ? null : site.columns((long) layer * dMlp, (layer + 1L) * dMlp);
  }
}
