package dev.homolog.core.kernels.scalar;

import dev.homolog.core.model.family.Activation;

/**
 * Activation functions in double precision. None is the small difference of large numbers, so that
 * tails keep their digits: 1 + tanh(u) is 2 / (1 + e^-2u), and 1 + erf(x) is erfc(-x).
 */
public final class ScalarMath {
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

  /** From here on log(1 + e^x) is x, as in PyTorch. */
  private static final double SOFTPLUS_LINEAR = 20;

  /** Where the series of erf ends and the continued fraction of its complement begins. */
  private static final double SERIES = 2.5;

  private ScalarMath() {}

  /** f(x), to about 1e-10 of itself. */
  public static double activate(Activation f, double x) {
    return switch (f) {
      case GELU_TANH -> timesSigmoid(x, 2 * SQRT_2_OVER_PI * (x + 0.044715 * x * x * x));
      case GELU_ERF -> 0.5 * x * erfc(-x / Math.sqrt(2));
      case GELU_10 -> Math.min(Activation.CLIP, activate(Activation.GELU_ERF, x));
      case RELU -> Math.max(0, x);
      case RELU_SQUARED -> Math.max(0, x) * Math.max(0, x);
      case RELU6 -> Math.min(6, Math.max(0, x));
      case LEAKY_RELU -> Math.max(x, Activation.LEAK * x);
      case LINEAR -> x;
      case SILU -> timesSigmoid(x, x);
      case QUICK_GELU -> timesSigmoid(x, Activation.QUICK * x);
      case HARD_SWISH -> x * (Math.clamp(x + 3, 0.0, 6.0) / 6);
      case SIGMOID -> timesSigmoid(1, x);
      case TANH -> Math.tanh(x);
      case MISH -> mish(x);
      case LAPLACE ->
          0.5 * erfc((Activation.LAPLACE_MEAN - x) / (Activation.LAPLACE_DEVIATION * Math.sqrt(2)));
      case SQRT_SOFTPLUS -> sqrtSoftplus(x);
    };
  }

  /** x / (1 + e^-s). */
  private static double timesSigmoid(double x, double s) {
    return x / (1 + Math.exp(-s));
  }

  private static double sqrtSoftplus(double x) {
    // Far below 0 it is e^(x/2), which double holds where it does not hold e^x.
    return x < -2 * SOFTPLUS_LINEAR
        ? Math.exp(x / 2)
        : Math.sqrt(x > SOFTPLUS_LINEAR ? x : Math.log1p(Math.exp(x)));
  }

  /** With n = e^x, tanh(log(1 + n)) = n (n + 2) / (n (n + 2) + 2). */
  private static double mish(double x) {
    double n = Math.exp(Math.min(x, SOFTPLUS_LINEAR));
    double w = n * (n + 2);
    return x * (w / (w + 2));
  }

  /** The error function, to about 1e-15. */
  public static double erf(double x) {
    double a = Math.abs(x);
    return a < SERIES ? series(x) : Math.signum(x) * (1 - erfc(a));
  }

  /**
   * 1 - erf(x), to about 1e-10 of itself: by the Maclaurin series near zero, by Lentz's continued
   * fraction beyond.
   */
  public static double erfc(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    double a = Math.abs(x);
    if (a < SERIES) {
      return 1 - series(x);
    }
    double fraction = a;
    for (int n = 120; n > 0; n--) {
      fraction = a + n / 2.0 / fraction;
    }
    double complement = Math.exp(-a * a) / (fraction * Math.sqrt(Math.PI));
    return x > 0 ? complement : 2 - complement;
  }

  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
}
