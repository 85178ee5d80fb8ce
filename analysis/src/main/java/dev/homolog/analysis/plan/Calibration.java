package dev.homolog.analysis.plan;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;

/**
 * How fast this machine is.
 *
 * @param secondsAToken of all forward passes
 * @param flopsASecond of sums of products
 */
public record Calibration(double secondsAToken, double flopsASecond) {
  private static final int TOKENS = 512;

  /** Products of fewer neurons come first, so that slow kernels need no minute for the greatest. */
  private static final int LEAST_NEURONS = 64;

  private static final int MOST_NEURONS = 1024;

  /** A product that takes so long is great enough to be timed. */
  private static final double ENOUGH_SECONDS = 0.02;

  /** Times products of one size at least so often and so long; the fastest counts. */
  private static final int TIMES = 4;

  private static final double SECONDS = 0.2;

  /** Hears the pilot's batches; the fastest is that of a warm machine. */
  public static final class Listener implements ProgressListener {
    private final ProgressListener next;
    private long lastTime = System.nanoTime();
    private long lastDone;
    private double best = Double.POSITIVE_INFINITY;

    public Listener(ProgressListener next) {
      this.next = next;
    }

    @Override
    public void progress(String phase, long done, long total) {
      long now = System.nanoTime();
      if (done > lastDone) {
        best = Math.min(best, (now - lastTime) / 1e9 / (done - lastDone));
      }
      lastTime = now;
      lastDone = done;
      next.progress(phase, done, total);
    }

    /** Times products, and takes the fastest batch that was heard of. */
    public Calibration finish(Kernels kernels) {
      return new Calibration(best, products(kernels));
    }
  }

  private static double products(Kernels kernels) {
    int neurons = LEAST_NEURONS;
    while (neurons < MOST_NEURONS && seconds(kernels, neurons, 0) < ENOUGH_SECONDS) {
      neurons *= 2;
    }
    return 2.0 * TOKENS * neurons * neurons / seconds(kernels, neurons, SECONDS);
  }

  /** The fastest product of that many neurons with themselves, timed for so many seconds. */
  private static double seconds(Kernels kernels, int neurons, double atLeast) {
    try (Arena arena = Arena.ofShared()) {
      Tensor a = kernels.allocate(arena, kernels.working(), TOKENS, neurons);
      Tensor sum = kernels.allocate(arena, DType.F64, neurons, neurons);
      double best = Double.POSITIVE_INFINITY;
      double spent = 0;
      for (int i = 0; i < TIMES || spent < atLeast; i++) {
        long start = System.nanoTime();
        kernels.crossProducts(a, a, sum);
        kernels.toHost(arena, sum.rows(0, 1)); // waits for a device
        double seconds = (System.nanoTime() - start) / 1e9;
        best = Math.min(best, seconds);
        spent += seconds;
      }
      return best;
    }
  }
}
