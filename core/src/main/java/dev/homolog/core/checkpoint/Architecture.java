package dev.homolog.core.checkpoint;

import java.util.Optional;

/**
 * How the blocks of a model are made: all that can differ between two models of the same sizes.
 *
 * @param family names and order of the stored tensors
 * @param scaleAttnWeights whether scores are divided by sqrt(d_head)
 * @param scaleAttnByInverseLayerIdx whether scores are also divided by layer + 1 (Stanford CRFM
 *     models)
 * @param attentionBias whether the four matrices of attention have biases
 * @param parallelResidual whether the MLP reads what attention reads, not what it has written
 * @param rotary how positions turn queries and keys; empty where they are learned and added to the
 *     embedding
 */
public record Architecture(
    Family family,
    boolean scaleAttnWeights,
    boolean scaleAttnByInverseLayerIdx,
    boolean attentionBias,
    boolean parallelResidual,
    Optional<Rotary> rotary) {

  /**
   * @throws IllegalArgumentException if positions are not those of the family
   */
  public Architecture {
    if (rotary.isPresent() != (family == Family.GPT_NEOX)) {
      throw new IllegalArgumentException(family.title() + " with rotary positions " + rotary);
    }
  }

  /** GPT-2 as it was published. */
  public static Architecture gpt2() {
    return gpt2(true, false);
  }

  /** GPT-2 with its two switches. */
  public static Architecture gpt2(boolean scaleAttnWeights, boolean scaleAttnByInverseLayerIdx) {
    return new Architecture(
        Family.GPT2, scaleAttnWeights, scaleAttnByInverseLayerIdx, true, false, Optional.empty());
  }

  /** GPT-NeoX with its switches. */
  public static Architecture gptNeoX(
      boolean parallelResidual, boolean attentionBias, Rotary rotary) {
    return new Architecture(
        Family.GPT_NEOX, true, false, attentionBias, parallelResidual, Optional.of(rotary));
  }
}
