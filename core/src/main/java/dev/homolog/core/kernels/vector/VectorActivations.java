package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.ABS;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.homolog.core.kernels.scalar.ScalarMath;
import dev.homolog.core.model.family.Activation;
import jdk.incubator.vector.FloatVector;

/**
 * Activation functions on lines of floats. The relative error is below 1e-4 wherever single
 * precision holds the result, and about 5e-7 where the result is not far below 1. Each element's
 * result depends on that element alone.
 */
final class VectorActivations {
  private static final float SQRT_2_OVER_PI = 0.7978845608f;

  /** Beyond it e^u leaves single precision, or 1 over it does. */
  private static final float FAR = 87;

  /** Something whose e^u adds nothing to 1. */
  private static final float NOTHING = -87;

  /** From here on down the exact GELU is 0 in single precision. */
  private static final float TAIL_END = 15;

  private static final float MINUS_INFINITY = Float.NEGATIVE_INFINITY;

  private VectorActivations() {}

  /**
   * line[i] = f(line[i]) for i in [0, n), n a multiple of Tile.LANES.
   *
   * @param scratch n floats
   */
  static void activate(Activation f, float[] line, int n, float[] scratch) {
    switch (f) {
      case LINEAR -> {}
      case GELU_TANH -> geluTanh(line, n, scratch);
      case GELU_ERF -> geluErf(line, n, scratch);
      case GELU_10 -> {
        geluErf(line, n, scratch);
        atMost((float) Activation.CLIP, line, n);
      }
      case RELU -> relu(line, n);
      case RELU_SQUARED -> {
        relu(line, n);
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
          x.mul(x).intoArray(line, i);
        }
      }
      case RELU6 -> {
        relu(line, n);
        atMost(6, line, n);
      }
      case LEAKY_RELU -> {
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
          x.blend(x.mul((float) Activation.LEAK), x.compare(LT, 0f)).intoArray(line, i);
        }
      }
      case SILU -> swish(-1, line, n, scratch);
      case QUICK_GELU -> swish((float) -Activation.QUICK, line, n, scratch);
      case HARD_SWISH -> {
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
          FloatVector gate = x.add(3f);
          gate = gate.blend(0f, gate.compare(LT, 0f));
          gate = gate.blend(6f, gate.compare(GT, 6f));
          x.mul(gate.div(6f)).intoArray(line, i);
        }
      }
      case SIGMOID, TANH, MISH, LAPLACE, SQRT_SOFTPLUS -> {
        // Hardly any model has them: not worth approximations of their own.
        for (int i = 0; i < n; i++) {
          line[i] = (float) ScalarMath.activate(f, line[i]);
        }
      }
    }
  }

  private static void relu(float[] line, int n) {
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector.fromArray(Tile.SPECIES, line, i).max(0f).intoArray(line, i);
    }
  }

  private static void atMost(float most, float[] line, int n) {
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
      x.blend(most, x.compare(GT, most)).intoArray(line, i);
    }
  }

  /** (1 + tanh u) / 2 = 1 / (1 + e^-2u), which does not cancel. */
  private static void geluTanh(float[] line, int n, float[] scratch) {
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
      x.mul(x).mul(x).mul(0.044715f).add(x).mul(-2 * SQRT_2_OVER_PI).intoArray(scratch, i);
    }
    divideByOnePlusExp(line, n, scratch);
  }

  /** x / (1 + e^(factor x)). */
  private static void swish(float factor, float[] line, int n, float[] scratch) {
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector.fromArray(Tile.SPECIES, line, i).mul(factor).intoArray(scratch, i);
    }
    divideByOnePlusExp(line, n, scratch);
  }

  /** line = line / (1 + e^u). */
  private static void divideByOnePlusExp(float[] line, int n, float[] u) {
    if (isAnyFar(u, n)) {
      divideFar(line, n, u);
    }
    VectorMath.exp(u, 0, n);
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector.fromArray(Tile.SPECIES, line, i)
          .div(FloatVector.fromArray(Tile.SPECIES, u, i).add(1f))
          .intoArray(line, i);
    }
  }

  private static boolean isAnyFar(float[] u, int n) {
    FloatVector most = FloatVector.zero(Tile.SPECIES);
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector given = FloatVector.fromArray(Tile.SPECIES, u, i);
      most = most.blend(given, given.compare(GT, most));
    }
    return most.compare(GT, FAR).anyTrue();
  }

  /** The few elements whose quotient may be less than a normal number: in double. */
  private static void divideFar(float[] line, int n, float[] u) {
    for (int i = 0; i < n; i++) {
      if (u[i] > FAR) {
        line[i] = (float) (line[i] / (1 + Math.exp(u[i])));
        u[i] = NOTHING;
      }
    }
  }

  /**
   * x Φ(x) = max(0, x) - |x| Φ(-|x|), where Φ is the normal distribution function: no difference of
   * two numbers that are nearly the same. Φ(-|x|) is e^(-x²/2) times a function that hardly moves.
   */
  private static void geluErf(float[] line, int n, float[] scratch) {
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector a = held(FloatVector.fromArray(Tile.SPECIES, line, i));
      a.mul(a).mul(-0.5f).intoArray(scratch, i);
    }
    VectorMath.raisedExp(scratch, 0, n);
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
      FloatVector a = held(x);
      FloatVector tail =
          millsRatio(a)
              .mul(FloatVector.fromArray(Tile.SPECIES, scratch, i))
              .mul(a)
              .mul(VectorMath.LOWERING);
      x.blend(0f, x.compare(LT, 0f))
          .sub(tail)
          .blend(Float.NaN, x.compare(EQ, MINUS_INFINITY)) // which is no activation
          .intoArray(line, i);
    }
  }

  private static FloatVector held(FloatVector x) {
    FloatVector a = x.lanewise(ABS);
    return a.blend(TAIL_END, a.compare(GT, TAIL_END));
  }

  /**
   * e^(a²/2) Φ(-a) for a in [0, 15]: a minimax rational approximation, to 7e-9 of itself. All
   * coefficients are positive, so that single precision adds little to that.
   */
  private static FloatVector millsRatio(FloatVector a) {
    FloatVector p = a.mul(4.1532562885e-3f).add(4.0881297787e-2f);
    p = p.fma(a, vector(1.8396962608e-1f));
    p = p.fma(a, vector(4.3928406024e-1f));
    p = p.fma(a, vector(5.0000000315e-1f));
    FloatVector q = a.mul(1.0410557982e-2f).add(1.0248033335e-1f);
    q = q.fma(a, vector(4.7140998852e-1f));
    q = q.fma(a, vector(1.2055502608f));
    q = q.fma(a, vector(1.6764531275f));
    q = q.fma(a, vector(1));
    return p.div(q);
  }

  private static FloatVector vector(float value) {
    return FloatVector.broadcast(Tile.SPECIES, value);
  }
}
