package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.homolog.core.model.family.Activation;
import jdk.incubator.vector.FloatVector;

/** Elementary functions on vectors, to about 2e-7, without the platform's mathematics library. */
final class VectorMath {
  /** Adding 1.5 · 2^23 rounds to an integer that then stands in the low bits. */
  private static final float ROUND = 0x1.8p23f;

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  private static final float SQRT_2_OVER_PI = 0.7978845608f;

  /**
   * Minimax rational approximation of erf(x)/x in x² on [-4, 4]; beyond, erf is 1 in single
   * precision.
   */
  private static final float[] ERF_P = {
    -2.72614225801306e-10f,
    2.77068142495902e-08f,
    -2.10102402082508e-06f,
    -5.69250639462346e-05f,
    -7.34990630326855e-04f,
    -2.95459980854025e-03f,
    -1.60960333262415e-02f
  };

  private static final float[] ERF_Q = {
    -1.45660718464996e-05f,
    -2.13374055278905e-04f,
    -1.68282697438203e-03f,
    -7.37332916720468e-03f,
    -1.42647390514189e-02f
  };

  private VectorMath() {}

  /**
   * x = e^x for elements [from, to), whole vectors of them; x is held in [-87, 88], so the result
   * is a normal number. NaN stays NaN. A loop over an array, since C2 inlines so long a function
   * into few callers, and allocates a vector an element in the others.
   */
  static void exp(float[] x, int from, int to) {
    for (int i = from; i < to; i += Tile.LANES) {
      // Not max and min, which take five instructions each where the processor knows no Java.
      FloatVector given = FloatVector.fromArray(Tile.SPECIES, x, i);
      FloatVector held = given.blend(-87f, given.compare(LT, -87f));
      held = held.blend(88f, held.compare(GT, 88f));
      FloatVector shifted = held.fma(LOG2_E, ROUND);
      FloatVector n = shifted.sub(ROUND);
      FloatVector r = n.fma(vector(-LN2_LOW), n.fma(vector(-LN2_HIGH), held));
      FloatVector p = r.fma(1.9875691500e-4f, 1.3981999507e-3f);
      p = p.fma(r, vector(8.3334519073e-3f));
      p = p.fma(r, vector(4.1665795894e-2f));
      p = p.fma(r, vector(1.6666665459e-1f));
      p = p.fma(r, vector(5.0000001201e-1f));
      p = p.fma(r.mul(r), r.add(1f));
      p.reinterpretAsInts()
          .add(shifted.reinterpretAsInts().lanewise(LSHL, 23))
          .reinterpretAsFloats()
          .intoArray(x, i);
    }
  }

  private static FloatVector vector(float value) {
    return FloatVector.broadcast(Tile.SPECIES, value);
  }

  static FloatVector erf(FloatVector x) {
    FloatVector held = x.max(-4f).min(4f);
    FloatVector square = held.mul(held);
    FloatVector p = square.mul(ERF_P[0]).add(ERF_P[1]);
    for (int i = 2; i < ERF_P.length; i++) {
      p = p.fma(square, vector(ERF_P[i]));
    }
    FloatVector q = square.mul(ERF_Q[0]).add(ERF_Q[1]);
    for (int i = 2; i < ERF_Q.length; i++) {
      q = q.fma(square, vector(ERF_Q[i]));
    }
    return held.mul(p).div(q);
  }

  /**
   * The sum of the lanes, first to last. The order of {@code reduceLanes} is left open. It changes
   * when the JVM compiles the caller, so that two runs would differ in the last bits.
   */
  static double sum(FloatVector x) {
    double sum = 0;
    for (float lane : x.toArray()) {
      sum += lane;
    }
    return sum;
  }

  /**
   * line[i] = f(line[i]) for i in [0, n), n a multiple of Tile.LANES.
   *
   * @param scratch n floats
   */
  static void activate(Activation f, float[] line, int n, float[] scratch) {
    switch (f) {
      case GELU_TANH -> {
        // (1 + tanh u) / 2 = 1 / (1 + e^-2u)
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
          x.mul(x).mul(x).mul(0.044715f).add(x).mul(-2 * SQRT_2_OVER_PI).intoArray(scratch, i);
        }
        divideByOnePlusExp(line, n, scratch);
      }
      case GELU_ERF -> {
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, i);
          x.mul(0.5f).mul(erf(x.mul(0.70710678f)).add(1f)).intoArray(line, i);
        }
      }
      case RELU -> {
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector.fromArray(Tile.SPECIES, line, i).max(0f).intoArray(line, i);
        }
      }
      case SILU, QUICK_GELU -> {
        float factor = f == Activation.SILU ? -1 : (float) -Activation.QUICK;
        for (int i = 0; i < n; i += Tile.LANES) {
          FloatVector.fromArray(Tile.SPECIES, line, i).mul(factor).intoArray(scratch, i);
        }
        divideByOnePlusExp(line, n, scratch);
      }
    }
  }

  /** line = line / (1 + e^u). */
  private static void divideByOnePlusExp(float[] line, int n, float[] u) {
    exp(u, 0, n);
    for (int i = 0; i < n; i += Tile.LANES) {
      FloatVector.fromArray(Tile.SPECIES, line, i)
          .div(FloatVector.fromArray(Tile.SPECIES, u, i).add(1f))
          .intoArray(line, i);
    }
  }
}
