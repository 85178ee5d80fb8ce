package dev.homolog.analysis.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class PhasesTest {
  private static void spin() {
    long end = System.nanoTime() + 2_000_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aPartWithinAnotherCountsOnce() {
    Phases phases = new Phases();
    long start = System.nanoTime();
    phases.run(
        Phase.ACTIVATIONS,
        7,
        () -> {
          phases.run(Phase.CHECKPOINTS, PhasesTest::spin);
          assertThrows(
              IllegalStateException.class,
              () ->
                  phases.run(
                      Phase.SUMS,
                      () -> {
                        throw new IllegalStateException();
                      }));
          phases.run(Phase.CHECKPOINTS, PhasesTest::spin);
        });
    phases.run(Phase.CORRELATIONS, PhasesTest::spin);
    double seconds = (System.nanoTime() - start) / 1e9;
    List<Phases.Timed> done = phases.done();
    assertEquals(
        List.of(Phase.CHECKPOINTS, Phase.ACTIVATIONS, Phase.CORRELATIONS),
        done.stream().map(Phases.Timed::phase).toList());
    assertTrue(done.getFirst().seconds() >= 0.004, done::toString); // both in one
    assertEquals(7, done.get(1).tokens());
    double all = done.stream().mapToDouble(Phases.Timed::seconds).sum();
    assertTrue(all <= seconds && all >= 0.006, () -> all + " of " + seconds);
    assertTrue(done.stream().allMatch(part -> part.seconds() >= 0), done::toString);
  }
}
