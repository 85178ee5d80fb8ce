package dev.homolog.core.intervention;

import java.util.Optional;

/** Keeps the sums of a sweep after each batch, so that a sweep that stopped can go on. */
public interface SweepMemory {
  /** Keeps nothing. */
  SweepMemory NONE = new None();

  /** The sums that a sweep of the same variants, text and batches has kept last. */
  Optional<double[]> last();

  /** Takes the sums after a batch; the list is the taker's. */
  void keep(double[] sums);

  /** What is wrong with sums that {@link #last} gave. */
  RuntimeException refused(String problem);

  /** Of a sweep that begins and runs to its end. */
  final class None implements SweepMemory {
    private None() {}

    @Override
    public Optional<double[]> last() {
      return Optional.empty();
    }

    @Override
    public void keep(double[] sums) {}

    @Override
    public RuntimeException refused(String problem) {
      return new IllegalStateException(problem);
    }
  }
}
