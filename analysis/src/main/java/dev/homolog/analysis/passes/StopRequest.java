package dev.homolog.analysis.passes;

import dev.homolog.core.HomologException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A request, from any thread, that a run saves its state after the batch under way and ends. */
public final class StopRequest {
  private final CountDownLatch saved = new CountDownLatch(1);
  private volatile boolean reading;
  private volatile boolean wanted;

  /** Of nobody yet. */
  public StopRequest() {}

  /**
   * Makes the request and waits for the state to be saved.
   *
   * @return whether it was saved; false at once where the run reads no text at this moment
   */
  public boolean save(Duration patience) {
    wanted = true;
    if (!reading) {
      return false;
    }
    try {
      return saved.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The run begins, or ends, to look for requests. */
  void reading(boolean now) {
    reading = now;
  }

  boolean wanted() {
    return wanted;
  }

  /**
   * Ends the run, whose state is saved.
   *
   * @throws HomologException always
   */
  void stop() {
    saved.countDown();
    throw new HomologException("stopped, and its state saved; go on with --resume");
  }
}
