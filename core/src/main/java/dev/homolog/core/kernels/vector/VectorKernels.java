package dev.homolog.core.kernels.vector;

import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.kernels.shared.Factor;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Everything on the CPU with the Vector API, in single precision with sums of many tokens in
 * double, on a fixed number of threads and without native code. Weights are read where they are
 * mapped, whatever their type. Needs {@code --add-modules jdk.incubator.vector}.
 */
public final class VectorKernels implements Kernels {
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Rows that a piece of row-wise work covers. */
  private static final int ROWS = 64;

  private final Workers workers;
  private final Gemm gemm;
  private final VectorStatistics statistics;
  private final VectorSimilarities similarities;
  private final VectorColumns byColumn;
  private final VectorHeads heads;
  private final ProductMaxima maxima;
  private final float[][] lines;
  private final float[][] scratch;

  /** Kernels on that many threads, the caller's among them. */
  public VectorKernels(int threads) {
    this.workers = new Workers(threads);
    this.gemm = new Gemm(workers);
    this.statistics = new VectorStatistics(workers);
    this.similarities = new VectorSimilarities(workers);
    this.byColumn = new VectorColumns(workers);
    this.heads = new VectorHeads(workers);
    this.maxima = new ProductMaxima(workers);
    this.lines = new float[threads][Gemm.N_BLOCK];
    this.scratch = new float[threads][Gemm.N_BLOCK];
  }

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String description() {
    return "vector: Java Vector API, "
        + Tile.SPECIES.vectorBitSize()
        + "-bit, tile "
        + Tile.ROWS
        + " x "
        + Tile.COLS
        + ", "
        + workers.threads()
        + (workers.threads() == 1 ? " thread" : " threads")
        + ", fp32 with fp64 sums";
  }

  @Override
  public String precision() {
    return "fp32 with fp64 sums";
  }

  @Override
  public DType working() {
    return DType.F32;
  }

  @Override
  public Tensor allocate(Arena arena, DType dtype, long rows, long cols) {
    return Tensor.allocate(arena, dtype, rows, cols);
  }

  @Override
  public Tensor weight(Arena arena, StoredTensor stored, long rows, long cols) {
    return Tensor.wrap(stored.data(), stored.dtype(), rows, cols);
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    if (HostMemory.turns(from, to)) {
      forRows(from.rows(), (_, i, end) -> HostMemory.turn(from.rows(i, end), to.rows(i, end)));
    } else {
      HostMemory.copy(from, to);
    }
  }

