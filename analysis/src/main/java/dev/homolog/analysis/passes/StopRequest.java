package dev.homolog.analysis.passes;

import dev.homolog.core.HomologException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A request, from any thread, that a run ends after the batch under way. It saves its state then,
 * or has saved it.
 */
public final class StopRequest {
  private final CountDownLatch answered = new CountDownLatch(1);
  private volatile boolean reading;
  private volatile boolean wanted;
  private volatile boolean saved;

  /** Of nobody yet. */
  public StopRequest() {}

  /**
   * Makes the request and waits for the state to be saved.
   *
   * @return whether it was saved; false as soon as the run reads no text
   */
  public boolean save(Duration patience) {
    wanted = true;
    if (reading) {
      try {
        answered.await(patience.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return saved;
  }

  /** The run looks for requests while it does this work. */
  void during(Runnable work) {
    reading = true;
    try {
      work.run();
    } finally {
      reading = false;
      if (wanted) {
        answered.countDown();
      }
    }
  }

  boolean wanted() {
    return wanted;
  }

  /**
   * Ends the run.
   *
   * @param anySaved whether there is a state that it can go on from
   * @throws HomologException always
   */
  void stop(boolean anySaved) {
    saved = anySaved;
    answered.countDown();
    throw new HomologException(
        anySaved
            ? "stopped, and its state saved; go on with --resume"
            : "stopped; give the same command again");
  }
}
