package dev.homolog.core.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner product of the matrix multiplication. It makes a tile [ROWS, COLS] of C from a panel of
 * A and a panel of B, all its sums in registers. The shape is the largest that C2 compiles without
 * spilling. C2 loads the B vectors and all broadcasts of a step before the first product. So 2 ROWS
 * + 2 + ROWS must stay under the number of registers (32 with AVX-512 and on Arm, else 16). With
 * five rows, or a width of panels that is no power of two, the loop holds spills or bounds checks.
 * It then runs at half the speed.
 */
final class Tile {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  static final int ROWS =
      SPECIES.vectorBitSize() >= 512 || System.getProperty("os.arch").equals("aarch64") ? 8 : 4;
  static final int COLS = 2 * LANES;

  /** Floats of a tile. */
  static final int SIZE = ROWS * COLS;

  /** Terms summed in registers: a panel of B of that depth is half an inner cache. */
  static final int DEPTH = 256;

  private Tile() {}

  /**
   * c[i, j] = Σ_p a[p, i] b[p, j] for p in [0, depth), added to what is there if {@code add}.
   *
   * @param a panel [depth, ROWS] at a0
   * @param b panel [depth, COLS] at b0
   * @param c tile [ROWS, COLS] at c0
   */
  static void multiply(
      float[] a, int a0, float[] b, int b0, int depth, float[] c, int c0, boolean add) {
    if (ROWS == 8) {
      multiply8(a, a0, b, b0, depth, c, c0, add);
    } else {
      multiply4(a, a0, b, b0, depth, c, c0, add);
    }
  }

