package dev.homolog.analysis.roles;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Singular values and directions of W_U, its effective null space, and the direction of token
 * frequency.
 *
 * <p>The effective null space is spanned by the singular directions whose singular value is below
 * {@link #SHARE_OF_MEDIAN} of the median one. Folded W_U always has one such direction: the vector
 * of ones. LayerNorm takes it away, and no folded w_out has a part of it.
 *
 * @param gram W_U W_Uᵀ [d_model, d_model]
 * @param singular singular values of W_U [d_model], the greatest first
 * @param directions the singular directions of the residual stream, in the same order
 * @param nullity how many of the last are the effective null space
 * @param frequency W_U u [d_model], where u is the centred logarithm of the token frequencies,
 *     scaled to length 1
 */
record Unembedding(
    double[][] gram, double[] singular, double[][] directions, int nullity, double[] frequency) {
  /** A direction with less than this share of the median singular value is in the null space. */
  static final double SHARE_OF_MEDIAN = 0.1;

  /** Tokens whose columns of W_U are in memory at a time. */
  private static final int BLOCK = 1024;

  /**
   * Of a model.
   *
   * @param u direction of token frequency [vocab], of length 1 and mean 0
   */
  static Unembedding of(Checkpoint checkpoint, Processing processing, double[] u) {
    int d = checkpoint.config().dModel();
    int vocabulary = checkpoint.config().vocabSize();
    double[][] gram = new double[d][d];
    double[] along = new double[d];
    ProcessedWeights weights = new ProcessedWeights(checkpoint, processing);
    double[] row = new double[d];
    for (int from = 0; from < vocabulary; from += BLOCK) {
      int to = Math.min(vocabulary, from + BLOCK);
      try (Arena arena = Arena.ofConfined()) {
        Tensor columns = weights.W_U(from, to, arena).transposed(); // [tokens, d_model]
        for (int v = from; v < to; v++) {
          columns.readRow(v - from, row);
          for (int i = 0; i < d; i++) {
            double x = row[i];
            double[] gramRow = gram[i];
            for (int j = 0; j < d; j++) {
              gramRow[j] += x * row[j];
            }
            along[i] += x * u[v];
          }
        }
      }
    }
    SymmetricEigen eigen = SymmetricEigen.of(gram);
    double[] singular =
        Arrays.stream(eigen.values()).map(value -> Math.sqrt(Math.max(0, value))).toArray();
    return new Unembedding(gram, singular, eigen.vectors(), nullity(singular), along);
  }

  private static int nullity(double[] singular) {
    double median = singular[singular.length / 2];
    int count = 0;
    while (count < singular.length
        && singular[singular.length - 1 - count] < SHARE_OF_MEDIAN * median) {
      count++;
    }
    return count;
  }

  /** Share ρ = |P w| / |w| of a vector [d_model] that lies in the effective null space. */
  double nullShare(double[] w) {
    double square = 0;
    for (int i = directions.length - nullity; i < directions.length; i++) {
      double c = dot(directions[i], w);
      square += c * c;
    }
    return Math.sqrt(square / dot(w, w));
  }

  /** Cosine of W_Uᵀ w, what a vector [d_model] adds to logits, with token frequency. */
  double frequencyCosine(double[] w) {
    double square = 0;
    for (int i = 0; i < w.length; i++) {
      square += w[i] * dot(gram[i], w);
    }
    return dot(frequency, w) / Math.sqrt(square);
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
