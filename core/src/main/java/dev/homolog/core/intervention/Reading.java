package dev.homolog.core.intervention;

/** How the residual stream after the last layer is read. */
public enum Reading {
  /** As the model reads it: the whole effect of an intervention. */
  TOTAL,
  /**
   * With the last LayerNorm's scale as it is without the intervention: the effect that is not
   * mediated by it (Gurnee et al. 2024, section 5.2).
   */
  FROZEN_SCALE,
  /**
   * With the logits' component along a direction of the vocabulary as it is without the
   * intervention (Stolfo et al. 2024, section 4, where it is the direction of token frequency).
   */
  FROZEN_DIRECTION
}
