package dev.homolog.analysis.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * How long each part of a run took. A part within another counts for itself alone, so that the sum
 * of all is the time of the run. Used by one thread.
 */
public final class Phases {
  private final List<Timed> done = new ArrayList<>();
  private double within; // seconds of finished parts within the one under way

  /** Of a run that begins. */
  public Phases() {}

  /**
   * A finished part.
   *
   * @param seconds of wall clock
   * @param tokens positions read in it; 0 where it reads none
   */
  public record Timed(Phase phase, double seconds, long tokens) {}

  /** Does a part that reads no text. */
  public <T> T time(Phase phase, Supplier<T> work) {
    return time(phase, 0, work);
  }

  /** Does a part that reads so many positions. */
  public <T> T time(Phase phase, long tokens, Supplier<T> work) {
    double before = within;
    within = 0;
    long start = System.nanoTime();
    try {
      T result = work.get();
      add(new Timed(phase, (System.nanoTime() - start) / 1e9 - within, tokens));
      return result;
    } finally {
      within = before + (System.nanoTime() - start) / 1e9;
    }
  }

  /** States are saved again and again in one part; they are one line. */
  private void add(Timed part) {
    Timed last = done.isEmpty() ? null : done.getLast();
    if (part.phase == Phase.CHECKPOINTS && last != null && last.phase == part.phase) {
      done.set(done.size() - 1, new Timed(part.phase, last.seconds + part.seconds, 0));
    } else {
      done.add(part);
    }
  }

  /** As above, without a result. */
  public void run(Phase phase, Runnable work) {
    run(phase, 0, work);
  }

  /** As above, without a result. */
  public void run(Phase phase, long tokens, Runnable work) {
    time(
        phase,
        tokens,
        () -> {
          work.run();
          return done;
        });
  }

  /** The finished parts in their order; a part that each pass goes through comes several times. */
  public List<Timed> done() {
    return List.copyOf(done);
  }
}
