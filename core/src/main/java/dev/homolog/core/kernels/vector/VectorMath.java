package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/** Elementary functions on vectors, to about 2e-7, without the platform's mathematics library. */
final class VectorMath {
  /** Adding 1.5 · 2^23 rounds to an integer that then stands in the low bits. */
  private static final float ROUND = 0x1.8p23f;

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  /** A power of two that keeps e^x a normal number where e^x is not, and one over it. */
  private static final int RAISING = 48;

  /** What {@link #raisedExp} is to be multiplied by. */
  static final float LOWERING = 0x1p-48f;

  private VectorMath() {}

  /**
   * x = e^x for elements [from, to), whole vectors of them; x is held in [-87, 88], so the result
   * is a normal number. NaN stays NaN. A loop over an array, since C2 inlines so long a function
   * into few callers, and allocates a vector an element in the others.
   */
  static void exp(float[] x, int from, int to) {
    exp(x, from, to, -87, 88, ROUND);
  }

  /** As {@link #exp}, but times 1 / {@link #LOWERING}; x is held in [-119, 54]. */
  static void raisedExp(float[] x, int from, int to) {
    exp(x, from, to, -119, 54, ROUND + RAISING);
  }

  /**
   * @param round such that what is added to it is rounded to a whole number that stands in the low
   *     bits, the exponent of the result
   */
  private static void exp(float[] x, int from, int to, float least, float most, float round) {
    for (int i = from; i < to; i += Tile.LANES) {
      // Not max and min, which take five instructions each where the processor knows no Java.
      FloatVector given = FloatVector.fromArray(Tile.SPECIES, x, i);
      FloatVector held = given.blend(least, given.compare(LT, least));
      held = held.blend(most, held.compare(GT, most));
      FloatVector shifted = held.fma(LOG2_E, round);
      FloatVector n = shifted.sub(round);
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
}
