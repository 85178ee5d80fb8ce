package dev.homolog.analysis;

import dev.homolog.core.kernels.Kernels;
import java.time.Duration;
import java.util.List;

/**
 * A study whose inputs are open and have passed the quick checks. It is run once and closed
 * afterwards.
 *
 * @param <R> its result
 */
public interface OpenStudy<R> extends AutoCloseable {

  /**
   * Runs it.
   *
   * @param kernels what computes; stays open
   * @throws dev.homolog.core.InputException if an input cannot be used after all, or the run does
   *     not fit into memory
   */
  R run(Kernels kernels, RunListener listener);

  /**
   * What of the models' files was left out or read in another way than they say: a line for each,
   * beginning with the model's name.
   */
  default List<String> notes() {
    return List.of();
  }

  /**
   * Asks a run that another thread makes to save its state and end.
   *
   * @param patience how long to wait for it
   * @return whether its state is saved; then the run ends with a {@link
   *     dev.homolog.core.HomologException}
   */
  default boolean stop(Duration patience) {
    return false;
  }

  /** Closes the inputs. */
  @Override
  void close();
}
