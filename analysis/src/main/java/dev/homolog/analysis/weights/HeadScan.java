package dev.homolog.analysis.weights;

import dev.homolog.analysis.correlation.Tails;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The composition of neurons with attention heads. Let W_QK = W_Q W_Kᵀ and W_OV = W_V W_O of a
 * head. With y = W_Qᵀ x, |xᵀ W_QK|² = yᵀ (W_KᵀW_K) y. W_KᵀW_K is factored as L Lᵀ. Then W_Q L
 * [d_model, d_head] replaces W_QK [d_model, d_model]. The other three parts do the same with W_K,
 * W_V and W_Oᵀ.
 */
final class HeadScan {
  /** Heads listed a neuron and part. */
  static final int TOP = 10;

  private final Kernels kernels;
  private final NeuronVectors vectors;
  private final ModelConfig config;
  private final List<Block> blocks;
  private final int count;
  private final Map<HeadPart, Tails> tails = new EnumMap<>(HeadPart.class);

  /**
   * A scan for the heads of greatest composition with some neurons.
   *
   * @param neurons flat ids
   */
  HeadScan(Kernels kernels, NeuronVectors vectors, ModelConfig config, int[] neurons) {
    this.kernels = kernels;
    this.vectors = vectors;
    this.config = config;
    this.blocks = Block.of(neurons, CosineScan.ROWS);
    this.count = neurons.length;
  }

  /** Scans the heads of all layers, a layer at a time. */
  Map<HeadPart, Tails> run(ProcessedWeights weights, ProgressListener progress) {
    int heads = config.heads() * config.layers();
    for (HeadPart part : HeadPart.values()) {
      tails.put(part, new Tails(count, Math.min(TOP, heads)));
    }
    progress.progress("composition", 0, config.layers());
    for (int i = 0; i < config.layers(); i++) {
      int layer = i;
      try (Arena arena = Arena.ofShared()) {
        Map<HeadPart, Tensor> factors = factors(weights, layer, arena);
        for (HeadPart part : HeadPart.values()) {
          blocks.forEach(block -> add(part, factors.get(part), layer, block));
        }
      }
      progress.progress("composition", layer + 1L, config.layers());
    }
    return tails;
  }

  /** |xᵀ F| by head for a block of neurons, F the factors of a layer's heads. */
  private void add(HeadPart part, Tensor factors, int layer, Block block) {
    int n = block.size();
    int dHead = config.dHead();
    try (Arena arena = Arena.ofShared()) {
      Tensor x = vectors.of(part.side(), block.neurons(), kernels, arena);
      Tensor y = kernels.allocate(arena, kernels.working(), n, config.dModel());
      Tensor sums = kernels.allocate(arena, DType.F64, n, 5L * config.heads());
      kernels.linear(x, factors, null, y);
      for (int h = 0; h < config.heads(); h++) {
        Tensor ofHead = y.columns((long) h * dHead, (h + 1L) * dHead);
        kernels.rowPowerSums(ofHead, sums.columns(5L * h, 5L * h + 5));
      }
      Tensor host = kernels.toHost(arena, sums);
      for (int row = 0; row < n; row++) {
        for (int h = 0; h < config.heads(); h++) {
          boolean defined = host.get(row, 5L * h) == dHead;
          double length = defined ? Math.sqrt(host.get(row, 5L * h + 2)) : Double.NaN;
          tails.get(part).offer(block.first() + row, length, layer * config.heads() + h, true);
        }
      }
    }
  }

  // ---- factors, in double until they are rounded to the working type ----

  /** One head's W_Q, W_K, W_V and W_Oᵀ, [d_model][d_head] each. */
  private record Head(double[][] q, double[][] k, double[][] v, double[][] o) {}

  /** F [d_model, heads · d_head] of each part, divided by the Frobenius norm of W_QK or W_OV. */
  private Map<HeadPart, Tensor> factors(ProcessedWeights weights, int layer, Arena arena) {
    int d = config.dModel();
    int dHead = config.dHead();
    Map<HeadPart, Tensor> onDevice = new EnumMap<>(HeadPart.class);
    try (Arena scratch = Arena.ofConfined()) {
      Map<HeadPart, Tensor> factors = new EnumMap<>(HeadPart.class);
      for (HeadPart part : HeadPart.values()) {
        factors.put(part, Tensor.allocate(scratch, kernels.working(), d, d));
      }
      ProcessedWeights.Attention attention = weights.attention(layer, scratch);
      for (int h = 0; h < config.heads(); h++) {
        long from = (long) h * dHead;
        Map<HeadPart, double[][]> ofHead = factors(head(attention, from, from + dHead));
        ofHead.forEach((part, factor) -> {
          Tensor to = factors.get(part).columns(from, from + dHead);
          for (int i = 0; i < d; i++) {
            to.writeRow(i, factor[i]);
          }
        });
      }
      factors.forEach((part, factor) -> onDevice.put(part, kernels.fromHost(arena, factor)));
    }
    return onDevice;
  }