  @Override
  public void add(Tensor from, Tensor to) {
    HostMemory.add(from, to);
  }

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    ShapeChecks.embed(ids, context, W_E, W_pos, out);
    ShapeChecks.requireF32(out);
    int d = (int) out.cols();
    forRows(
        out.rows(),
        (worker, from, to) -> {
          float[] line = workers.line(worker, 2 * d);
          for (long t = from; t < to; t++) {
            Packing.row(W_E, ids.data().get(I32, ids.offset(t, 0)), 0, d, line, 0);
            if (W_pos != null) {
              Packing.row(W_pos, t % context, 0, d, line, d);
              for (int i = 0; i < d; i++) {
                line[i] += line[d + i];
              }
            }
            Packing.store(line, 0, d, out, t, 0);
          }
        });
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    ShapeChecks.layerNorm(x, gain, bias, out);
    ShapeChecks.requireF32(x, out);
    int d = (int) x.cols();
    int padded = Packing.roundUp(d, Tile.LANES);
    float[] gains = Packing.vector(gain, padded);
    float[] biases = Packing.vector(bias, padded);
    forRows(
        x.rows(),
        (worker, from, to) -> {
          float[] line = workers.line(worker, padded);
          for (long t = from; t < to; t++) {
            Packing.row(x, t, 0, d, line, 0);
            double variance = centre(line, d, padded);
            scale(line, 1 / Math.sqrt(variance + epsilon), gains, biases);
            Packing.store(line, 0, d, out, t, 0);
          }
        });
  }

  @Override
  public void layerNormScale(Tensor x, double epsilon, Tensor scale) {
    ShapeChecks.layerNormScale(x, scale);
    ShapeChecks.requireF32(x);
    int d = (int) x.cols();
    int padded = Packing.roundUp(d, Tile.LANES);
    forRows(
        x.rows(),
        (worker, from, to) -> {
          float[] line = workers.line(worker, padded);
          for (long t = from; t < to; t++) {
            Packing.row(x, t, 0, d, line, 0);
            scale.set(t, 0, Math.sqrt(centre(line, d, padded) + epsilon));
          }
        });
  }

  /** Takes the mean off d numbers, with zeros after them up to {@code padded}; their variance. */
  private static double centre(float[] line, int d, int padded) {
    Arrays.fill(line, d, padded, 0);
    FloatVector sums = FloatVector.zero(Tile.SPECIES);
    for (int i = 0; i < padded; i += Tile.LANES) {
      sums = sums.add(FloatVector.fromArray(Tile.SPECIES, line, i));
    }
    float mean = (float) (VectorMath.sum(sums) / d);
    FloatVector squares = FloatVector.zero(Tile.SPECIES);
    Arrays.fill(line, d, padded, mean);
    for (int i = 0; i < padded; i += Tile.LANES) {
      FloatVector c = FloatVector.fromArray(Tile.SPECIES, line, i).sub(mean);
      c.intoArray(line, i);
      squares = c.fma(c, squares);
    }
    return VectorMath.sum(squares) / d;
  }

  private static void scale(float[] line, double factor, float[] gains, float[] biases) {
    float inverse = (float) factor;
    for (int i = 0; i < gains.length; i += Tile.LANES) {
      FloatVector.fromArray(Tile.SPECIES, line, i)
          .mul(inverse)
          .fma(
              FloatVector.fromArray(Tile.SPECIES, gains, i),
              FloatVector.fromArray(Tile.SPECIES, biases, i))
          .intoArray(line, i);
    }
  }

  @Override
  public void linear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    ShapeChecks.requireF32(out);
    linear(x, W, b, false, null, null, out);
  }

  @Override
  public void addLinear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    ShapeChecks.requireF32(out);
    linear(x, W, b, true, null, null, out);
  }

  @Override
  public void linearActivate(Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post) {
    ShapeChecks.linear(x, W, b, post);
    ShapeChecks.requireF32(pre, post);
    linear(x, W, b, false, f, pre, post);
  }

  private void linear(
      Tensor x, Tensor W, Tensor b, boolean add, Activation f, Tensor pre, Tensor out) {
    float[] bias = b == null ? null : Packing.vector(b, Packing.roundUp((int) b.cols(), 64));
    gemm.tall(x, W, new LinearTarget(lines, scratch, out, bias, add, f, pre));
  }

  @Override
  public void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    ShapeChecks.rotate(qkv, shape, cos, sin);
    ShapeChecks.requireF32(qkv, cos);
    heads.rotate(qkv, shape, cos, sin);
  }

  @Override
  public void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    ShapeChecks.attention(qkv, shape, out);
    ShapeChecks.requireF32(qkv, out);
    heads.attention(qkv, shape, out);
  }

  @Override
  public void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    ShapeChecks.predictions(logits, adjustment, targets, weights, out);
    ShapeChecks.requireF32(logits);
    new VectorPredictions(workers).run(logits, adjustment, targets, weights, out);
  }

  @Override
  public void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.powerSums(x, keep, mean, scale, sums);
    statistics.powerSums(x, keep, mean, scale, sums);
  }

  @Override
  public void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    ShapeChecks.standardize(x, keep, mean, scale);
    ShapeChecks.requireF32(x);
    statistics.standardize(x, keep, mean, scale);
  }

  @Override
  public void firing(Tensor x, Tensor keep) {
    ShapeChecks.firing(x, keep);
    ShapeChecks.requireF32(x);
    statistics.firing(x, keep);
  }

  @Override
  public void gatherRows(Tensor x, Tensor rows, Tensor out) {
    ShapeChecks.gatherRows(x, rows, out);
    statistics.gatherRows(x, rows, out);
  }

  /** to += from, F32 to F64 of the same shape, rows contiguous. */
  public void addSingles(Tensor from, Tensor to) {
    statistics.addSingles(from, to);
  }

  @Override
  public void crossProducts(Tensor a, Tensor b, Tensor sum) {
    ShapeChecks.crossProducts(a, b, sum);
    gemm.transposed(a, b, false, new SumTarget(sum));
  }

  @Override
  public void gram(Tensor a, Tensor sum) {
    ShapeChecks.crossProducts(a, a, sum);
    gemm.transposed(a, a, true, new SumTarget(sum));
  }

  @Override
  public void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r) {
    ShapeChecks.correlations(sum, a, b, r);
    ShapeChecks.requireF32(r);
    similarities.correlations(sum, n, a, b, r);
  }

  @Override
  public void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    ShapeChecks.overlaps(sum, countA, countB, r);
    ShapeChecks.requireF32(r);
    similarities.overlaps(sum, countA, countB, r);
  }

  @Override
  public PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed) {
    ShapeChecks.prepare(W, transposed);
    return new Factor(W);
  }

  @Override
  public void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.raiseToProducts(x, factor, scratch, best);
    ShapeChecks.requireF32(best);
    Tensor products = scratch.columns(0, factor.cols());
    linear(x, Factor.of(factor).W(), null, products);
    maxima.raise(products, best);
  }

  /** The greatest of products that somebody else has made. */
  public ProductMaxima maxima() {
    return maxima;
  }

  @Override
  public void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    ShapeChecks.topK(x, values, columns);
    statistics.topK(x, greatest, values, columns);
  }

  @Override
  public void topKOfColumns(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    ShapeChecks.topKOfColumns(x, firstRow, values, rows);
    ShapeChecks.requireF32(x, values);
    byColumn.topK(x, firstRow, greatest, values, rows);
  }

  @Override
  public void histogram(Tensor x, double low, double high, Tensor counts) {
    statistics.histogram(x, low, high, counts);
  }

  @Override
  public void columnHistograms(Tensor x, double low, double high, Tensor counts) {
    ShapeChecks.columnHistograms(x, counts);
    byColumn.histograms(x, low, high, counts);
  }

  @Override
  public void rowPowerSums(Tensor x, Tensor sums) {
    sums.requireShape("sums", x.rows(), 5);
    similarities.rowPowerSums(x, sums);
  }

  @Override
  public void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    ShapeChecks.classSums(x, classes, columns, sums, maxima);
    ShapeChecks.requireF32(x);
    byColumn.classSums(x, classes, columns, sums, maxima);
  }

  @Override
  public void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.classPowerSums(x, rows, classes, mean, scale, sums);
    ShapeChecks.requireF32(x, mean, scale);
    byColumn.classPowerSums(x, rows, classes, mean, scale, sums);
  }

  @Override
  public void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    ShapeChecks.classMaxima(x, rows, classes, maxima);
    ShapeChecks.requireF32(x);
    byColumn.classMaxima(x, rows, classes, maxima);
  }

  @Override
  public void close() {
    workers.close();
  }

  private interface RowRange {
    void run(int worker, long from, long to);
  }

  private void forRows(long rows, RowRange body) {
    workers.run(
        Math.toIntExact((rows + ROWS - 1) / ROWS),
        (worker, piece) ->
            body.run(worker, (long) piece * ROWS, Math.min(rows, (piece + 1L) * ROWS)));
  }
}
