package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * The k greatest or least correlations of each neuron of one model with the neurons of another,
 * best first. Where a row has fewer than k, the rest is NaN with neuron −1.
 */
public final class Tails {
  private final int k;
  private final double[] values;
  private final int[] neurons;

  Tails(int rows, int k) {
    this.k = k;
    this.values = new double[Math.multiplyExact(rows, k)];
    this.neurons = new int[values.length];
    Arrays.fill(values, Double.NaN);
    Arrays.fill(neurons, -1);
  }

  /** How many are kept a neuron. */
  public int k() {
    return k;
  }

  /** Number of neurons that have a row. */
  public int rows() {
    return values.length / k;
  }

  /** The correlation at a rank, 0 the best; NaN where there is none. */
  public double value(int neuron, int rank) {
    return values[neuron * k + rank];
  }

  /** The other model's flat neuron id at a rank; −1 where there is none. */
  public int match(int neuron, int rank) {
    return neurons[neuron * k + rank];
  }

  /** Takes the ends of a block of rows [n, neurons of the other model] that begins at row from. */
  void put(Kernels kernels, int from, Tensor block, boolean greatest) {
    try (Arena arena = Arena.ofShared()) {
      Tensor found = kernels.allocate(arena, kernels.working(), block.rows(), k);
      Tensor columns = kernels.allocate(arena, DType.I32, block.rows(), k);
      kernels.topK(block, greatest, found, columns);
      Tensor foundOnHost = kernels.toHost(arena, found);
      Tensor columnsOnHost = kernels.toHost(arena, columns);
      for (int i = 0; i < block.rows(); i++) {
        for (int rank = 0; rank < k; rank++) {
          values[(from + i) * k + rank] = foundOnHost.get(i, rank);
          neurons[(from + i) * k + rank] = (int) columnsOnHost.get(i, rank);
        }
      }
    }
  }
}
