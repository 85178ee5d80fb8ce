package dev.homolog.analysis;

import dev.homolog.analysis.plan.Plan;
import dev.homolog.core.stream.ProgressListener;

/** Hears how a run goes on; called on the thread that runs it. */
@FunctionalInterface
public interface RunListener extends ProgressListener {
  /** A listener that does nothing. */
  RunListener NONE = (_, _, _) -> {};

  /** Hears the plan, before the models read the text, of which the pilot has read a little. */
  default void planned(Plan plan) {}
}
