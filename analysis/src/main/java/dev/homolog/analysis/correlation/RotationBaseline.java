package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/**
 * How well a reference neuron would correlate with another model whose layers are each turned by a
 * random matrix R (rows of length 1): the baseline of Gurnee et al. 2024, section 4.1. It needs no
 * second pass over the tokens, since cov(A, R B) = cov(A, B) Rᵀ and var((R B)_j) = R_j cov(B, B)
 * R_jᵀ.
 */
public final class RotationBaseline {
  private final Kernels kernels;
  private final CorrelationSink sink;
  private final Moments moments;
  private final List<ModelNeurons> models;

  /** A baseline over the sums of a finished stream, whose sink kept products within layers. */
  public RotationBaseline(
      Kernels kernels, CorrelationSink sink, Moments moments, List<ModelNeurons> models) {
    this.kernels = kernels;
    this.sink = sink;
    this.moments = moments;
    this.models = models;
  }

  /**
   * The greatest correlation of each reference neuron with the turned neurons of each other model,
   * for one draw.
   *
   * @return [other][reference neuron]; NaN for a constant neuron
   */
  public double[][] best(Rotation rotation, ProgressListener progress) {
    double[][] best = new double[models.size() - 1][];
    for (int other = 0; other < best.length; other++) {
      progress.progress("baseline", other, best.length);
      best[other] = best(rotation, other);
    }
    progress.progress("baseline", best.length, best.length);
    return best;
  }

  private double[] best(Rotation rotation, int other) {
    ModelNeurons a = models.getFirst();
    ModelNeurons b = models.get(other + 1);
    double[] best = new double[a.count()];
    Arrays.fill(best, Double.NaN);
    Tensor cross = sink.cross(b);
    try (Arena arena = Arena.ofShared()) {
      Kernels.Columns columnsA = moments.columns(kernels, arena, a, Double.NaN);
      // A constant neuron has no covariance with anything: it adds nothing to a turned one.
      Kernels.Columns columnsB = moments.columns(kernels, arena, b, 0);
      for (int layer = 0; layer < b.layers(); layer++) {
        int from = layer * b.dMlp();
        int to = from + b.dMlp();
        Kernels.Columns columns =
            new Kernels.Columns(
                columnsB.mean().columns(from, to), columnsB.inverse().columns(from, to));
        Layer turned =
            new Layer(
                columns,
                deviations(b.offset() + from, b.dMlp()),
                sink.gram(b, layer),
                rotation.matrix(other, layer, b.dMlp()));
        turned.raise(best, cross.columns(from, to), columnsA);
      }
    }
    return best;
  }

  /**
   * Deviations of the activations themselves, not of the standardised ones; 0 for a constant
   * neuron.
   */
  private double[] deviations(long from, int count) {
    double[] deviations = new double[count];
    Arrays.setAll(deviations, k -> Math.sqrt(moments.variance(Math.toIntExact(from + k))));
    return deviations;
  }

  private final class Layer {
    private final Kernels.Columns columns;
    private final double[] deviations;
    private final Tensor gram;
    private final double[][] rotation;
    private final int m;

    Layer(Kernels.Columns columns, double[] deviations, Tensor gram, double[][] rotation) {
      this.columns = columns;
      this.deviations = deviations;
      this.gram = gram;
      this.rotation = rotation;
      this.m = rotation.length;
    }

    /** best[i] = max(best[i], r of reference neuron i with each turned neuron of the layer). */
    void raise(double[] best, Tensor cross, Kernels.Columns columnsA) {
      try (Arena arena = Arena.ofShared()) {
        Tensor W = weights(arena);
        int rows = CorrelationSummary.blockRows(kernels, best.length, 2 * m);
        Tensor r = kernels.allocate(arena, kernels.working(), rows, m);
        Tensor turned = kernels.allocate(arena, kernels.working(), rows, m);
        Tails greatest = new Tails(best.length, 1);
        for (int i = 0; i < best.length; i += rows) {
          int n = Math.min(rows, best.length - i);
          Kernels.Columns part =
              new Kernels.Columns(
                  columnsA.mean().columns(i, i + n), columnsA.inverse().columns(i, i + n));
          kernels.correlations(cross.rows(i, i + n), moments.n(), part, columns, r.rows(0, n));
          kernels.linear(r.rows(0, n), W, null, turned.rows(0, n));
          greatest.put(kernels, i, turned.rows(0, n), true);
          for (int j = 0; j < n; j++) {
            double value = Math.min(1, Math.max(-1, greatest.value(i + j, 0)));
            if (!Double.isNaN(value) && !(best[i + j] >= value)) {
              best[i + j] = value;
            }
          }
        }
      }
    }

    /**
     * The matrix [m, m] that takes correlations with a layer's neurons to correlations with its
     * turned ones: column j is R_j times the neurons' deviations, over the deviation of turned
     * neuron j.
     */
    private Tensor weights(Arena arena) {
      Tensor scaled = Tensor.allocate(arena, kernels.working(), m, m);
      for (int j = 0; j < m; j++) {
        for (int k = 0; k < m; k++) {
          scaled.set(k, j, rotation[j][k] * deviations[k]);
        }
      }
      Tensor within = correlationsWithin(arena);
      Tensor onDevice = kernels.fromHost(arena, scaled);
      Tensor productOnDevice = kernels.allocate(arena, kernels.working(), m, m);
      kernels.linear(within, onDevice, null, productOnDevice);
      Tensor product = kernels.toHost(arena, productOnDevice);
      for (int j = 0; j < m; j++) {
        double variance = 0;
        for (int k = 0; k < m; k++) {
          variance += scaled.get(k, j) * product.get(k, j);
        }
        double inverse = variance > 0 ? 1 / Math.sqrt(variance) : Double.NaN;
        for (int k = 0; k < m; k++) {
          scaled.set(k, j, scaled.get(k, j) * inverse);
        }
      }
      kernels.copy(scaled, onDevice);
      return onDevice;
    }

    /** Only the upper triangle of the sums is defined. */
    private Tensor correlationsWithin(Arena arena) {
      Tensor upper = kernels.toHost(arena, gram);
      Tensor sums = Tensor.allocate(arena, DType.F64, m, m);
      for (int i = 0; i < m; i++) {
        for (int j = i; j < m; j++) {
          double sum = upper.get(i, j);
          sums.set(i, j, sum);
          sums.set(j, i, sum);
        }
      }
      Tensor within = kernels.allocate(arena, kernels.working(), m, m);
      kernels.correlations(kernels.fromHost(arena, sums), moments.n(), columns, columns, within);
      return within;
    }
  }
}
