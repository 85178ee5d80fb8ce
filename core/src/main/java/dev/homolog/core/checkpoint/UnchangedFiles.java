package dev.homolog.core.checkpoint;

import java.util.List;
import java.util.function.Supplier;

/** Work that reads checkpoints whose files somebody else may write to. */
public final class UnchangedFiles {
  private UnchangedFiles() {}

  /**
   * Does the work, and refuses its result if a file has changed meanwhile. What a file has lost
   * faults when it is read, which Java reports as an {@link InternalError}. Other failures may come
   * of the change too.
   *
   * @throws dev.homolog.core.InputException if a file has changed
   */
  public static <T> T during(List<? extends Checkpoint> checkpoints, Supplier<T> work) {
    try {
      T result = work.get();
      checkpoints.forEach(Checkpoint::requireUnchanged);
      return result;
    } catch (RuntimeException | InternalError fault) {
      checkpoints.forEach(Checkpoint::requireUnchanged);
      throw fault;
    }
  }
}
