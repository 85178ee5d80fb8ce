package dev.homolog.analysis.correlation;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.stream.Preparation;
import java.util.Locale;

/** How alike two neurons are over the same kept tokens. */
public enum Similarity {
  /** Pearson's correlation. */
  PEARSON(Preparation.CENTRED),
  /** The cosine of the two vectors of activations; the mean is not subtracted. */
  COSINE(Preparation.SCALED),
  /**
   * For the sets of tokens with activation above 0: size of the intersection over size of the
   * union.
   */
  JACCARD(Preparation.FIRING);

  private final Preparation preparation;

  Similarity(Preparation preparation) {
    this.preparation = preparation;
  }

  /** On fewer tokens it says nothing: Pearson's r of any two is 1 or -1 on two tokens. */
  public int leastTokens() {
    return switch (this) {
      case PEARSON -> 3;
      case COSINE -> 2;
      case JACCARD -> 1;
    };
  }

  /** What the sums of products are made of. */
  public Preparation preparation() {
    return preparation;
  }

  /**
   * The similarity of that name.
   *
   * @throws InputException if there is none; the message lists the names
   */
  public static Similarity parse(String name) {
    return InputException.requireNamed(InputOption.SIMILARITY, "similarity", values(), name);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
