package dev.homolog.core.model.family;

/** How a model knows the place of a token in its row. */
public sealed interface PositionSpec {

  /** A learned vector for each position is added to the token's embedding. */
  record Learned() implements PositionSpec {}

  /**
   * Rotary positions (Su et al. 2021). At position p, dimensions i and i + {@code dims} / 2 of
   * every query and key are rotated by p · base^(−2i / dims). Here i is below {@code dims} / 2.
   *
   * @param dims how many of a head's first dimensions are rotated; even
   * @param base of the wavelengths, 10,000 in Pythia
   */
  record Rotary(int dims, double base) implements PositionSpec {

    /** The angle of one pair of dimensions at one position, in radians. */
    public double angle(long position, int pair) {
      return position * Math.pow(base, -2.0 * pair / dims);
    }
  }
}
