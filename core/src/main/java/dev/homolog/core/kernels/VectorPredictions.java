package dev.homolog.core.kernels;

import static jdk.incubator.vector.VectorOperators.GT;

import dev.homolog.core.memory.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Loss, entropy and rank from logits, of {@link VectorKernels}; the shapes are those of {@link
 * Kernels#predictions}. Exponentials are in single precision, their sums in double.
 */
record VectorPredictions(Workers workers) {
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Rows that a piece of work covers. */
  private static final int ROWS = 8;

  /** What stands behind the last logit, below the greatest: e to it is next to nothing. */
  private static final float FAR_BELOW = 1000;

  void run(Tensor logits, Tensor targets, Tensor weights, Tensor out) {
    int n = (int) logits.cols();
    int padded = Packing.roundUp(n, Tile.LANES);
    double[] weight = weights(weights, padded);
    workers.run(
        Math.toIntExact((logits.rows() + ROWS - 1) / ROWS),
        (worker, piece) -> {
          float[] line = workers.line(worker, 2 * padded);
          double[] found = new double[4];
          long end = Math.min(logits.rows(), (piece + 1L) * ROWS);
          for (long t = (long) piece * ROWS; t < end; t++) {
            Packing.row(logits, t, 0, n, line, 0);
            row(line, n, padded, targets.data().get(I32, targets.offset(t, 0)), weight, found);
            out.writeRow(t, found);
          }
        });
  }

  private static double[] weights(Tensor weights, int padded) {
    if (weights == null) {
      return null;
    }
    double[] values = new double[Math.toIntExact(weights.cols())];
    weights.readRow(0, values);
    return Arrays.copyOf(values, padded);
  }

  /** Of logits line [0, n); exponentials go to line [padded, 2 padded). */
  private static void row(
      float[] line, int n, int padded, int target, double[] weight, double[] found) {
    Arrays.fill(line, n, padded, Float.NEGATIVE_INFINITY);
    float of = target < 0 ? Float.NaN : line[target];
    FloatVector top = FloatVector.broadcast(Tile.SPECIES, Float.NEGATIVE_INFINITY);
    long above = 0;
    for (int j = 0; j < padded; j += Tile.LANES) {
      FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, j);
      top = top.blend(x, x.compare(GT, top)); // NaN makes the sums NaN below
      above += x.compare(GT, of).trueCount();
    }
    float greatest = Float.NEGATIVE_INFINITY;
    for (float lane : top.toArray()) {
      greatest = Math.max(greatest, lane);
    }
    double loss = target < 0 ? Double.NaN : greatest - (double) of;
    Arrays.fill(line, n, padded, greatest - FAR_BELOW);
    for (int j = 0; j < padded; j += Tile.LANES) {
      FloatVector below = FloatVector.fromArray(Tile.SPECIES, line, j).sub(greatest);
      below.intoArray(line, j);
      below.intoArray(line, padded + j);
    }
    VectorMath.exp(line, padded, 2 * padded);
    DoubleVector total = DoubleVector.zero(Doubles.SPECIES);
    DoubleVector products = total;
    DoubleVector weighted = total;
    for (int j = 0; j < padded; j += Doubles.LANES) {
      DoubleVector e = wide(line, padded + j);
      total = total.add(e);
      products = e.fma(wide(line, j), products);
      if (weight != null) {
        weighted = e.fma(DoubleVector.fromArray(Doubles.SPECIES, weight, j), weighted);
      }
    }
    double sum = VectorSimilarities.sum(total);
    found[0] = loss + Math.log(sum);
    found[1] = Math.log(sum) - VectorSimilarities.sum(products) / sum;
    found[2] = target < 0 ? Double.NaN : above;
    found[3] = VectorSimilarities.sum(weighted) / sum;
  }

  private static DoubleVector wide(float[] line, int at) {
    return (DoubleVector)
        FloatVector.fromArray(Doubles.FLOATS, line, at)
            .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
  }
}
