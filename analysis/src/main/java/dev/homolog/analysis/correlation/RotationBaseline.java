package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * How well a reference neuron would correlate with another model whose layers are each rotated by a
 * random matrix R with rows of length 1. It is the baseline of Gurnee et al. 2024, section 4.1. It
 * needs no second pass over the tokens, since cov(A, R B) = cov(A, B) Rᵀ and var((R B)_j) = R_j
 * cov(B, B) R_jᵀ.
 */
final class RotationBaseline {
  /**
   * Bytes of a block of correlations that is rotated: 2,048 rows of GPT-2 small's layers. At this
   * size libtorch's product in bfloat16 is the fastest, and no other is slower.
   */
  public static final long BLOCK_BYTES = 24L << 20;

  /** Columns of a layer's correlations that are multiplied at once, down to their diagonal. */
  private static final int WIDTH = 384;

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

  /** Multiplications and additions for one layer of m neurons, and that many of the reference. */
  public static double operations(long neurons, long m) {
    double withinLayer = 0;
    for (long from = 0; from < m; from += WIDTH) {
      long to = Math.min(m, from + WIDTH);
      withinLayer += 2.0 * m * to * (to - from);
    }
    return withinLayer + 2.0 * neurons * m * m;
  }

  /**
   * The greatest similarity of reference neurons with the rotated neurons of each other model, for
   * one draw.
   *
   * @param strip of the reference that the sums are of
   * @param chunks parts of the strip
   * @return [other][neuron of the chunks, in order]; NaN for a neuron without similarities
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
    Tensor cross = sink.cross(strip, b);
    int longest = chunks.stream().mapToInt(Strip::rows).max().orElse(0);
    try (Arena arena = Arena.ofShared()) {
      Tensor undefined = Tensor.allocate(arena, kernels.working(), BestMatches.rows(chunks), 1);
      undefined.fill(Double.NaN);
      Tensor best = kernels.fromHost(arena, undefined);
      Buffers buffers = new Buffers(arena, b.dMlp(), longest);
      for (int layer = 0; layer < b.layers(); layer++) {
        int from = layer * b.dMlp();
        int to = from + b.dMlp();
        try (Arena scratch = Arena.ofShared()) {
          // A neuron without similarities adds nothing to a rotated one.
          Kernels.Columns otherColumns =
              measure.columns(scratch, b, from, to, Measure.Undefined.ZERO);
          rotation.fill(buffers.rotation, other, layer);
          PreparedFactor factor =
              buffers.rotationFactor(
                  scratch, otherColumns, measure.sizes(b, layer), sink.gram(b, layer));
          int rowsDone = 0;
          for (Strip chunk : chunks) {
            Kernels.Columns chunkColumns =
                measure.columns(scratch, a, chunk.from(), chunk.to(), Measure.Undefined.NAN);
            Tensor chunkSums =
                cross
                    .columns(from, to)
                    .rows(chunk.from() - strip.from(), chunk.to() - strip.from());
            buffers.raise(
                best.rows(rowsDone, rowsDone + chunk.rows()),
                chunkSums,
                chunkColumns,
                otherColumns,
                factor);
            rowsDone += chunk.rows();
          }
        }
      }
      double[] hostBest = kernels.toHost(arena, best).toArray();
      for (int i = 0; i < hostBest.length; i++) {
        hostBest[i] = Math.clamp(hostBest[i], -1.0, 1.0); // NaN stays
      }
      return hostBest;
    }
  }

  /**
   * The buffers of the rotation, made once for all layers of a model, since fresh memory costs as
   * much as the work. Only the prepared factor is made anew for each layer.
   */
  private final class Buffers {
    private final int m;
    private final Tensor rotation;
    private final Tensor scaled; // on the host
    private final Tensor onDevice;
    private final Tensor product;
    private final Tensor within;
    private final Tensor W;
    private final Tensor correlations;
    private final Tensor rotated;

