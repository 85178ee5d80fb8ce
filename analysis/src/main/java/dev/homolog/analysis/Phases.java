package dev.homolog.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** How long each part of a run took. */
final class Phases {
  private final List<Phase> done = new ArrayList<>();

  /**
   * A finished part.
   *
   * @param tokens positions read in it; 0 where it reads none
   */
  record Phase(String name, double seconds, long tokens) {}

  <T> T time(String name, long tokens, Supplier<T> work) {
    long start = System.nanoTime();
    T result = work.get();
    done.add(new Phase(name, (System.nanoTime() - start) / 1e9, tokens));
    return result;
  }

  void time(String name, long tokens, Runnable work) {
    time(
        name,
        tokens,
        () -> {
          work.run();
          return done;
        });
  }

  List<Phase> done() {
    return List.copyOf(done);
  }
}
