package dev.homolog.core.kernels;

import dev.homolog.core.checkpoint.Activation;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Everything on the CPU with the Vector API, in single precision with sums of many tokens in
 * double, on a fixed number of threads and without native code. Weights are read where they are
 * mapped, whatever their type. Needs {@code --add-modules jdk.incubator.vector}.
 */
public final class VectorKernels implements Kernels {
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Rows that a piece of row-wise work covers. */
  private static final int ROWS = 64;

  private final Workers workers;
  private final Gemm gemm;
  private final VectorStatistics statistics;
  private final VectorHeads heads;

  /** Kernels on that many threads, the caller's among them. */
  public VectorKernels(int threads) {
    this.workers = new Workers(threads);
    this.gemm = new Gemm(workers);
    this.statistics = new VectorStatistics(workers);
    this.heads = new VectorHeads(workers);
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
    HostMemory.copy(from, to);
  }

  @Override
  public void add(Tensor from, Tensor to) {
    HostMemory.add(from, to);
  }

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    Shapes.embed(ids, context, W_E, W_pos, out);
    VectorStatistics.requireF32(out);
    int d = (int) out.cols();
    forRows(
        out.rows(),
        (from, to) -> {
          float[] token = new float[d];
          float[] position = new float[d];
          for (long t = from; t < to; t++) {
            Packing.row(W_E, ids.data().get(I32, ids.offset(t, 0)), 0, d, token, 0);
            Packing.row(W_pos, t % context, 0, d, position, 0);
            for (int i = 0; i < d; i++) {
              token[i] += position[i];
            }
            Packing.store(token, 0, d, out, t, 0);
          }
        });
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    Shapes.layerNorm(x, gain, bias, out);
    VectorStatistics.requireF32(x, out);
    int d = (int) x.cols();
    int padded = Packing.roundUp(d, Tile.LANES);
    float[] gains = Arrays.copyOf(Packing.vector(gain), padded);
    float[] biases = Arrays.copyOf(Packing.vector(bias), padded);
    forRows(
        x.rows(),
        (from, to) -> {
          float[] line = new float[padded];
          for (long t = from; t < to; t++) {
            Packing.row(x, t, 0, d, line, 0);
            normalize(line, d, epsilon, gains, biases);
            Packing.store(line, 0, d, out, t, 0);
          }
        });
  }

  private static void normalize(
      float[] line, int d, double epsilon, float[] gains, float[] biases) {
    double sum = 0;
    for (int i = 0; i < d; i += 32) {
      float part = 0;
      for (int j = i; j < Math.min(i + 32, d); j++) {
        part += line[j];
      }
      sum += part;
    }
    float mean = (float) (sum / d);
    FloatVector squares = FloatVector.zero(Tile.SPECIES);
    Arrays.fill(line, d, line.length, mean);
    for (int i = 0; i < line.length; i += Tile.LANES) {
      FloatVector c = FloatVector.fromArray(Tile.SPECIES, line, i).sub(mean);
      c.intoArray(line, i);
      squares = c.fma(c, squares);
    }
    double variance = VectorMath.sum(squares) / d;
    float inverse = (float) (1 / Math.sqrt(variance + epsilon));
    for (int i = 0; i < line.length; i += Tile.LANES) {
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
    Shapes.linear(x, W, b, out);
    VectorStatistics.requireF32(out);
    gemm.tall(x, W, new LinearTarget(out, Packing.vector(b), false));
  }

  @Override
  public void addLinear(Tensor x, Tensor W, Tensor b, Tensor out) {
    Shapes.linear(x, W, b, out);
    VectorStatistics.requireF32(out);
    gemm.tall(x, W, new LinearTarget(out, Packing.vector(b), true));
  }

  @Override
  public void linearActivate(Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post) {
    Shapes.linear(x, W, b, post);
    VectorStatistics.requireF32(pre, post);
    gemm.tall(x, W, new LinearTarget(post, Packing.vector(b), false).activating(f, pre));
  }

  @Override
  public void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    Shapes.attention(qkv, shape, out);
    VectorStatistics.requireF32(qkv, out);
    heads.attention(qkv, shape, out);
  }

  @Override
  public void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    Shapes.powerSums(x, keep, mean, scale, sums);
    statistics.powerSums(x, keep, mean, scale, sums);
  }

  @Override
  public void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    Shapes.standardize(x, keep, mean, scale);
    VectorStatistics.requireF32(x);
    statistics.standardize(x, keep, mean, scale);
  }

  @Override
  public void firing(Tensor x, Tensor keep) {
    Shapes.firing(x, keep);
    VectorStatistics.requireF32(x);
    statistics.firing(x, keep);
  }

  @Override
  public void gatherRows(Tensor x, Tensor rows, Tensor out) {
    Shapes.gatherRows(x, rows, out);
    statistics.gatherRows(x, rows, out);
  }

  @Override
  public void crossProducts(Tensor a, Tensor b, Tensor sum) {
    Shapes.crossProducts(a, b, sum);
    gemm.transposed(a, b, false, new SumTarget(sum));
  }

  @Override
  public void gram(Tensor a, Tensor sum) {
    Shapes.crossProducts(a, a, sum);
    gemm.transposed(a, a, true, new SumTarget(sum));
  }

  @Override
  public void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r) {
    Shapes.correlations(sum, a, b, r);
    VectorStatistics.requireF32(r);
    statistics.correlations(sum, n, a, b, r);
  }

  @Override
  public void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    Shapes.overlaps(sum, countA, countB, r);
    VectorStatistics.requireF32(r);
    statistics.overlaps(sum, countA, countB, r);
  }

  @Override
  public void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    Shapes.topK(x, values, columns);
    statistics.topK(x, greatest, values, columns);
  }

  @Override
  public void histogram(Tensor x, double low, double high, Tensor counts) {
    statistics.histogram(x, low, high, counts);
  }

  @Override
  public void rowPowerSums(Tensor x, Tensor sums) {
    sums.requireShape("sums", x.rows(), 5);
    statistics.rowPowerSums(x, sums);
  }

  @Override
  public void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    Shapes.classSums(x, classes, columns, sums, maxima);
    VectorStatistics.requireF32(x);
    statistics.classSums(x, classes, columns, sums, maxima);
  }

  @Override
  public void close() {
    workers.close();
  }

  private interface RowRange {
    void run(long from, long to);
  }

  private void forRows(long rows, RowRange body) {
    workers.run(
        Math.toIntExact((rows + ROWS - 1) / ROWS),
        (_, piece) -> body.run((long) piece * ROWS, Math.min(rows, (piece + 1L) * ROWS)));
  }

  /**
   * Finished tiles into a single-precision output: the bias joins the first chunk, the activation
   * follows the last.
   */
  private record LinearTarget(Tensor out, float[] bias, boolean add, Activation f, Tensor pre)
      implements Gemm.Target {
    LinearTarget(Tensor out, float[] bias, boolean add) {
      this(out, bias, add, null, null);
    }

    LinearTarget activating(Activation f, Tensor pre) {
      return new LinearTarget(out, bias, add, f, pre);
    }

    @Override
    public void take(float[] tile, long row, int rows, long col, int cols, Gemm.Chunk chunk) {
      boolean accumulate = add || !chunk.first();
      for (int i = 0; i < rows; i++) {
        int line = i * Tile.COLS;
        if (chunk.first() && bias != null) {
          for (int j = 0; j < cols; j++) {
            tile[line + j] += bias[(int) col + j];
          }
        }
        if (accumulate) {
          addRow(tile, line, cols, out, row + i, col);
        }
        if (chunk.last() && f != null) {
          if (pre != null) {
            Packing.store(tile, line, cols, pre, row + i, col);
          }
          for (int j = line; j < line + Tile.COLS; j += Tile.LANES) {
            VectorMath.activate(f, FloatVector.fromArray(Tile.SPECIES, tile, j)).intoArray(tile, j);
          }
        }
        Packing.store(tile, line, cols, out, row + i, col);
      }
    }

    private static void addRow(float[] tile, int line, int cols, Tensor out, long row, long col) {
      MemorySegment data = out.data();
      long offset = out.offset(row, col);
      if (cols == Tile.COLS) {
        for (int j = 0; j < Tile.COLS; j += Tile.LANES) {
          FloatVector.fromMemorySegment(Tile.SPECIES, data, offset + 4L * j, Packing.ORDER)
              .add(FloatVector.fromArray(Tile.SPECIES, tile, line + j))
              .intoArray(tile, line + j);
        }
      } else {
        for (int j = 0; j < cols; j++) {
          tile[line + j] += data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset + 4L * j);
        }
      }
    }
  }

  /** Adds finished tiles, each a sum of at most Tile.DEPTH terms, to double-precision sums. */
  private record SumTarget(Tensor sum) implements Gemm.Target {
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

    /** As many floats as fit a vector of doubles. */
    private static final VectorSpecies<Float> FLOATS =
        VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

    @Override
    public void take(float[] tile, long row, int rows, long col, int cols, Gemm.Chunk chunk) {
      MemorySegment data = sum.data();
      int whole = cols / DOUBLES.length() * DOUBLES.length();
      for (int i = 0; i < rows; i++) {
        long offset = sum.offset(row + i, col);
        int line = i * Tile.COLS;
        for (int j = 0; j < whole; j += DOUBLES.length()) {
          long at = offset + 8L * j;
          FloatVector.fromArray(FLOATS, tile, line + j)
              .convertShape(VectorOperators.F2D, DOUBLES, 0)
              .reinterpretAsDoubles()
              .add(DoubleVector.fromMemorySegment(DOUBLES, data, at, Packing.ORDER))
              .intoMemorySegment(data, at, Packing.ORDER);
        }
        for (int j = whole; j < cols; j++) {
          long at = offset + 8L * j;
          data.set(F64, at, data.get(F64, at) + tile[line + j]);
        }
      }
    }
  }
}
