package dev.homolog.core.kernels.vector;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * From sums of products to similarities, and sums along their rows; the shapes are those of {@link
 * Kernels}.
 */
final class VectorSimilarities {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(Packing.ORDER);

  /** Rows that a piece of row-wise work covers. */
  private static final int ROWS = 16;

  private final Workers workers;

  VectorSimilarities(Workers workers) {
    this.workers = workers;
  }

  /** Makes one similarity of one sum. */
  private interface Formula {
    /**
     * Of Doubles.LANES sums with one neuron of one side, {@code one}, and those of the other from j
     * on.
     */
    DoubleVector of(DoubleVector sums, int row, int j);

    /** The same of one sum. */
    double of(double sum, int row, int j);
  }

  private record Correlation(
      double perToken, double[] mean, double[] inverse, double[] means, double[] inverses)
      implements Formula {
    @Override
    public DoubleVector of(DoubleVector sums, int row, int j) {
      DoubleVector product = DoubleVector.fromArray(Doubles.SPECIES, means, j).mul(mean[row]);
      DoubleVector size = DoubleVector.fromArray(Doubles.SPECIES, inverses, j).mul(inverse[row]);
      return sums.mul(perToken).sub(product).mul(size).max(-1).min(1);
    }

    @Override
    public double of(double sum, int row, int j) {
      double covariance = sum * perToken - means[j] * mean[row];
      return Math.max(-1, Math.min(1, covariance * (inverses[j] * inverse[row])));
    }
  }

  private record Overlap(double[] count, double[] counts) implements Formula {
    @Override
    public DoubleVector of(DoubleVector sums, int row, int j) {
      return sums.div(DoubleVector.fromArray(Doubles.SPECIES, counts, j).add(count[row]).sub(sums));
    }

    @Override
    public double of(double sum, int row, int j) {
      return sum / (counts[j] + count[row] - sum);
    }
  }

  void correlations(Tensor sum, long n, Kernels.Columns a, Kernels.Columns b, Tensor r) {
    fill(
        sum,
        new Correlation(
            1.0 / n,
            a.mean().toArray(),
            a.inverse().toArray(),
            b.mean().toArray(),
            b.inverse().toArray()),
        r);
  }

  void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    fill(sum, new Overlap(countA.toArray(), countB.toArray()), r);
  }

  private void fill(Tensor sum, Formula formula, Tensor r) {
    int cols = (int) r.cols();
    workers.run(
        pieces(r.rows(), ROWS),
        (worker, piece) -> {
          float[] line = workers.line(worker, cols);
          int end = (int) Math.min(r.rows(), (piece + 1L) * ROWS);
          for (int i = piece * ROWS; i < end; i++) {
            line(sum, i, formula, line);
            Packing.store(line, 0, cols, r, i, 0);
          }
        });
  }

  /** Similarities of one neuron with all others. */
  private static void line(Tensor sum, int row, Formula formula, float[] to) {
    if (sum.dtype() == DType.F32) {
      ofSingles(sum, row, formula, to);
    } else {
      ofDoubles(sum, row, formula, to);
    }
  }

  private static void ofSingles(Tensor sum, int row, Formula formula, float[] to) {
    int n = (int) sum.cols();
    MemorySegment data = sum.data();
    long offset = sum.offset(row, 0);
    int vectorEnd = n / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < vectorEnd; j += Doubles.LANES) {
      DoubleVector sums =
          (DoubleVector)
              FloatVector.fromMemorySegment(Doubles.FLOATS, data, offset + 4L * j, Packing.ORDER)
                  .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
      ((FloatVector) formula.of(sums, row, j).convertShape(VectorOperators.D2F, Doubles.FLOATS, 0))
          .intoArray(to, j);
    }
    for (int j = vectorEnd; j < n; j++) {
      to[j] = (float) formula.of(data.get(F32, offset + 4L * j), row, j);
    }
  }

  private static void ofDoubles(Tensor sum, int row, Formula formula, float[] to) {
    int n = (int) sum.cols();
    MemorySegment data = sum.data();
    long offset = sum.offset(row, 0);
    int vectorEnd = n / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < vectorEnd; j += Doubles.LANES) {
      DoubleVector sums =
          DoubleVector.fromMemorySegment(Doubles.SPECIES, data, offset + 8L * j, Packing.ORDER);
      ((FloatVector) formula.of(sums, row, j).convertShape(VectorOperators.D2F, Doubles.FLOATS, 0))
          .intoArray(to, j);
    }
    for (int j = vectorEnd; j < n; j++) {
      to[j] = (float) formula.of(data.get(F64, offset + 8L * j), row, j);
    }
  }

  void rowPowerSums(Tensor x, Tensor sums) {
    int n = (int) x.cols();
    int padded = Packing.roundUp(n, Doubles.LANES);
    workers.run(
        pieces(x.rows(), ROWS),
        (worker, piece) -> {
          float[] line = workers.line(worker, padded);
          Arrays.fill(line, n, padded, Float.NaN);
          double[] total = new double[5];
          int end = (int) Math.min(x.rows(), (piece + 1L) * ROWS);
          for (int i = piece * ROWS; i < end; i++) {
            Packing.row(x, i, 0, n, line, 0);
            powers(line, padded, total);
            for (int p = 0; p < total.length; p++) {
              sums.set(i, p, sums.get(i, p) + total[p]);
            }
          }
        });
  }

  private static void powers(float[] line, int padded, double[] total) {
    long count = 0;
    DoubleVector sum = DoubleVector.zero(Doubles.SPECIES);
    DoubleVector squares = sum;
    DoubleVector cubes = sum;
    DoubleVector fourths = sum;
    for (int j = 0; j < padded; j += Doubles.LANES) {
      DoubleVector x =
          (DoubleVector)
              FloatVector.fromArray(Doubles.FLOATS, line, j)
                  .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
      VectorMask<Double> there = x.compare(VectorOperators.EQ, x);
      x = DoubleVector.zero(Doubles.SPECIES).blend(x, there);
      DoubleVector square = x.mul(x);
      count += there.trueCount();
      sum = sum.add(x);
      squares = squares.add(square);
      cubes = cubes.add(square.mul(x));
      fourths = fourths.add(square.mul(square));
    }
    total[0] = count;
    total[1] = sum(sum);
    total[2] = sum(squares);
    total[3] = sum(cubes);
    total[4] = sum(fourths);
  }

  /** In order: that of reduceLanes may change from call to call, and with it the last bit. */
  static double sum(DoubleVector lanes) {
    double sum = 0;
    for (double lane : lanes.toArray()) {
      sum += lane;
    }
    return sum;
  }

  private static int pieces(long rows, int each) {
    return Math.toIntExact((rows + each - 1) / each);
  }
}
