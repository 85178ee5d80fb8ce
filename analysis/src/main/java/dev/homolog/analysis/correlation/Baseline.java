package dev.homolog.analysis.correlation;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What the best correlations are compared with.
 *
 * @param kind which baseline
 * @param draws how many are drawn; their mean counts
 * @param rotation a file of matrices in place of random ones, or null
 */
public record Baseline(Kind kind, int draws, Path rotation) {

  /** The kinds by their names on the command line. */
  public enum Kind {
    /** The other models' layers rotated by random matrices. */
    ROTATION,
    /** As many independent normal neurons as the other models have, by their law. */
    GAUSSIAN,
    /** The other models' neurons on permuted tokens. */
    PERMUTATION,
    /** None: no excess, and no neuron is called universal. */
    NONE;

    /**
     * The kind of that name.
     *
     * @throws InputException if there is none; the message lists the names
     */
    public static Kind parse(String name) {
      return InputException.requireNamed(InputOption.BASELINE, "baseline", values(), name);
    }

    /** Whether it is drawn at random, and so can be drawn several times. */
    public boolean drawn() {
      return this == ROTATION || this == PERMUTATION;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The most draws: each takes as long as comparing the models. */
  public static final int MOST_DRAWS = 1000;

  /**
   * @throws InputException if draws are out of range, or if the three do not go together; {@code
   *     where()} is the flag of the command that would hold the value
   */
  public Baseline {
    InputException.requireRange(InputOption.BASELINE_DRAWS, draws, 1, MOST_DRAWS);
    if (draws > 1 && !kind.drawn()) {
      throw new InputException(
          InputOption.BASELINE_DRAWS,
          "--baseline " + kind + " has no use for it",
          "leave one of the two out");
    }
    if (rotation != null && (kind != Kind.ROTATION || draws != 1)) {
      throw new InputException(
          InputOption.ROTATION,
          "goes with --baseline rotation and one draw",
          "leave out --baseline-draws");
    }
  }

  public static Baseline rotation(int draws) {
    return new Baseline(Kind.ROTATION, draws, null);
  }

  public static Baseline rotation(Path matrices) {
    return new Baseline(Kind.ROTATION, 1, matrices);
  }

  public static Baseline gaussian() {
    return new Baseline(Kind.GAUSSIAN, 1, null);
  }

  public static Baseline permutation(int draws) {
    return new Baseline(Kind.PERMUTATION, draws, null);
  }

  public static Baseline none() {
    return new Baseline(Kind.NONE, 1, null);
  }
}
