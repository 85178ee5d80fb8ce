package dev.homolog.core.stream;

/** Hears how far a pass has come; called on the thread that runs it. */
@FunctionalInterface
public interface ProgressListener {
  /** A listener that does nothing. */
  ProgressListener NONE = (_, _, _) -> {};

  /**
   * @param phase what is being done, such as "activations"
   * @param done tokens (or other units of the phase) finished
   * @param total of them in the phase
   */
  void progress(String phase, long done, long total);
}
