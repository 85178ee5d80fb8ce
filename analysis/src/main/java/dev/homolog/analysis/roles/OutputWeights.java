package dev.homolog.analysis.roles;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import java.lang.foreign.Arena;

/**
 * Length of each neuron's w_out, and moments of its cosines with the columns of W_U over the
 * vocabulary. All by flat id.
 *
 * @param norm |w_out|
 * @param mean mean of the cosines
 * @param variance their population variance
 * @param skew their skewness
 * @param kurtosis their kurtosis, 3 for a normal law
 */
record OutputWeights(
    double[] norm, double[] mean, double[] variance, double[] skew, double[] kurtosis) {
  /** Tokens whose cosines with a layer's neurons are in memory at a time. */
  private static final int BLOCK = 4096;

  /** Of all neurons of a model; moments of a neuron that writes nothing are NaN. */
  static OutputWeights of(Checkpoint checkpoint, Processing processing, Kernels kernels) {
    ModelConfig config = checkpoint.config();
    int m = config.dMlp();
    int n = config.neurons();
    ProcessedWeights weights = new ProcessedWeights(checkpoint, processing);
    double[] norm = new double[n];
    double[][] sums = new double[n][5];
    try (Arena arena = Arena.ofShared()) {
      Tensor writers = kernels.allocate(arena, kernels.working(), n, config.dModel());
      for (int layer = 0; layer < config.layers(); layer++) {
        try (Arena scratch = Arena.ofShared()) {
          Tensor W = weights.mlp(layer, scratch).W_out();
          Tensor to = writers.rows((long) layer * m, (layer + 1L) * m);
          kernels.copy(normalized(W, kernels, scratch, norm, layer * m), to);
        }
      }
      Tensor totals = kernels.allocate(arena, DType.F64, n, 5);
      int width = Math.min(BLOCK, config.vocabSize());
      Tensor cosines = kernels.allocate(arena, kernels.working(), m, width);
      for (int from = 0; from < config.vocabSize(); from += width) {
        int to = Math.min(config.vocabSize(), from + width);
        try (Arena scratch = Arena.ofShared()) {
          Tensor tokens = weights.W_U(from, to, scratch).transposed(); // [tokens, d_model]
          double[] lengths = new double[to - from];
          Tensor unit = kernels.fromHost(scratch, normalized(tokens, kernels, scratch, lengths, 0));
          Tensor block = cosines.columns(0, to - from);
          for (int layer = 0; layer < config.layers(); layer++) {
            Tensor ofLayer = writers.rows((long) layer * m, (layer + 1L) * m);
            kernels.linear(ofLayer, unit.transposed(), null, block);
            kernels.rowPowerSums(block, totals.rows((long) layer * m, (layer + 1L) * m));
          }
        }
      }
      Tensor host = kernels.toHost(arena, totals);
      for (int i = 0; i < n; i++) {
        host.readRow(i, sums[i]);
      }
    }
    return moments(norm, sums);
  }

  /** Bytes that {@link #of} takes besides the model's weights. */
  static long bytes(ModelConfig config, Kernels kernels) {
    long d = config.dModel();
    long all = config.neurons() * (d * kernels.working().bytes() + 10L * Double.BYTES);
    long block = BLOCK * ((long) config.dMlp() + 3 * d) * Double.BYTES;
    return all + block + 4 * d * config.dMlp() * Double.BYTES;
  }

  /**
   * Rows scaled to length 1, on the host in the working type; a row of zeros becomes NaN.
   *
   * @param lengths receives the lengths, from index {@code first} on
   */
  private static Tensor normalized(
      Tensor rows, Kernels kernels, Arena arena, double[] lengths, int first) {
    Tensor unit = Tensor.allocate(arena, kernels.working(), rows.rows(), rows.cols());
    double[] row = new double[Math.toIntExact(rows.cols())];
    for (int i = 0; i < rows.rows(); i++) {
      rows.readRow(i, row);
      double length = Math.sqrt(Unembedding.dot(row, row));
      lengths[first + i] = length;
      for (int j = 0; j < row.length; j++) {
        row[j] /= length;
      }
      unit.writeRow(i, row);
    }
    return unit;
  }

  /** Moments from the count and the sums of powers; NaN was skipped. */
  private static OutputWeights moments(double[] norm, double[][] sums) {
    int n = norm.length;
    double[] mean = new double[n];
    double[] variance = new double[n];
    double[] skew = new double[n];
    double[] kurtosis = new double[n];
    for (int i = 0; i < n; i++) {
      double count = sums[i][0];
      double m = sums[i][1] / count;
      double s2 = sums[i][2] / count;
      double s3 = sums[i][3] / count;
      double s4 = sums[i][4] / count;
      double v = s2 - m * m;
      mean[i] = m;
      variance[i] = v;
      skew[i] = (s3 - 3 * m * s2 + 2 * m * m * m) / Math.pow(v, 1.5);
      kurtosis[i] = (s4 - 4 * m * s3 + 6 * m * m * s2 - 3 * m * m * m * m) / (v * v);
    }
    return new OutputWeights(norm, mean, variance, skew, kurtosis);
  }
}
