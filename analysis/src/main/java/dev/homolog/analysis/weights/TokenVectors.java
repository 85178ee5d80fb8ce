package dev.homolog.analysis.weights;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import java.lang.foreign.Arena;

/**
 * The vectors of all rows of W_E or all columns of W_U, divided by their length, on a device;
 * padding included. NaN where a vector is 0.
 *
 * @param unit [vocab, d_model] of the working type
 * @param share their lengths by the longest, [1, vocab]
 * @param longest the longest length
 */
record TokenVectors(Tensor unit, Tensor share, double longest) {
  /** Tokens whose vectors are made at a time. */
  static final int BLOCK = 2048;

  private interface Source {
    /** F64 [to − from, d_model]. */
    Tensor vectors(long from, long to, Arena arena);
  }

  static TokenVectors embedding(
      Kernels kernels, Arena arena, ProcessedWeights weights, ModelConfig config) {
    return of(kernels, arena, config, weights::W_E);
  }

  static TokenVectors unembedding(
      Kernels kernels, Arena arena, ProcessedWeights weights, ModelConfig config) {
    return of(
        kernels, arena, config, (from, to, block) -> weights.W_U(from, to, block).transposed());
  }

  private static TokenVectors of(Kernels kernels, Arena arena, ModelConfig config, Source source) {
    int vocabulary = config.vocabSize();
    double[] row = new double[config.dModel()];
    double[] norms = new double[vocabulary];
    double longest = 0;
    Tensor unit = kernels.allocate(arena, kernels.working(), vocabulary, config.dModel());
    for (int from = 0; from < vocabulary; from += BLOCK) {
      int to = Math.min(vocabulary, from + BLOCK);
      try (Arena scratch = Arena.ofConfined()) {
        Tensor vectors = source.vectors(from, to, scratch);
        Tensor block = Tensor.allocate(scratch, kernels.working(), to - from, config.dModel());
        for (int v = 0; v < to - from; v++) {
          vectors.readRow(v, row);
          double norm = NeuronVectors.norm(row);
          norms[from + v] = norm;
          longest = Math.max(longest, norm);
          NeuronVectors.divide(row, norm);
          block.writeRow(v, row);
        }
        kernels.copy(block, unit.rows(from, to));
      }
    }
    try (Arena scratch = Arena.ofConfined()) {
      if (longest > 0) {
        NeuronVectors.divide(norms, longest);
      }
      Tensor share = Tensor.allocate(scratch, kernels.working(), 1, vocabulary);
      share.writeRow(0, norms);
      Tensor shareOnDevice = kernels.allocate(arena, kernels.working(), 1, vocabulary);
      kernels.copy(share, shareOnDevice);
      return new TokenVectors(unit, shareOnDevice, longest);
    }
  }

  /** Bytes of the vectors of one matrix. */
  static long bytes(ModelConfig config, DType working) {
    return (long) config.vocabSize() * (config.dModel() + 1L) * working.bytes();
  }
}
