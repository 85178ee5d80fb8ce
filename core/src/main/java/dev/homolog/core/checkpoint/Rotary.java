package dev.homolog.core.checkpoint;

/**
 * Rotary positions (Su et al. 2021): at position p, dimensions i and i + {@code dims} / 2 of every
 * query and key are turned by the angle p · base^(−2i / dims), for i below {@code dims} / 2.
 *
 * @param dims how many of a head's first dimensions are turned; even
 * @param base of the wavelengths, 10,000 in Pythia
 */
public record Rotary(int dims, double base) {

  /** The angle of one pair of dimensions at one position, in radians. */
  public double angle(long position, int pair) {
    return position * Math.pow(base, -2.0 * pair / dims);
  }
}
