package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
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
  private final Measure measure;
  private final List<ModelNeurons> models;

  /** A baseline over the sums of a stream, whose sink keeps products within layers. */
  public RotationBaseline(CorrelationSink sink, Measure measure) {
    this.kernels = measure.kernels();
    this.sink = sink;
    this.measure = measure;
    this.models = sink.models();
  }

  /**
   * The greatest similarity of reference neurons with the turned neurons of each other model, for
   * one draw.
   *
   * @param strip of the reference that the sums are of
   * @param chunks parts of the strip
   * @return [other][neuron of the chunks, in order]; NaN for a neuron that is like nothing
   */
  public double[][] best(
      Rotation rotation, Strip strip, List<Strip> chunks, ProgressListener progress) {
    double[][] best = new double[models.size() - 1][];
    for (int other = 0; other < best.length; other++) {
      progress.progress("baseline", other, best.length);
      best[other] = best(rotation, other, strip, chunks);
    }
    progress.progress("baseline", best.length, best.length);
    return best;
  }

  private double[] best(Rotation rotation, int other, Strip strip, List<Strip> chunks) {
    ModelNeurons a = models.getFirst();
    ModelNeurons b = models.get(other + 1);
    double[] best = new double[BestMatches.rows(chunks)];
    Arrays.fill(best, Double.NaN);
    Tensor cross = sink.cross(strip, b);
    for (int layer = 0; layer < b.layers(); layer++) {
      try (Arena arena = Arena.ofShared()) {
        int from = layer * b.dMlp();
        int to = from + b.dMlp();
        // A neuron that is like nothing adds nothing to a turned one.
        Layer turned =
            new Layer(
                measure.columns(arena, b, from, to, Measure.Undefined.ZERO),
                measure.sizes(b, layer),
                sink.gram(b, layer),
                rotation.matrix(arena, other, layer, b.dMlp()));
        Tensor W = turned.weights(arena);
        int done = 0;
        for (Strip chunk : chunks) {
          Kernels.Columns mine =
              measure.columns(arena, a, chunk.from(), chunk.to(), Measure.Undefined.NAN);
          Tensor part =
              cross.columns(from, to).rows(chunk.from() - strip.from(), chunk.to() - strip.from());
          turned.raise(best, done, part, mine, W);
          done += chunk.rows();
        }
      }
    }
    return best;
  }

  private final class Layer {
    private final Kernels.Columns columns;
    private final double[] sizes;
    private final Tensor gram;
    private final Tensor rotation;
    private final int m;

    Layer(Kernels.Columns columns, double[] sizes, Tensor gram, Tensor rotation) {
      this.columns = columns;
      this.sizes = sizes;
      this.gram = gram;
      this.rotation = rotation;
      this.m = Math.toIntExact(rotation.rows());
    }

    /** best[at + i] = max(best[at + i], r of neuron i with each turned neuron of the layer). */
    void raise(double[] best, int at, Tensor cross, Kernels.Columns columnsA, Tensor W) {
      int all = Math.toIntExact(cross.rows());
      int rows = CorrelationSummary.blockRows(kernels, all, m);
      Tails greatest = new Tails(all, 1);
      try (Arena arena = Arena.ofShared()) {
        Tensor turned = kernels.allocate(arena, kernels.working(), rows, m);
        CorrelationSummary.forBlocks(
            measure,
            cross,
            columnsA,
            columns,
            (r, i) -> {
              Tensor target = turned.rows(0, r.rows());
              kernels.linear(r, W, null, target);
              greatest.add(kernels, target, i, 0, true);
            });
      }
      for (int i = 0; i < all; i++) {
        double value = Math.min(1, Math.max(-1, greatest.value(i, 0)));
        if (!Double.isNaN(value) && !(best[at + i] >= value)) {
          best[at + i] = value;
        }
      }
    }

    /**
     * The matrix [m, m] that takes correlations with a layer's neurons to correlations with its
     * turned ones: column j is R_j times the neurons' deviations, over the deviation of turned
     * neuron j.
     */
    private Tensor weights(Arena arena) {
      Tensor scaled =
          Tensor.allocate(arena, kernels.working(), m, m); // transposed: row j is turned j
      double[] row = new double[m];
      for (int j = 0; j < m; j++) {
        rotation.readRow(j, row);
        for (int k = 0; k < m; k++) {
          row[k] *= sizes[k];
        }
        scaled.writeRow(j, row);
      }
      Tensor onDevice = kernels.fromHost(arena, scaled);
      Tensor productOnDevice = kernels.allocate(arena, kernels.working(), m, m);
      kernels.linear(onDevice, correlationsWithin(arena), null, productOnDevice);
      Tensor product = kernels.toHost(arena, productOnDevice);
      double[] covariances = new double[m];
      for (int j = 0; j < m; j++) {
        scaled.readRow(j, row);
        product.readRow(j, covariances);
        double variance = 0;
        for (int k = 0; k < m; k++) {
          variance += row[k] * covariances[k];
        }
        double inverse = variance > 0 ? 1 / Math.sqrt(variance) : Double.NaN;
        for (int k = 0; k < m; k++) {
          row[k] *= inverse;
        }
        scaled.writeRow(j, row);
      }
      kernels.copy(scaled, onDevice);
      // Upright, since it is packed anew for each block of neurons.
      Tensor upright = kernels.allocate(arena, kernels.working(), m, m);
      kernels.copy(onDevice.transposed(), upright);
      return upright;
    }

    /** Only the upper triangle of the sums is defined. */
    private Tensor correlationsWithin(Arena arena) {
      Tensor upper = kernels.toHost(arena, gram);
      Tensor turned = kernels.allocate(arena, DType.F64, m, m);
      kernels.copy(gram.transposed(), turned);
      Tensor sums = kernels.toHost(arena, turned);
      double[] above = new double[m];
      double[] below = new double[m];
      for (int i = 0; i < m; i++) {
        upper.readRow(i, above);
        sums.readRow(i, below);
        System.arraycopy(above, i, below, i, m - i);
        sums.writeRow(i, below);
      }
      if (!turned.onHost()) {
        kernels.copy(sums, turned);
      }
      Tensor within = kernels.allocate(arena, kernels.working(), m, m);
      measure.fill(turned, columns, columns, within);
      return within;
    }
  }
}
