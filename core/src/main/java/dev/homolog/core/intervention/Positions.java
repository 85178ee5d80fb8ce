package dev.homolog.core.intervention;

/**
 * Positions of a row, BOS being 0: those of [from, to).
 *
 * @param from the first
 * @param to the first that is not meant any more
 */
public record Positions(int from, int to) {
  /** Every position. */
  public static final Positions ALL = new Positions(0, Integer.MAX_VALUE);

  public Positions {
    if (from < 0 || to <= from) {
      throw new IllegalArgumentException("positions [" + from + ", " + to + ")");
    }
  }

  /** One position. */
  public static Positions at(int position) {
    return new Positions(position, position + 1);
  }

  /** A position and all after it. */
  public static Positions from(int first) {
    return new Positions(first, Integer.MAX_VALUE);
  }

  /** Whether a position is one of them. */
  public boolean contains(int position) {
    return position >= from && position < to;
  }
}
