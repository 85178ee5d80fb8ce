package dev.homolog.core.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner product of the matrix multiplication: a tile [ROWS, COLS] of C from ROWS rows of A and
 * a panel of B, all its sums in registers. The shape is the largest that C2 compiles without
 * spilling: it keeps the accumulators, one B vector a column and the broadcasts of a step alive at
 * once, so 2 ROWS + 2 + ROWS must stay under the number of registers (32 with AVX-512 and on Arm,
 * else 16).
 */
final class Tile {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  static final int ROWS =
      SPECIES.vectorBitSize() >= 512 || System.getProperty("os.arch").equals("aarch64") ? 8 : 4;
  static final int COLS = 2 * LANES;

  /** Terms summed in single precision before a result leaves the registers. */
  static final int DEPTH = 512;

  /**
   * Floats from one row of A to the next: a cache line more than DEPTH, so that rows fall into
   * different cache sets.
   */
  static final int A_STRIDE = DEPTH + 16;

  private Tile() {}

  /**
   * c[i, j] = Σ_p a[i, p] b[p, j] for p in [0, depth).
   *
   * @param a rows at a0, a0 + A_STRIDE, …; all ROWS of them exist
   * @param b panel [depth, COLS] at b0
   * @param c tile [ROWS, COLS] at 0
   */
  static void multiply(float[] a, int a0, float[] b, int b0, int depth, float[] c) {
    if (ROWS == 8) {
      multiply8(a, a0, b, b0, depth, c);
    } else {
      multiply4(a, a0, b, b0, depth, c);
    }
  }

  private static void multiply8(float[] a, int a0, float[] b, int b0, int depth, float[] c) {
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
      FloatVector s = FloatVector.broadcast(SPECIES, a[a0 + p]);
      c00 = s.fma(v0, c00);
      c01 = s.fma(v1, c01);
      s = FloatVector.broadcast(SPECIES, a[a0 + A_STRIDE + p]);
      c10 = s.fma(v0, c10);
      c11 = s.fma(v1, c11);
      s = FloatVector.broadcast(SPECIES, a[a0 + 2 * A_STRIDE + p]);
      c20 = s.fma(v0, c20);
      c21 = s.fma(v1, c21);
      s = FloatVector.broadcast(SPECIES, a[a0 + 3 * A_STRIDE + p]);
      c30 = s.fma(v0, c30);
      c31 = s.fma(v1, c31);
      s = FloatVector.broadcast(SPECIES, a[a0 + 4 * A_STRIDE + p]);
      c40 = s.fma(v0, c40);
      c41 = s.fma(v1, c41);
      s = FloatVector.broadcast(SPECIES, a[a0 + 5 * A_STRIDE + p]);
      c50 = s.fma(v0, c50);
      c51 = s.fma(v1, c51);
      s = FloatVector.broadcast(SPECIES, a[a0 + 6 * A_STRIDE + p]);
      c60 = s.fma(v0, c60);
      c61 = s.fma(v1, c61);
      s = FloatVector.broadcast(SPECIES, a[a0 + 7 * A_STRIDE + p]);
      c70 = s.fma(v0, c70);
      c71 = s.fma(v1, c71);
    }
    store(c00, c01, c, 0);
    store(c10, c11, c, 1);
    store(c20, c21, c, 2);
    store(c30, c31, c, 3);
    store(c40, c41, c, 4);
    store(c50, c51, c, 5);
    store(c60, c61, c, 6);
    store(c70, c71, c, 7);
  }

  private static void multiply4(float[] a, int a0, float[] b, int b0, int depth, float[] c) {
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
      FloatVector s = FloatVector.broadcast(SPECIES, a[a0 + p]);
      c00 = s.fma(v0, c00);
      c01 = s.fma(v1, c01);
      s = FloatVector.broadcast(SPECIES, a[a0 + A_STRIDE + p]);
      c10 = s.fma(v0, c10);
      c11 = s.fma(v1, c11);
      s = FloatVector.broadcast(SPECIES, a[a0 + 2 * A_STRIDE + p]);
      c20 = s.fma(v0, c20);
      c21 = s.fma(v1, c21);
      s = FloatVector.broadcast(SPECIES, a[a0 + 3 * A_STRIDE + p]);
      c30 = s.fma(v0, c30);
      c31 = s.fma(v1, c31);
    }
    store(c00, c01, c, 0);
    store(c10, c11, c, 1);
    store(c20, c21, c, 2);
    store(c30, c31, c, 3);
  }

  private static void store(FloatVector left, FloatVector right, float[] c, int row) {
    left.intoArray(c, row * COLS);
    right.intoArray(c, row * COLS + LANES);
  }
}
