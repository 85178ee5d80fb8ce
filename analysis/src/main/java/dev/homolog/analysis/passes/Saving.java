package dev.homolog.analysis.passes;

import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.PieceFolder;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where and how often a run saves its state. A run that finds a state there goes on from it.
 *
 * @param folder of the state alone; need not be there
 * @param every the least time between two checkpoints
 * @param share the most of the run's time that writing them may take; they come less often then
 */
public record Saving(Path folder, Duration every, double share) {
  /** The most of a run's time that checkpoints take. */
  public static final double SHARE = 0.04;

  /** Takes {@link #SHARE} of the time at most. */
  public Saving(Path folder, Duration every) {
    this(folder, every, SHARE);
  }

  public Saving {
    if (every.isNegative() || !(share > 0)) {
      throw new IllegalArgumentException("every " + every + ", share " + share);
    }
  }

  /**
   * Finds that the folder holds no state of another run, be it of another command or of a shard.
   *
   * @throws InputException it does, or cannot be read
   */
  void requireNoOther(Identity identity) {
    if (!new PieceFolder(folder, "").isEmpty()) {
      throw new InputException(
          folder,
          "",
          "holds the state of a shard",
          "give --shard as before, or choose another --out");
    }
    new CheckpointFolder(folder).requireAllOf(identity);
  }

  /** Whether a checkpoint is due. */
  boolean due(Duration sinceLast, Duration lastTook) {
    return sinceLast.compareTo(every) >= 0 && sinceLast.toNanos() * share >= lastTook.toNanos();
  }
}
