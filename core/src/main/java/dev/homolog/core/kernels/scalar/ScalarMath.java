package dev.homolog.core.kernels.scalar;

import dev.homolog.core.model.family.Activation;

/** Activation functions in double precision. */
public final class ScalarMath {
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

  private ScalarMath() {}

  public static double activate(Activation f, double x) {
    return switch (f) {
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
      case GELU_ERF -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
      case RELU -> Math.max(0, x);
      case SILU -> x / (1 + Math.exp(-x));
      case QUICK_GELU -> x / (1 + Math.exp(-Activation.QUICK * x));
    };
  }

  /** Maclaurin series near zero, Lentz's continued fraction of erfc beyond: about 1e-15. */
  public static double erf(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    double a = Math.abs(x);
    if (a > 6) {
      return Math.signum(x);
    }
    if (a < 2.5) {
      double term = x;
      double sum = x;
      for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
        term *= -x * x / n;
        sum += term / (2 * n + 1);
      }
      return 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = a;
    for (int n = 120; n > 0; n--) {
      fraction = a + n / 2.0 / fraction;
    }
    double complement = Math.exp(-a * a) / (fraction * Math.sqrt(Math.PI));
    return Math.signum(x) * (1 - complement);
  }
}
