package dev.homolog.core.model.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The non-linearity of an MLP layer, between the sites {@code MLP_PRE} and {@code MLP_POST}. */
public enum Activation {
  /**
   * GPT-2: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); {@code gelu_new} and the names of the
   * same formula in other words.
   */
  GELU_TANH,
  /** 0.5 x (1 + erf(x / sqrt 2)); {@code gelu}. */
  GELU_ERF,
  RELU,
  /** x sigmoid(x); {@code silu}, {@code swish}. */
  SILU,
  /** x sigmoid(1.702 x); {@code quick_gelu}. */
  QUICK_GELU;

  /** The factor in {@link #QUICK_GELU}. */
  public static final double QUICK = 1.702;

  private static final Map<String, Activation> BY_NAME = byName();

  private static Map<String, Activation> byName() {
    Map<String, Activation> names = new LinkedHashMap<>();
    names.put("gelu_new", GELU_TANH);
    names.put("gelu_fast", GELU_TANH);
    names.put("gelu_pytorch_tanh", GELU_TANH);
    names.put("gelu_python_tanh", GELU_TANH);
    names.put("gelu_accurate", GELU_TANH);
    names.put("gelu", GELU_ERF);
    names.put("gelu_python", GELU_ERF);
    names.put("relu", RELU);
    names.put("silu", SILU);
    names.put("swish", SILU);
    names.put("quick_gelu", QUICK_GELU);
    return Collections.unmodifiableMap(names);
  }

  /** The functions by the names that {@code config.json} has for them (transformers' ACT2FN). */
  public static Map<String, Activation> names() {
    return BY_NAME;
  }
}
