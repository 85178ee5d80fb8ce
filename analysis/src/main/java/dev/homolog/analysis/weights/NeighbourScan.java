package dev.homolog.analysis.weights;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Cosines of neurons with all neurons of their model, their own pair left out. */
final class NeighbourScan {
  /** Neurons listed at each end, a neuron and pairing. */
  static final int TOP = 20;

  /** Bins of the histogram of all cosines, over [−1, 1]. */
  static final int BINS = 100;

  /** One bin more at each end, for a cosine that rounding has put just beyond 1. */
  private static final double EDGE = 1 + 2.0 / BINS;

  private final Kernels kernels;
  private final NeuronVectors vectors;
  private final CosineScan scan;
  private final Tensor nothing;
  private final List<Tensor> counts = new ArrayList<>();

  /** Scans of blocks of at most {@code rows} neurons. */
  NeighbourScan(Kernels kernels, Arena arena, NeuronVectors vectors, int rows) {
    this.kernels = kernels;
    this.vectors = vectors;
    this.scan = new CosineScan(kernels, arena, rows, Math.toIntExact(vectors.in().rows()));
    try (Arena scratch = Arena.ofConfined()) {
      Tensor nan = Tensor.allocate(scratch, kernels.working(), 1, 1);
      nan.fill(Double.NaN);
      this.nothing = kernels.allocate(arena, kernels.working(), 1, 1);
      kernels.copy(nan, nothing);
    }
    for (int i = 0; i < Pairing.values().length; i++) {
      counts.add(kernels.allocate(arena, DType.I64, 1, BINS + 2L));
    }
  }

  /** The ends and moments of a block of neurons. */
  CosineScan.Result of(Pairing pairing, int[] neurons) {
    try (Arena arena = Arena.ofShared()) {
      Tensor x = vectors.of(pairing.rowSide(), neurons, kernels, arena);
      return scan.scan(
          x,
          vectors.of(pairing.otherSide()),
          TOP,
          (tile, first) -> {
            leaveOut(neurons, tile, first);
            kernels.histogram(tile, -EDGE, EDGE, counts.get(pairing.ordinal()));
          },
          CosineScan.Step.NONE);
    }
  }

  /** Sets the cosine of a neuron with itself to NaN; readers of a tile skip NaN. */
  private void leaveOut(int[] neurons, Tensor tile, int first) {
    for (int row = 0; row < neurons.length; row++) {
      int column = neurons[row] - first;
      if (column >= 0 && column < tile.cols()) {
        kernels.copy(nothing, tile.rows(row, row + 1L).columns(column, column + 1L));
      }
    }
  }

  /** How many cosines of all neurons seen so far lie in each of {@link #BINS} bins over [−1, 1]. */
  long[] histogram(Pairing pairing) {
    try (Arena arena = Arena.ofShared()) {
      Tensor binCounts = kernels.toHost(arena, counts.get(pairing.ordinal()));
      long[] bins = new long[BINS];
      for (int bin = 0; bin < BINS + 2; bin++) {
        bins[Math.clamp(bin - 1L, 0, BINS - 1)] += (long) binCounts.get(0, bin);
      }
      return bins;
    }
  }
}