    Buffers(Arena arena, int m, int longestChunk) {
      DType working = kernels.working();
      int rows = Math.clamp(BLOCK_BYTES / working.bytes() / m, 1, Math.max(1, longestChunk));
      this.m = m;
      this.rotation = Tensor.allocate(arena, DType.F64, m, m);
      this.scaled = Tensor.allocate(arena, working, m, m);
      this.onDevice = kernels.fromHost(arena, scaled);
      this.product = kernels.allocate(arena, working, m, m);
      this.within = kernels.allocate(arena, working, m, m);
      this.W = kernels.allocate(arena, working, m, m);
      this.correlations = kernels.allocate(arena, working, rows, m);
      this.rotated = kernels.allocate(arena, working, rows, m);
    }

    /** best[i] = max(best[i], r of neuron i with each rotated neuron of the layer). */
    void raise(
        Tensor best, Tensor cross, Kernels.Columns a, Kernels.Columns b, PreparedFactor factor) {
      CorrelationSummary.forBlocks(
          measure,
          cross,
          a,
          b,
          correlations,
          (r, i) ->
              kernels.raiseToProducts(
                  r, factor, rotated.rows(0, r.rows()), best.rows(i, i + r.rows())));
    }

    /**
     * W [m, m], which maps correlations with a layer's neurons to correlations with its rotated
     * ones. Column j is R_j times the neurons' deviations, over the deviation of rotated neuron j.
     * The next call overwrites it.
     */
    PreparedFactor rotationFactor(
        Arena scratch, Kernels.Columns columns, double[] sizes, Tensor gram) {
      double[] row = new double[m];
      for (int j = 0; j < m; j++) { // transposed: row j is rotated neuron j
        rotation.readRow(j, row);
        for (int k = 0; k < m; k++) {
          row[k] *= sizes[k];
        }
        scaled.writeRow(j, row);
      }
      kernels.copy(scaled, onDevice);
      rotateHalf(columns, gram);
      Tensor rotatedHalf = kernels.toHost(scratch, product);
      double[] halves = new double[m];
      for (int j = 0; j < m; j++) {
        scaled.readRow(j, row);
        rotatedHalf.readRow(j, halves);
        double variance = 0;
        for (int k = 0; k < m; k++) {
          variance += 2 * row[k] * halves[k];
        }
        double inverse = variance > 0 ? 1 / Math.sqrt(variance) : Double.NaN;
        for (int k = 0; k < m; k++) {
          row[k] *= inverse;
        }
        scaled.writeRow(j, row);
      }
      kernels.copy(scaled, onDevice);
      // Upright, since it is packed anew for each block of neurons.
      kernels.copy(onDevice.transposed(), W);
      return kernels.prepare(scratch, W, onDevice);
    }

    /**
     * product = R H, where H is the part of the correlations C within a layer above the diagonal,
     * and half of the diagonal. R_j C R_jᵀ is twice R_j H R_jᵀ, since C = H + Hᵀ. The sums behind C
     * are defined on and above the diagonal alone.
     */
    private void rotateHalf(Kernels.Columns columns, Tensor gram) {
      measure.fill(gram, columns, columns, within);
      for (int from = 0; from < m; from += WIDTH) {
        int to = Math.min(m, from + WIDTH);
        halve(within.rows(from, to).columns(from, to));
        kernels.linear(
            onDevice.columns(0, to),
            within.rows(0, to).columns(from, to),
            null,
            product.columns(from, to));
      }
    }

    /** Clears a square below its diagonal, and halves that. */
    private void halve(Tensor corner) {
      try (Arena arena = Arena.ofShared()) {
        Tensor onHost = kernels.toHost(arena, corner);
        for (int i = 0; i < corner.rows(); i++) {
          for (int j = 0; j < i; j++) {
            onHost.set(i, j, 0);
          }
          onHost.set(i, i, onHost.get(i, i) / 2);
        }
        if (!corner.onHost()) {
          kernels.copy(onHost, corner);
        }
      }
    }
  }
}
