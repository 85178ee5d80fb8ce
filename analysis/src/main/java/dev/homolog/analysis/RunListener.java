package dev.homolog.analysis;

import dev.homolog.analysis.plan.Plan;
import dev.homolog.core.stream.ProgressListener;

/** Hears how a run goes on; called on the thread that runs it. */
@FunctionalInterface
public interface RunListener extends ProgressListener {
  /** A listener that does nothing. */
  RunListener NONE = (_, _, _) -> {};

  /**
   * Receives the plan before the models read the text. The pilot has already read a little of it.
   */
  default void planned(Plan plan) {}
}
