package dev.homolog.core.intervention;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/** Activations of some neurons of one layer on a batch, on the heap: a value a token. */
final class NeuronActivations {
  private final Map<Integer, double[]> pre = new HashMap<>();
  private final Map<Integer, double[]> post = new HashMap<>();

  /**
   * Copies columns.
   *
   * @param preTensor MLP_PRE [T, d_mlp], or null where nobody reads it
   * @param postTensor MLP_POST [T, d_mlp]
   */
  void take(Kernels kernels, int[] neurons, Tensor preTensor, Tensor postTensor) {
    for (int neuron : neurons) {
      post.put(neuron, column(kernels, postTensor, neuron));
      if (preTensor != null) {
        pre.put(neuron, column(kernels, preTensor, neuron));
      }
    }
  }

  static double[] column(Kernels kernels, Tensor x, int column) {
    try (Arena scratch = Arena.ofShared()) {
      Tensor host = kernels.toHost(scratch, x.columns(column, column + 1L));
      return host.toArray();
    }
  }

  double[] pre(int neuron) {
    return pre.get(neuron);
  }

  double[] post(int neuron) {
    return post.get(neuron);
  }
}
