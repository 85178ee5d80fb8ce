package dev.homolog.core.kernels.vector;

import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * What the Vector API does on the host, in single precision with sums of many tokens in double, on
 * a fixed number of threads. Plain products and the reading of weights are left to subclasses. They
 * use the Vector API or a library that works in the same memory.
 */
public abstract class HostKernels implements Kernels {
  /** Rows that a piece of row-wise work covers. */
  private static final int ROWS = 64;

  /** Variances of rows whose mean and squares are sums of normal numbers, none too large. */
  private static final double LEAST_PLAIN = 1e-24;

  private static final double MOST_PLAIN = 1e24;

  final Workers workers;
  final Gemm gemm;
  private final VectorStatistics statistics;
  private final VectorSimilarities similarities;
  private final VectorColumns byColumn;
  private final VectorHeads heads;
  private final ProductMaxima maxima;
  private final float[][] lines;
  private final float[][] scratch;

  /** Kernels on that many threads, the caller's among them. */
  protected HostKernels(int threads) {
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
  public final int threads() {
    return workers.threads();
  }

  @Override
  public final String precision() {
    return "fp32 with fp64 sums";
  }

  @Override
  public final DType working() {
    return DType.F32;
  }

  @Override
  public final Tensor allocate(Arena arena, DType dtype, long rows, long cols) {
    return Tensor.allocate(arena, dtype, rows, cols);
  }

  @Override
  public final void copy(Tensor from, Tensor to) {
    if (HostMemory.transposes(from, to)) {
      forRows(from.rows(), (_, i, end) -> HostMemory.transpose(from.rows(i, end), to.rows(i, end)));
    } else {
      HostMemory.copy(from, to);
    }
  }

  @Override
  public final void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
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
            if (isPlain(variance)) {
              scale(line, 1 / Math.sqrt(variance + epsilon), gains, biases);
            } else {
              Packing.row(x, t, 0, d, line, 0);
              WideRow row = WideRow.of(line, d);
              row.normalise(line, epsilon, gains, biases);
            }
            Packing.store(line, 0, d, out, t, 0);
          }
        });
  }

  @Override
  public final void layerNormScale(Tensor x, double epsilon, Tensor scale) {
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
            double variance = centre(line, d, padded);
            if (!isPlain(variance)) {
              Packing.row(x, t, 0, d, line, 0);
              variance = WideRow.of(line, d).variance();
            }
            scale.set(t, 0, Math.sqrt(variance + epsilon));
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

  /** Whether no square that matters can have left single precision; NaN is not. */
  private static boolean isPlain(double variance) {
    return variance >= LEAST_PLAIN && variance <= MOST_PLAIN;
  }

  /** Mean and variance in double, of a row whose squares single precision does not hold. */
  private record WideRow(int d, double mean, double variance) {
    static WideRow of(float[] line, int d) {
      double mean = 0;
      for (int i = 0; i < d; i++) {
        mean += line[i];
      }
      mean /= d;
      double squares = 0;
      for (int i = 0; i < d; i++) {
        squares += (line[i] - mean) * (line[i] - mean);
      }
      return new WideRow(d, mean, squares / d);
    }

    void normalise(float[] line, double epsilon, float[] gains, float[] biases) {
      double inverse = 1 / Math.sqrt(variance + epsilon);
      for (int i = 0; i < d; i++) {
        line[i] = (float) ((line[i] - mean) * inverse * gains[i] + biases[i]);
      }
    }
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
  public final void linearActivate(
      Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post) {
    ShapeChecks.linear(x, W, b, post);
    ShapeChecks.requireF32(pre, post);
    linear(x, W, b, false, f, pre, post);
  }

  /** out = x W + b or, with {@code add}, out += x W + b; then f of it, where there is one. */
  final void linear(
      Tensor x, Tensor W, Tensor b, boolean add, Activation f, Tensor pre, Tensor out) {
    float[] bias = b == null ? null : Packing.vector(b, Packing.roundUp((int) b.cols(), 64));
    gemm.tall(x, W, new LinearTarget(lines, scratch, out, bias, add, f, pre));
  }

  @Override
  public final void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    ShapeChecks.rotate(qkv, shape, cos, sin);
    ShapeChecks.requireF32(qkv, cos);
    heads.rotate(qkv, shape, cos, sin);
  }

  @Override
  public final void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    ShapeChecks.attention(qkv, shape, out);
    ShapeChecks.requireF32(qkv, out);
    heads.attention(qkv, shape, out);
  }

  @Override
  public final void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    ShapeChecks.predictions(logits, adjustment, targets, weights, out);
    ShapeChecks.requireF32(logits);
    new VectorPredictions(workers).run(logits, adjustment, targets, weights, out);
  }

  @Override
  public final void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.powerSums(x, keep, mean, scale, sums);
    statistics.powerSums(x, keep, mean, scale, sums);
  }

  @Override
  public final void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    ShapeChecks.standardize(x, keep, mean, scale);
    ShapeChecks.requireF32(x);
    statistics.standardize(x, keep, mean, scale);
  }

  @Override
  public final void firing(Tensor x, Tensor keep) {
    ShapeChecks.firing(x, keep);
    ShapeChecks.requireF32(x);
    statistics.firing(x, keep);
  }

  @Override
  public final void gatherRows(Tensor x, Tensor rows, Tensor out) {
    ShapeChecks.gatherRows(x, rows, out);
    statistics.gatherRows(x, rows, out);
  }

  /** to += from, F32 to F64 of the same shape, rows contiguous. */
  public final void addSingles(Tensor from, Tensor to) {
    statistics.addSingles(from, to);
  }

  @Override
  public final void gram(Tensor a, Tensor sum) {
    ShapeChecks.crossProducts(a, a, sum);
    gemm.transposed(a, a, true, new SumTarget(sum));
  }

  @Override
  public final void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r) {
    ShapeChecks.correlations(sum, a, b, r);
    ShapeChecks.requireF32(r);
    similarities.correlations(sum, n, a, b, r);
  }

  @Override
  public final void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    ShapeChecks.overlaps(sum, countA, countB, r);
    ShapeChecks.requireF32(r);
    similarities.overlaps(sum, countA, countB, r);
  }

  /** The greatest of products that are made already. */
  public final ProductMaxima maxima() {
    return maxima;
  }

  @Override
  public final void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    ShapeChecks.topK(x, values, columns);
    statistics.topK(x, greatest, values, columns);
  }

  @Override
  public final void topKOfColumns(
      Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    ShapeChecks.topKOfColumns(x, firstRow, values, rows);
    ShapeChecks.requireF32(x, values);
    byColumn.topK(x, firstRow, greatest, values, rows);
  }

  @Override
  public final void histogram(Tensor x, double low, double high, Tensor counts) {
    statistics.histogram(x, low, high, counts);
  }

  @Override
  public final void columnHistograms(Tensor x, double low, double high, Tensor counts) {
    ShapeChecks.columnHistograms(x, counts);
    byColumn.histograms(x, low, high, counts);
  }

  @Override
  public final void rowPowerSums(Tensor x, Tensor sums) {
    sums.requireShape("sums", x.rows(), 5);
    similarities.rowPowerSums(x, sums);
  }

  @Override
  public final void classSums(
      Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    ShapeChecks.classSums(x, classes, columns, sums, maxima);
    ShapeChecks.requireF32(x);
    byColumn.classSums(x, classes, columns, sums, maxima);
  }

  @Override
  public final void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.classPowerSums(x, rows, classes, mean, scale, sums);
    ShapeChecks.requireF32(x, mean, scale);
    byColumn.classPowerSums(x, rows, classes, mean, scale, sums);
  }

  @Override
  public final void addOuter(Tensor column, Tensor row, Tensor to) {
    ShapeChecks.addOuter(column, row, to);
    ShapeChecks.requireF32(to);
    float[] values = Packing.vector(row);
    forRows(
        to.rows(),
        (worker, from, end) -> {
          float[] line = workers.line(worker, values.length);
          for (long i = from; i < end; i++) {
            float factor = (float) column.get(i, 0);
            Packing.row(to, i, 0, values.length, line, 0);
            for (int j = 0; j < values.length; j++) {
              line[j] += factor * values[j];
            }
            Packing.store(line, 0, values.length, to, i, 0);
          }
        });
  }

  @Override
  public final void sketch(Tensor x, Tensor buckets, Tensor signs, Tensor sum) {
    ShapeChecks.sketch(x, buckets, signs, sum);
    ShapeChecks.requireF32(x);
    byColumn.sketch(x, buckets, signs, sum);
  }

  @Override
  public final void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    ShapeChecks.classMaxima(x, rows, classes, maxima);
    ShapeChecks.requireF32(x);
    byColumn.classMaxima(x, rows, classes, maxima);
  }

  @Override
  public void close() {
    workers.close();
  }

  /** A piece of row-wise work. */
  interface RowRange {
    void run(int worker, long from, long to);
  }

  /** Runs a body over all rows, some at a time. */
  final void forRows(long rows, RowRange body) {
    workers.run(
        Math.toIntExact((rows + ROWS - 1) / ROWS),
        (worker, piece) ->
            body.run(worker, (long) piece * ROWS, Math.min(rows, (piece + 1L) * ROWS)));
  }
}
