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
  /** {@link #GELU_ERF} held at {@link #CLIP}, which it only reaches above; {@code gelu_10}. */
  GELU_10,
  RELU,
  /** The square of max(0, x); {@code relu2}. */
  RELU_SQUARED,
  /** max(0, x), at most 6. */
  RELU6,
  /** x above 0, {@link #LEAK} x below. */
  LEAKY_RELU,
  /** x itself. */
  LINEAR,
  /** x sigmoid(x); {@code silu}, {@code swish}. */
  SILU,
  /** x sigmoid(1.702 x); {@code quick_gelu}. */
  QUICK_GELU,
  /** x (x + 3) / 6, where x + 3 is held between 0 and 6. */
  HARD_SWISH,
  /** 1 / (1 + e^-x). */
  SIGMOID,
  TANH,
  /** x tanh(log(1 + e^x)). */
  MISH,
  /** The distribution function of a normal variable of mean 0.707107 and deviation 0.282095. */
  LAPLACE,
  /** The root of log(1 + e^x). */
  SQRT_SOFTPLUS;

  /** The factor in {@link #QUICK_GELU}. */
  public static final double QUICK = 1.702;

  /** The greatest value of {@link #GELU_10}. */
  public static final double CLIP = 10;

  /** The slope of {@link #LEAKY_RELU} below 0. */
  public static final double LEAK = 0.01;

  /** The mean in {@link #LAPLACE}, as transformers have it. */
  public static final double LAPLACE_MEAN = 0.707107;

  /** The deviation in {@link #LAPLACE}, as transformers have it. */
  public static final double LAPLACE_DEVIATION = 0.282095;

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
    names.put("gelu_10", GELU_10);
    names.put("relu", RELU);
    names.put("relu2", RELU_SQUARED);
    names.put("relu6", RELU6);
    names.put("leaky_relu", LEAKY_RELU);
    names.put("linear", LINEAR);
    names.put("silu", SILU);
    names.put("swish", SILU);
    names.put("quick_gelu", QUICK_GELU);
    names.put("hardswish", HARD_SWISH);
    names.put("sigmoid", SIGMOID);
    names.put("tanh", TANH);
    names.put("mish", MISH);
    names.put("laplace", LAPLACE);
    names.put("sqrtsoftplus", SQRT_SOFTPLUS);
    return Collections.unmodifiableMap(names);
  }

  /** The functions by the names that {@code config.json} has for them (transformers' ACT2FN). */
  public static Map<String, Activation> names() {
    return BY_NAME;
  }
}
