package dev.homolog.analysis.weights;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * The vectors of all neurons of a model, divided by their length, on a device, with what is known
 * of each neuron alone. A vector that is 0 has no direction: its elements are NaN, and so is every
 * cosine with it.
 *
 * @param in [neurons, d_model] of the working type
 * @param out likewise
 * @param own by flat id
 */
record NeuronVectors(Tensor in, Tensor out, List<Own> own) {
  /** Neurons whose columns of W_in are turned at a time. */
  private static final int TURNED = 64;

  /**
   * Norms of w_in and w_out, b_in, and the cosine of w_in and w_out: NaN where one of them is 0.
   */
  record Own(double inNorm, double outNorm, double bias, double similarity) {}

  /** Reads a layer at a time; in double until the quotient is rounded to the working type. */
  static NeuronVectors of(
      Kernels kernels, Arena arena, ProcessedWeights weights, ModelConfig config) {
    int m = config.dMlp();
    Tensor in = kernels.allocate(arena, kernels.working(), config.neurons(), config.dModel());
    Tensor out = kernels.allocate(arena, kernels.working(), config.neurons(), config.dModel());
    List<Own> own = new ArrayList<>(config.neurons());
    for (int layer = 0; layer < config.layers(); layer++) {
      try (Arena scratch = Arena.ofConfined()) {
        ProcessedWeights.Mlp mlp = weights.mlp(layer, scratch);
        Tensor unitIn = Tensor.allocate(scratch, kernels.working(), m, config.dModel());
        Tensor unitOut = Tensor.allocate(scratch, kernels.working(), m, config.dModel());
        for (int n = 0; n < m; n += TURNED) {
          add(mlp, n, Math.min(m, n + TURNED), new Tensor[] {unitIn, unitOut}, own);
        }
        long first = (long) layer * m;
        kernels.copy(unitIn, in.rows(first, first + m));
        kernels.copy(unitOut, out.rows(first, first + m));
      }
    }
    return new NeuronVectors(in, out, List.copyOf(own));
  }

  private static void add(
      ProcessedWeights.Mlp mlp, int from, int to, Tensor[] unit, List<Own> own) {
    int d = Math.toIntExact(mlp.W_out().cols());
    double[][] read = new double[to - from][d];
    double[] part = new double[to - from];
    Tensor columns = mlp.W_in().columns(from, to);
    for (int i = 0; i < d; i++) {
      columns.readRow(i, part);
      for (int k = 0; k < part.length; k++) {
        read[k][i] = part[k];
      }
    }
    double[] written = new double[d];
    for (int n = from; n < to; n++) {
      double[] w_in = read[n - from];
      mlp.W_out().readRow(n, written);
      double inNorm = norm(w_in);
      double outNorm = norm(written);
      double product = 0;
      for (int i = 0; i < d; i++) {
        product += w_in[i] / inNorm * (written[i] / outNorm);
      }
      own.add(new Own(inNorm, outNorm, mlp.b_in().get(0, n), product));
      divide(w_in, inNorm);
      divide(written, outNorm);
      unit[0].writeRow(n, w_in);
      unit[1].writeRow(n, written);
    }
  }

  static double norm(double[] vector) {
    double squares = 0;
    for (double value : vector) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }

  /** To length 1; NaN where the length is 0. */
  static void divide(double[] vector, double norm) {
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= norm;
    }
  }

  Tensor of(Side side) {
    return side == Side.IN ? in : out;
  }

  /** Vectors of some neurons: a view where they follow each other, else a copy. */
  Tensor of(Side side, int[] neurons, Kernels kernels, Arena arena) {
    int first = neurons[0];
    boolean row = true;
    for (int i = 0; i < neurons.length; i++) {
      row &= neurons[i] == first + i;
    }
    if (row) {
      return of(side).rows(first, first + neurons.length);
    }
    Tensor ids = Tensor.allocate(arena, DType.I32, neurons.length, 1);
    for (int i = 0; i < neurons.length; i++) {
      ids.set(i, 0, neurons[i]);
    }
    Tensor chosen = kernels.allocate(arena, kernels.working(), neurons.length, in.cols());
    kernels.gatherRows(of(side), kernels.fromHost(arena, ids), chosen);
    return chosen;
  }
}
