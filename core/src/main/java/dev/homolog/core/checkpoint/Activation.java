package dev.homolog.core.checkpoint;

/** The non-linearity of an MLP layer, between the sites {@code MLP_PRE} and {@code MLP_POST}. */
public enum Activation {
  /**
   * GPT-2: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); {@code gelu_new}, {@code
   * gelu_pytorch_tanh}.
   */
  GELU_TANH,
  /** 0.5 x (1 + erf(x / sqrt 2)); {@code gelu}. */
  GELU_ERF,
  RELU,
  /** x sigmoid(x); {@code silu}, {@code swish}. */
  SILU
}
