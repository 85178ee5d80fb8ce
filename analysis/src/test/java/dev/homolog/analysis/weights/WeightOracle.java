package dev.homolog.analysis.weights;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The definitions of weights' numbers as plain loops in double, whole matrices and all. */
final class WeightOracle {
  final ModelConfig config;
  final double[][] in;
  final double[][] out;
  final double[][] embedding;
  final double[][] unembedding;

  /** W_QK and W_OV [d_model, d_model] of every head, a layer after another. */
  final List<double[][]> qk = new ArrayList<>();

  final List<double[][]> ov = new ArrayList<>();

  WeightOracle(Checkpoint checkpoint, Processing processing) {
    config = checkpoint.config();
    in = new double[config.neurons()][];
    out = new double[config.neurons()][];
    ProcessedWeights weights = new ProcessedWeights(checkpoint, processing);
    try (Arena arena = Arena.ofConfined()) {
      for (int layer = 0; layer < config.layers(); layer++) {
        ProcessedWeights.Mlp mlp = weights.mlp(layer, arena);
        int first = layer * config.dMlp();
        System.arraycopy(rows(mlp.W_in().transposed()), 0, in, first, config.dMlp());
        System.arraycopy(rows(mlp.W_out()), 0, out, first, config.dMlp());
        ProcessedWeights.Attention attention = weights.attention(layer, arena);
        double[][] o = rows(attention.W_O());
        for (int h = 0; h < config.heads(); h++) {
          int from = h * config.dHead();
          int to = from + config.dHead();
          double[][] q = rows(attention.W_Q().columns(from, to));
          double[][] k = rows(attention.W_K().columns(from, to));
          double[][] v = rows(attention.W_V().columns(from, to));
          qk.add(product(q, turned(k)));
          ov.add(product(v, Arrays.copyOfRange(o, from, to)));
        }
      }
      embedding = rows(weights.W_E(0, config.vocabSize(), arena));
      unembedding = rows(weights.W_U(0, config.vocabSize(), arena).transposed());
    }
  }

  private static double[][] rows(Tensor t) {
    double[][] rows = new double[(int) t.rows()][(int) t.cols()];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows[i].length; j++) {
        rows[i][j] = t.get(i, j);
      }
    }
    return rows;
  }

  private static double[][] turned(double[][] a) {
    double[][] turned = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        turned[j][i] = a[i][j];
      }
    }
    return turned;
  }

  private static double[][] product(double[][] a, double[][] b) {
    double[][] product = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b[0].length; j++) {
        for (int k = 0; k < b.length; k++) {
          product[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return product;
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  static double norm(double[] a) {
    return Math.sqrt(dot(a, a));
  }

  /** Cosines with all rows; NaN where one is 0. */
  static double[] cosines(double[] x, double[][] rows) {
    return Arrays.stream(rows).mapToDouble(y -> dot(x, y) / (norm(x) * norm(y))).toArray();
  }

  double[] neighbours(String kind, int neuron) {
    double[] x = kind.startsWith("in") ? in[neuron] : out[neuron];
    double[] cosines = cosines(x, kind.endsWith("in") ? in : out);
    cosines[neuron] = Double.NaN;
    return cosines;
  }

  double[] tokens(String space, int neuron) {
    double[] x = space.endsWith("in") ? in[neuron] : out[neuron];
    return cosines(x, space.startsWith("E") ? embedding : unembedding);
  }

  /** Of every head, a layer after another. */
  double[] composition(char kind, int neuron) {
    double[] x = kind == 'o' ? in[neuron] : out[neuron];
    List<double[][]> matrices = kind == 'q' || kind == 'k' ? qk : ov;
    boolean fromLeft = kind == 'q' || kind == 'v';
    return matrices.stream()
        .mapToDouble(matrix -> {
          double[][] by = fromLeft ? turned(matrix) : matrix;
          double[] y = Arrays.stream(by).mapToDouble(row -> dot(row, x)).toArray();
          double frobenius = Math.sqrt(Arrays.stream(by).mapToDouble(row -> dot(row, row)).sum());
          return norm(y) / (frobenius * norm(x));
        })
        .toArray();
  }

  /** Ids of what is there, best first, ties to the lowest. */
  static int[] order(double[] values, boolean greatest) {
    Comparator<Integer> up = Comparator.comparingDouble(i -> values[i]);
    return IntStream.range(0, values.length)
        .filter(i -> !Double.isNaN(values[i]))
        .boxed()
        .sorted(greatest ? up.reversed() : up)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Mean, variance, skew and kurtosis of what is not NaN, in two passes. */
  static double[] moments(double[] values) {
    double[] there = Arrays.stream(values).filter(v -> !Double.isNaN(v)).toArray();
    double mean = Arrays.stream(there).average().orElse(Double.NaN);
    double[] m = new double[3];
    for (double value : there) {
      double c = value - mean;
      m[0] += c * c / there.length;
      m[1] += c * c * c / there.length;
      m[2] += c * c * c * c / there.length;
    }
    return new double[] {mean, m[0], m[1] / Math.pow(m[0], 1.5), m[2] / (m[0] * m[0])};
  }
}
