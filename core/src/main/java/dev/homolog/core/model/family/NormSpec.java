package dev.homolog.core.model.family;

/** How what reads the residual stream is normalised: before attention, the MLP and the logits. */
public sealed interface NormSpec {

  /** What is added to the variance before its root is taken. */
  double epsilon();

  /**
   * LayerNorm (Ba et al. 2016): mean 0 and variance 1 over d_model, times a gain, plus a bias.
   * Processed weights may therefore be centred over d_model, and gain and bias folded away.
   */
  record LayerNorm(double epsilon) implements NormSpec {}
}
