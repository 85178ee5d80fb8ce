package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Pearson correlations of the reference's neurons with those of the other models, reduced to what
 * is kept of them. The N² matrix is made a block of rows at a time and never stands as a whole.
 *
 * @param pairs one for each other model, in order
 * @param rows count, mean, variance, skew and kurtosis of each reference neuron's correlations with
 *     all neurons of all other models, constant neurons left out
 */
public record CorrelationSummary(List<PairMatches> pairs, List<RowMoments> rows) {
  /** Bins of the histogram of all correlations. */
  public static final int BINS = 100;

  /** Bytes of a block of correlations. */
  private static final long BLOCK_BYTES = 64L << 20;

  /** Population moments of one row of correlations; kurtosis of a Gaussian is 3. */
  public record RowMoments(long count, double mean, double variance, double skew, double kurtosis) {
    static RowMoments of(Tensor sums, int row) {
      double n = sums.get(row, 0);
      double m = sums.get(row, 1) / n;
      double m2 = sums.get(row, 2) / n;
      double m3 = sums.get(row, 3) / n;
      double m4 = sums.get(row, 4) / n;
      double variance = m2 - m * m;
      double skew = (m3 - 3 * m * m2 + 2 * m * m * m) / Math.pow(variance, 1.5);
      double fourth = m4 - 4 * m * m3 + 6 * m * m * m2 - 3 * m * m * m * m;
      return new RowMoments((long) n, m, variance, skew, fourth / (variance * variance));
    }
  }

  /** Reduces a stream's sums; {@code top} matches are kept at each end of each row. */
  public static CorrelationSummary of(
      Kernels kernels,
      CorrelationSink sink,
      Moments moments,
      List<ModelNeurons> models,
      int top,
      ProgressListener progress) {
    try (Arena arena = Arena.ofShared()) {
      ModelNeurons reference = models.getFirst();
      Tensor rowSums = kernels.allocate(arena, DType.F64, reference.count(), 5);
      List<PairMatches> pairs = new ArrayList<>();
      for (ModelNeurons other : models.subList(1, models.size())) {
        progress.progress("correlations", pairs.size(), models.size() - 1L);
        pairs.add(
            new Pair(kernels, moments, reference, other).reduce(sink.cross(other), top, rowSums));
      }
      progress.progress("correlations", pairs.size(), models.size() - 1L);
      Tensor sums = kernels.toHost(arena, rowSums);
      List<RowMoments> rows = new ArrayList<>();
      for (int i = 0; i < reference.count(); i++) {
        rows.add(RowMoments.of(sums, i));
      }
      return new CorrelationSummary(List.copyOf(pairs), List.copyOf(rows));
    }
  }

  private record Pair(
      Kernels kernels, Moments moments, ModelNeurons reference, ModelNeurons other) {

    PairMatches reduce(Tensor cross, int top, Tensor rowSums) {
      try (Arena arena = Arena.ofShared()) {
        Tensor counts = kernels.allocate(arena, DType.I64, 1, BINS);
        Ends out = new Ends(reference.count(), Math.min(top, other.count()));
        Ends back = new Ends(other.count(), Math.min(top, reference.count()));
        reduce(cross, reference, other, out, rowSums, counts);
        reduce(cross.transposed(), other, reference, back, null, null);
        long[] histogram = new long[BINS];
        Tensor found = kernels.toHost(arena, counts);
        for (int bin = 0; bin < BINS; bin++) {
          histogram[bin] = (long) found.get(0, bin);
        }
        return new PairMatches(
            other, out.highest, out.lowest, back.highest, back.lowest, histogram);
      }
    }

    private void reduce(
        Tensor cross,
        ModelNeurons from,
        ModelNeurons to,
        Ends ends,
        Tensor rowSums,
        Tensor counts) {
      try (Arena arena = Arena.ofShared()) {
        Kernels.Columns columns = columns(arena, to);
        int rows = blockRows(kernels, from.count(), to.count());
        Tensor r = kernels.allocate(arena, kernels.working(), rows, to.count());
        Kernels.Columns all = columns(arena, from);
        for (int i = 0; i < from.count(); i += rows) {
          int n = Math.min(rows, from.count() - i);
          Kernels.Columns part =
              new Kernels.Columns(all.mean().columns(i, i + n), all.inverse().columns(i, i + n));
          Tensor block = r.rows(0, n);
          kernels.correlations(cross.rows(i, i + n), moments.n(), part, columns, block);
          ends.highest.put(kernels, i, block, true);
          ends.lowest.put(kernels, i, block, false);
          if (rowSums != null) {
            kernels.rowPowerSums(block, rowSums.rows(i, i + n));
            kernels.histogram(block, -1, 1, counts);
          }
        }
      }
    }

    private Kernels.Columns columns(Arena arena, ModelNeurons model) {
      return moments.columns(kernels, arena, model, Double.NaN);
    }
  }

  private record Ends(Tails highest, Tails lowest) {
    Ends(int rows, int k) {
      this(new Tails(rows, k), new Tails(rows, k));
    }
  }

  static int blockRows(Kernels kernels, int rows, int cols) {
    long fits = BLOCK_BYTES / kernels.working().bytes() / cols;
    return (int) Math.max(1, Math.min(rows, fits));
  }
}
