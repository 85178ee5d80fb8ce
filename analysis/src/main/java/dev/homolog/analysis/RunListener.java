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

  /**
   * Hears that the device had no room for batches of {@code rows} rows, so that the run begins anew
   * with {@code fewer}. Its plan follows again.
   *
   * @param reason in the device's words
   */
  default void halved(int rows, int fewer, String reason) {}
}
