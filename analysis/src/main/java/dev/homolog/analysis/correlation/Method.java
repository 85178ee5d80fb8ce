package dev.homolog.analysis.correlation;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.Locale;

/**
 * How sums of products over the text are found.
 *
 * @param kind exactly or by estimate
 * @param size buckets of a sketch; 0 where there is none
 */
public record Method(Kind kind, int size) {

  /** The kinds by their names on the command line. */
  public enum Kind {
    /** Every product of two neurons is summed over all tokens. */
    EXACT,
    /** Tokens are added up in a fixed number of buckets, whose products estimate the sums. */
    SKETCH;

    /**
     * The kind of that name.
     *
     * @throws InputException if there is none; the message lists the names
     */
    public static Kind parse(String name) {
      return InputException.requireNamed(InputOption.METHOD, "method", values(), name);
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The fewest buckets: estimates are off by 0.06 with so few. */
  public static final int LEAST_SIZE = 256;

  /** The most buckets: no more tokens than that are worth a sketch. */
  public static final int MOST_SIZE = 1 << 22;

  /** Buckets where no number is given: estimates are off by 0.0055. */
  public static final int USUAL_SIZE = 32_768;

  public static final Method EXACT = new Method(Kind.EXACT, 0);

  /**
   * @throws InputException if the size is out of range, or if there is one and no sketch
   */
  public Method {
    if (kind == Kind.SKETCH) {
      InputException.requireRange(InputOption.SKETCH_SIZE, size, LEAST_SIZE, MOST_SIZE);
    } else if (size != 0) {
      throw new InputException(
          InputOption.SKETCH_SIZE,
          "--method " + kind + " has no use for it",
          "give --method sketch, or leave it out");
    }
  }

  /** A sketch of so many buckets. */
  public static Method sketch(int size) {
    return new Method(Kind.SKETCH, size);
  }

  /** Whether similarities are estimates. */
  public boolean isSketch() {
    return kind == Kind.SKETCH;
  }

  /**
   * The standard error of an estimated similarity of 0, 1 / √K; of a similarity r it is at most 1 -
   * r² times that. 0 where nothing is estimated.
   */
  public double standardError() {
    return isSketch() ? 1 / Math.sqrt(size) : 0;
  }

  /**
   * Independent tokens whose similarity would spread as much: over n tokens and K buckets that of
   * independent neurons has the variance 1 / n + (1 - 1 / n) / K.
   */
  long independentTokens(long tokens) {
    if (!isSketch() || tokens == 0) {
      return tokens;
    }
    return Math.round(tokens * (double) size / (size + tokens - 1.0));
  }
}
