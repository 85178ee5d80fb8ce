package dev.homolog.core.model.family;

/**
 * How causal self-attention is made, beside its sizes.
 *
 * @param order of queries, keys and values in the output of their common matrix
 * @param biased whether the four matrices have biases
 * @param scaled whether scores are divided by √d_head
 * @param scaledByLayer whether scores are also divided by layer + 1 (Stanford CRFM models)
 */
public record AttentionSpec(
    HeadOrder order, boolean biased, boolean scaled, boolean scaledByLayer) {

  /** The factor of a layer's scores before the softmax. */
  public double scale(int dHead, int layer) {
    double scale = scaled ? 1 / Math.sqrt(dHead) : 1;
    return scaledByLayer ? scale / (layer + 1) : scale;
  }
}
