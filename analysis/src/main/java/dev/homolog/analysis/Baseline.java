package dev.homolog.analysis;

import dev.homolog.core.InputException;
import java.nio.file.Path;

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
    /** The other models' layers turned by random matrices. */
    ROTATION,
    /** None: no excess, and no neuron is called universal. */
    NONE
  }

  /**
   * @throws InputException if the three do not go together; {@code where()} is the flag of the
   *     command that would hold the value
   */
  public Baseline {
    if (draws < 1) {
      throw new InputException("--baseline-draws", "", "" + draws, "give at least 1");
    }
    if (rotation != null && (kind != Kind.ROTATION || draws != 1)) {
      throw new InputException(
          "--rotation",
          "",
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

  public static Baseline none() {
    return new Baseline(Kind.NONE, 1, null);
  }
}
