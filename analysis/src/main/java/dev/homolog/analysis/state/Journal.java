package dev.homolog.analysis.state;

import dev.homolog.core.intervention.SweepMemory;
import java.util.Optional;

/**
 * What steps of a long work have found, by the steps' names. A work that stops and goes on asks for
 * a step before it does it. Used by one thread.
 */
public interface Journal {
  /** Keeps nothing. */
  Journal NONE = new Forgetful();

  /** What was put under that name last, in this run or in the one that stopped. */
  Optional<double[]> find(String step);

  /**
   * Keeps numbers, in place of those of that name, and saves the journal if that is due or a stop
   * was asked for.
   *
   * @throws dev.homolog.core.HomologException a stop was asked for
   */
  void put(String step, double[] numbers);

  /** What is wrong with numbers that were found. */
  RuntimeException refused(String step, String problem);

  /** Keeps the sums of a sweep under that name. */
  default SweepMemory sweep(String step) {
    return new SweepMemory() {
      @Override
      public Optional<double[]> last() {
        return find(step);
      }

      @Override
      public void keep(double[] sums) {
        put(step, sums);
      }

      @Override
      public RuntimeException refused(String problem) {
        return Journal.this.refused(step, problem);
      }
    };
  }

  /** Of a run that saves nothing. */
  final class Forgetful implements Journal {
    private Forgetful() {}

    @Override
    public Optional<double[]> find(String step) {
      return Optional.empty();
    }

    @Override
    public void put(String step, double[] numbers) {}

    @Override
    public RuntimeException refused(String step, String problem) {
      return new IllegalStateException(step + " " + problem);
    }
  }
}
