package dev.homolog.analysis.correlation;

import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
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

  /** No ends yet of that many neurons, k each. */
  public Tails(int rows, int k) {
    this.k = k;
    this.values = new double[Math.multiplyExact(rows, k)];
    this.neurons = new int[values.length];
    Arrays.fill(values, Double.NaN);
    Arrays.fill(neurons, -1);
  }

  /**
   * Ends that are found, best first.
   *
   * @param values [n, k], on the host
   * @param matches I32 [n, k], on the host; −1 where a neuron has no more
   */
  static Tails of(Tensor values, Tensor matches) {
    int k = (int) values.cols();
    Tails tails = new Tails((int) values.rows(), k);
    for (int i = 0; i < values.rows(); i++) {
      for (int rank = 0; rank < k && matches.get(i, rank) >= 0; rank++) {
        tails.values[i * k + rank] = values.get(i, rank);
        tails.neurons[i * k + rank] = (int) matches.get(i, rank);
      }
    }
    return tails;
  }

  void save(StateWriter state) {
    state.put("values", values);
    state.put("neurons", neurons);
  }

  /** Takes back what {@link #save} put; the matches are below that number. */
  void restore(StateReader state, int matches) {
    state.read("values", values);
    state.indices("neurons", neurons, matches);
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

  /**
   * Adds the ends of a block of correlations.
   *
   * @param block [n, columns] of the working type
   * @param from neuron of the first row
   * @param firstMatch neuron of the first column; all that were added before lie below it
   */
  public void add(Kernels kernels, Tensor block, int from, int firstMatch, boolean greatest) {
    try (Arena arena = Arena.ofShared()) {
      int perBlock = (int) Math.min(k, block.cols());
      Tensor ends = kernels.allocate(arena, kernels.working(), block.rows(), perBlock);
      Tensor columns = kernels.allocate(arena, DType.I32, block.rows(), perBlock);
      kernels.topK(block, greatest, ends, columns);
      Tensor foundOnHost = kernels.toHost(arena, ends);
      Tensor columnsOnHost = kernels.toHost(arena, columns);
      double sign = greatest ? 1 : -1;
      for (int i = 0; i < block.rows(); i++) {
        for (int rank = 0; rank < perBlock && columnsOnHost.get(i, rank) >= 0; rank++) {
          int match = firstMatch + (int) columnsOnHost.get(i, rank);
          if (!insert((from + i) * k, foundOnHost.get(i, rank), match, sign)) {
            break; // the rest of the row is no better
          }
        }
      }
    }
  }

  /**
   * Adds one value, behind those that are equal and were offered before.
   *
   * @param match id of what it was found with
   */
  public void offer(int neuron, double value, int match, boolean greatest) {
    if (!Double.isNaN(value)) {
      insert(neuron * k, value, match, greatest ? 1 : -1);
    }
  }

  /** Inserts a value in order, after equal ones; false where there is no room. */
  private boolean insert(int row, double value, int match, double sign) {
    int place = row + k;
    while (place > row && (neurons[place - 1] < 0 || sign * value > sign * values[place - 1])) {
      place--;
    }
    if (place == row + k) {
      return false;
    }
    int moved = row + k - 1 - place;
    System.arraycopy(values, place, values, place + 1, moved);
    System.arraycopy(neurons, place, neurons, place + 1, moved);
    values[place] = value;
    neurons[place] = match;
    return true;
  }

  /** Bytes that the ends of that many neurons take. */
  public static long bytes(long rows, long k) {
    return rows * k * (Double.BYTES + Integer.BYTES);
  }
}
