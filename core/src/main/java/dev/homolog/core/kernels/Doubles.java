package dev.homolog.core.kernels;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Vectors of doubles, and what single precision is turned into them from. */
final class Doubles {
  static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;

  /** As many floats as fit a vector of doubles: whole vectors of floats convert slowly. */
  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

  static final int LANES = SPECIES.length();

  private Doubles() {}
}