  private static void multiply8(
      float[] a, int a0, float[] b, int b0, int depth, float[] c, int c0, boolean add) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c40 = c00;
    FloatVector c41 = c00;
    FloatVector c50 = c00;
    FloatVector c51 = c00;
    FloatVector c60 = c00;
    FloatVector c61 = c00;
    FloatVector c70 = c00;
    FloatVector c71 = c00;
    for (int p = 0; p < depth; p++) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, b, b0 + p * COLS);
      FloatVector v1 = FloatVector.fromArray(SPECIES, b, b0 + p * COLS + LANES);
      FloatVector s = FloatVector.broadcast(SPECIES, a[a0 + p * 8]);
      c00 = s.fma(v0, c00);
      c01 = s.fma(v1, c01);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 1]);
      c10 = s.fma(v0, c10);
      c11 = s.fma(v1, c11);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 2]);
      c20 = s.fma(v0, c20);
      c21 = s.fma(v1, c21);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 3]);
      c30 = s.fma(v0, c30);
      c31 = s.fma(v1, c31);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 4]);
      c40 = s.fma(v0, c40);
      c41 = s.fma(v1, c41);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 5]);
      c50 = s.fma(v0, c50);
      c51 = s.fma(v1, c51);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 6]);
      c60 = s.fma(v0, c60);
      c61 = s.fma(v1, c61);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 8 + 7]);
      c70 = s.fma(v0, c70);
      c71 = s.fma(v1, c71);
    }
    if (add) {
      c00 = c00.add(FloatVector.fromArray(SPECIES, c, c0 + 0 * LANES));
      c01 = c01.add(FloatVector.fromArray(SPECIES, c, c0 + 1 * LANES));
      c10 = c10.add(FloatVector.fromArray(SPECIES, c, c0 + 2 * LANES));
      c11 = c11.add(FloatVector.fromArray(SPECIES, c, c0 + 3 * LANES));
      c20 = c20.add(FloatVector.fromArray(SPECIES, c, c0 + 4 * LANES));
      c21 = c21.add(FloatVector.fromArray(SPECIES, c, c0 + 5 * LANES));
      c30 = c30.add(FloatVector.fromArray(SPECIES, c, c0 + 6 * LANES));
      c31 = c31.add(FloatVector.fromArray(SPECIES, c, c0 + 7 * LANES));
      c40 = c40.add(FloatVector.fromArray(SPECIES, c, c0 + 8 * LANES));
      c41 = c41.add(FloatVector.fromArray(SPECIES, c, c0 + 9 * LANES));
      c50 = c50.add(FloatVector.fromArray(SPECIES, c, c0 + 10 * LANES));
      c51 = c51.add(FloatVector.fromArray(SPECIES, c, c0 + 11 * LANES));
      c60 = c60.add(FloatVector.fromArray(SPECIES, c, c0 + 12 * LANES));
      c61 = c61.add(FloatVector.fromArray(SPECIES, c, c0 + 13 * LANES));
      c70 = c70.add(FloatVector.fromArray(SPECIES, c, c0 + 14 * LANES));
      c71 = c71.add(FloatVector.fromArray(SPECIES, c, c0 + 15 * LANES));
    }
    c00.intoArray(c, c0 + 0 * LANES);
    c01.intoArray(c, c0 + 1 * LANES);
    c10.intoArray(c, c0 + 2 * LANES);
    c11.intoArray(c, c0 + 3 * LANES);
    c20.intoArray(c, c0 + 4 * LANES);
    c21.intoArray(c, c0 + 5 * LANES);
    c30.intoArray(c, c0 + 6 * LANES);
    c31.intoArray(c, c0 + 7 * LANES);
    c40.intoArray(c, c0 + 8 * LANES);
    c41.intoArray(c, c0 + 9 * LANES);
    c50.intoArray(c, c0 + 10 * LANES);
    c51.intoArray(c, c0 + 11 * LANES);
    c60.intoArray(c, c0 + 12 * LANES);
    c61.intoArray(c, c0 + 13 * LANES);
    c70.intoArray(c, c0 + 14 * LANES);
    c71.intoArray(c, c0 + 15 * LANES);
  }

  private static void multiply4(
      float[] a, int a0, float[] b, int b0, int depth, float[] c, int c0, boolean add) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    for (int p = 0; p < depth; p++) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, b, b0 + p * COLS);
      FloatVector v1 = FloatVector.fromArray(SPECIES, b, b0 + p * COLS + LANES);
      FloatVector s = FloatVector.broadcast(SPECIES, a[a0 + p * 4]);
      c00 = s.fma(v0, c00);
      c01 = s.fma(v1, c01);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 4 + 1]);
      c10 = s.fma(v0, c10);
      c11 = s.fma(v1, c11);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 4 + 2]);
      c20 = s.fma(v0, c20);
      c21 = s.fma(v1, c21);
      s = FloatVector.broadcast(SPECIES, a[a0 + p * 4 + 3]);
      c30 = s.fma(v0, c30);
      c31 = s.fma(v1, c31);
    }
    if (add) {
      c00 = c00.add(FloatVector.fromArray(SPECIES, c, c0 + 0 * LANES));
      c01 = c01.add(FloatVector.fromArray(SPECIES, c, c0 + 1 * LANES));
      c10 = c10.add(FloatVector.fromArray(SPECIES, c, c0 + 2 * LANES));
      c11 = c11.add(FloatVector.fromArray(SPECIES, c, c0 + 3 * LANES));
      c20 = c20.add(FloatVector.fromArray(SPECIES, c, c0 + 4 * LANES));
      c21 = c21.add(FloatVector.fromArray(SPECIES, c, c0 + 5 * LANES));
      c30 = c30.add(FloatVector.fromArray(SPECIES, c, c0 + 6 * LANES));
      c31 = c31.add(FloatVector.fromArray(SPECIES, c, c0 + 7 * LANES));
    }
    c00.intoArray(c, c0 + 0 * LANES);
    c01.intoArray(c, c0 + 1 * LANES);
    c10.intoArray(c, c0 + 2 * LANES);
    c11.intoArray(c, c0 + 3 * LANES);
    c20.intoArray(c, c0 + 4 * LANES);
    c21.intoArray(c, c0 + 5 * LANES);
    c30.intoArray(c, c0 + 6 * LANES);
    c31.intoArray(c, c0 + 7 * LANES);
  }
}