  private static Head head(ProcessedWeights.Attention attention, long from, long to) {
    return new Head(
        rows(attention.W_Q().columns(from, to)),
        rows(attention.W_K().columns(from, to)),
        rows(attention.W_V().columns(from, to)),
        transposed(rows(attention.W_O().rows(from, to))));
  }

  private static Map<HeadPart, double[][]> factors(Head head) {
    double[][] q = gram(head.q);
    double[][] k = gram(head.k);
    double[][] v = gram(head.v);
    double[][] o = gram(head.o);
    // |A Bᵀ|² is the sum of the elements of AᵀA and BᵀB, multiplied.
    double qk = Math.sqrt(product(q, k));
    double ov = Math.sqrt(product(v, o));
    Map<HeadPart, double[][]> factors = new EnumMap<>(HeadPart.class);
    factors.put(HeadPart.Q, factor(head.q, k, qk));
    factors.put(HeadPart.K, factor(head.k, q, qk));
    factors.put(HeadPart.V, factor(head.v, o, ov));
    factors.put(HeadPart.O, factor(head.o, v, ov));
    return factors;
  }

  private static double[][] rows(Tensor t) {
    double[][] rows = new double[Math.toIntExact(t.rows())][Math.toIntExact(t.cols())];
    for (int i = 0; i < rows.length; i++) {
      t.readRow(i, rows[i]);
    }
    return rows;
  }

  private static double[][] transposed(double[][] rows) {
    double[][] columns = new double[rows[0].length][rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns.length; j++) {
        columns[j][i] = rows[i][j];
      }
    }
    return columns;
  }

  /** AᵀA. */
  private static double[][] gram(double[][] a) {
    int n = a[0].length;
    double[][] gram = new double[n][n];
    for (double[] row : a) {
      for (int i = 0; i < n; i++) {
        double[] sums = gram[i];
        double factor = row[i];
        for (int j = 0; j < n; j++) {
          sums[j] += factor * row[j];
        }
      }
    }
    return gram;
  }

  private static double product(double[][] a, double[][] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a.length; j++) {
        sum += a[i][j] * b[i][j];
      }
    }
    return sum;
  }

  /** A L / norm, where L Lᵀ is the Gram matrix; NaN where the norm is 0. */
  private static double[][] factor(double[][] a, double[][] gram, double norm) {
    double[][] lower = cholesky(gram);
    int n = lower.length;
    double[][] factor = new double[a.length][n];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < n; k++) {
        double value = a[i][k] / norm;
        for (int j = 0; j <= k; j++) {
          factor[i][j] += value * lower[k][j];
        }
      }
    }
    return factor;
  }

  /**
   * L of a positive semidefinite matrix L Lᵀ. A pivot that is only rounding error is skipped with
   * its column. So a head of lower rank than d_head is no error.
   */
  private static double[][] cholesky(double[][] gram) {
    int n = gram.length;
    double greatest = 0;
    for (int i = 0; i < n; i++) {
      greatest = Math.max(greatest, gram[i][i]);
    }
    double negligible = greatest * n * 0x1p-52;
    double[][] lower = new double[n][n];
    for (int j = 0; j < n; j++) {
      double pivot = gram[j][j] - dot(lower[j], lower[j], j);
      if (pivot > negligible) {
        double root = Math.sqrt(pivot);
        for (int i = j; i < n; i++) {
          lower[i][j] = (gram[i][j] - dot(lower[i], lower[j], j)) / root;
        }
      }
    }
    return lower;
  }

  private static double dot(double[] a, double[] b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Bytes of the factors of a layer, and of the products of a block of neurons with them. */
  static long bytes(ModelConfig config, DType working, long neurons) {
    long d = config.dModel();
    long block = Math.min(CosineScan.ROWS, neurons);
    return 4 * d * d * working.bytes()
        + block * (d * working.bytes() + 5L * config.heads() * Double.BYTES);
  }
}
