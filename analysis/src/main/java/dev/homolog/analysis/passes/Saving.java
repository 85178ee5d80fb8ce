package dev.homolog.analysis.passes;

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

  /** Whether a checkpoint is due. */
  boolean due(Duration sinceLast, Duration lastTook) {
    return sinceLast.compareTo(every) >= 0 && sinceLast.toNanos() * share >= lastTook.toNanos();
  }
}
