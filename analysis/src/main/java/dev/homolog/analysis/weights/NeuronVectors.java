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
 * The vectors of all neurons of a model, divided by their length, on a device, with norms and bias
 * of each neuron. A vector that is 0 has no direction: its elements are NaN, and so is every cosine
 * with it.
 *
 * @param in [neurons, d_model] of the working type
 * @param out likewise
 * @param facts by flat id
 */
record NeuronVectors(Tensor in, Tensor out, List<NeuronFacts> facts) {
  /** Neurons whose columns of W_in are transposed at a time. */
  private static final int TRANSPOSED = 64;

  /**
   * Norms of w_in and w_out, b_in, and the cosine of w_in and w_out: NaN where one of them is 0.
   */
  record NeuronFacts(double inNorm, double outNorm, double bias, double similarity) {}

  /** Reads a layer at a time; in double until the quotient is rounded to the working type. */
  static NeuronVectors of(
      Kernels kernels, Arena arena, ProcessedWeights weights, ModelConfig config) {
    int m = config.dMlp();
    Tensor in = kernels.allocate(arena, kernels.working(), config.neurons(), config.dModel());
    Tensor out = kernels.allocate(arena, kernels.working(), config.neurons(), config.dModel());
    List<NeuronFacts> facts = new ArrayList<>(config.neurons());
    for (int layer = 0; layer < config.layers(); layer++) {
      try (Arena scratch = Arena.ofConfined()) {
        ProcessedWeights.Mlp mlp = weights.mlp(layer, scratch);
        Tensor unitIn = Tensor.allocate(scratch, kernels.working(), m, config.dModel());
        Tensor unitOut = Tensor.allocate(scratch, kernels.working(), m, config.dModel());
        for (int n = 0; n < m; n += TRANSPOSED) {
          add(mlp, n, Math.min(m, n + TRANSPOSED), new Tensor[] {unitIn, unitOut}, facts);
        }
        long first = (long) layer * m;
        kernels.copy(unitIn, in.rows(first, first + m));
        kernels.copy(unitOut, out.rows(first, first + m));
      }
    }
    return new NeuronVectors(in, out, List.copyOf(facts));
  }

  private static void add(
      ProcessedWeights.Mlp mlp, int from, int to, Tensor[] unit, List<NeuronFacts> facts) {
    int d = Math.toIntExact(mlp.W_out().cols());
    double[][] inputRows = new double[to - from][d];
    double[] weightsOfDimension = new double[to - from];
    Tensor columns = mlp.W_in().columns(from, to);
    for (int i = 0; i < d; i++) {
      columns.readRow(i, weightsOfDimension);
      for (int k = 0; k < weightsOfDimension.length; k++) {
        inputRows[k][i] = weightsOfDimension[k];
      }
    }
    double[] w_out = new double[d];
    for (int n = from; n < to; n++) {
      double[] w_in = inputRows[n - from];
      mlp.W_out().readRow(n, w_out);
      double inNorm = norm(w_in);
      double outNorm = norm(w_out);
      double product = 0;
      for (int i = 0; i < d; i++) {
        product += w_in[i] / inNorm * (w_out[i] / outNorm);
      }
      facts.add(new NeuronFacts(inNorm, outNorm, mlp.b_in().get(0, n), product));
      divide(w_in, inNorm);
      divide(w_out, outNorm);
      unit[0].writeRow(n, w_in);
      unit[1].writeRow(n, w_out);
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
