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
  private static final int NEURONS = 1024;

  /** Times products of this size at least so often and so long; the fastest counts. */
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
    try (Arena arena = Arena.ofShared()) {
      Tensor a = kernels.allocate(arena, kernels.working(), TOKENS, NEURONS);
      Tensor sum = kernels.allocate(arena, DType.F64, NEURONS, NEURONS);
      double best = Double.POSITIVE_INFINITY;
      double spent = 0;
      for (int i = 0; i < TIMES || spent < SECONDS; i++) {
        long start = System.nanoTime();
        kernels.crossProducts(a, a, sum);
        kernels.toHost(arena, sum.rows(0, 1)); // waits for a device
        double seconds = (System.nanoTime() - start) / 1e9;
        best = Math.min(best, seconds);
        spent += seconds;
      }
      return 2.0 * TOKENS * NEURONS * NEURONS / best;
    }
  }
}
