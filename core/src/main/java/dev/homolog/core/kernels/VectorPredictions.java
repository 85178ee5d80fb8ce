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
 * Kernels#predictions}. Exponentials and sums of eight are in single precision, sums of those in
 * double.
 */
record VectorPredictions(Workers workers) {
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Rows that a piece of work covers. */
  private static final int ROWS = 8;

  /** What stands behind the last logit, below the greatest: e to it is next to nothing. */
  private static final float FAR_BELOW = 1000;

  /** Vectors that are added up in single precision: three roundings each. */
  private static final int GROUP = 8;

  /** Floats of a group. */
  private static final int STEP = GROUP * Tile.LANES;

  /** Exponentials that stand at a time, so that they stay in the nearest cache: whole groups. */
  private static final int CHUNK = 8 * STEP;

  void run(Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    int n = (int) logits.cols();
    int padded = Packing.roundUp(n, STEP);
    float[] weight = weights == null ? null : Packing.vector(weights, padded);
    float[] direction =
        adjustment.along() == null ? null : Packing.vector(adjustment.direction(), padded);
    workers.run(
        Math.toIntExact((logits.rows() + ROWS - 1) / ROWS),
        (worker, piece) -> {
          float[] line = workers.line(worker, padded + CHUNK + CHUNK / GROUP);
          double[] found = new double[4];
          long end = Math.min(logits.rows(), (piece + 1L) * ROWS);
          for (long t = (long) piece * ROWS; t < end; t++) {
            Packing.row(logits, t, 0, n, line, 0);
            adjust(line, padded, adjustment.rows(t, t + 1), direction);
            row(line, n, padded, targets.data().get(I32, targets.offset(t, 0)), weight, found);
            out.writeRow(t, found);
          }
        });
  }

  /** Of one row; what is not to change is not touched, so that it keeps its bits. */
  private static void adjust(float[] line, int padded, LogitAdjustment by, float[] direction) {
    double scale = by.scale() == null ? 1 : by.scale().get(0, 0);
    double along = by.along() == null ? 0 : by.along().get(0, 0);
    if (along != 0) {
      adjust(line, padded, (float) scale, (float) along, direction);
    } else if (scale != 1) {
      for (int j = 0; j < padded; j += Tile.LANES) {
        FloatVector.fromArray(Tile.SPECIES, line, j).mul((float) scale).intoArray(line, j);
      }
    }
  }

  private static void adjust(
      float[] line, int padded, float scale, float along, float[] direction) {
    FloatVector scales = FloatVector.broadcast(Tile.SPECIES, scale);
    for (int j = 0; j < padded; j += Tile.LANES) {
      FloatVector move = FloatVector.fromArray(Tile.SPECIES, direction, j).mul(along);
      FloatVector.fromArray(Tile.SPECIES, line, j).fma(scales, move).intoArray(line, j);
    }
  }

  /** Of logits line [0, n); what stands behind them up to {@code padded} is set here. */
  private static void row(
      float[] line, int n, int padded, int target, float[] weight, double[] found) {
    Arrays.fill(line, n, padded, Float.NEGATIVE_INFINITY);
    float of = target < 0 ? Float.NaN : line[target];
    float greatest = greatest(line, padded);
    long above = above(line, padded, of);
    double loss = target < 0 ? Double.NaN : greatest - (double) of;
    Arrays.fill(line, n, padded, greatest - FAR_BELOW);
    double total = 0;
    double products = 0;
    double weighted = 0;
    for (int j = 0; j < padded; j += CHUNK) {
      int size = Math.min(CHUNK, padded - j);
      below(line, j, size, greatest, padded);
      VectorMath.exp(line, padded, padded + size);
      total += sum(line, padded, size);
      products += products(line, j, padded, size, line);
      if (weight != null) {
        weighted += products(weight, j, padded, size, line);
      }
    }
    found[0] = loss + Math.log(total);
    found[1] = Math.log(total) - products / total;
    found[2] = target < 0 ? Double.NaN : above;
    found[3] = weighted / total;
  }

  /** Passes over NaN, which makes the sums NaN. */
  private static float greatest(float[] line, int padded) {
    FloatVector even = FloatVector.broadcast(Tile.SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector odd = even;
    for (int j = 0; j < padded; j += 2 * Tile.LANES) {
      FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, j);
      FloatVector y = FloatVector.fromArray(Tile.SPECIES, line, j + Tile.LANES);
      even = even.blend(x, x.compare(GT, even));
      odd = odd.blend(y, y.compare(GT, odd));
    }
    float greatest = Float.NEGATIVE_INFINITY;
    for (float lane : even.blend(odd, odd.compare(GT, even)).toArray()) {
      greatest = Math.max(greatest, lane);
    }
    return greatest;
  }

  private static long above(float[] line, int padded, float of) {
    long above = 0;
    for (int j = 0; j < padded; j += Tile.LANES) {
      above += FloatVector.fromArray(Tile.SPECIES, line, j).compare(GT, of).trueCount();
    }
    return above;
  }

  /** Takes the greatest off line [from, from + size), of which a copy goes to line [to, …). */
  private static void below(float[] line, int from, int size, float greatest, int to) {
    for (int j = 0; j < size; j += Tile.LANES) {
      FloatVector x = FloatVector.fromArray(Tile.SPECIES, line, from + j).sub(greatest);
      x.intoArray(line, from + j);
      x.intoArray(line, to + j);
    }
  }

  /** The sum of line [from, from + size); sums of groups go behind it. */
  private static double sum(float[] line, int from, int size) {
    int to = from + CHUNK;
    for (int j = from; j < from + size; j += STEP, to += Tile.LANES) {
      FloatVector a = at(line, j, 0).add(at(line, j, 1));
      FloatVector b = at(line, j, 2).add(at(line, j, 3));
      FloatVector c = at(line, j, 4).add(at(line, j, 5));
      FloatVector d = at(line, j, 6).add(at(line, j, 7));
      a.add(b).add(c.add(d)).intoArray(line, to);
    }
    return doubles(line, from + CHUNK, to);
  }

  /** Σ x[at + i] line[from + i] for i below {@code size}; sums of groups go behind the line's. */
  private static double products(float[] x, int at, int from, int size, float[] line) {
    int to = from + CHUNK;
    for (int i = 0; i < size; i += STEP, to += Tile.LANES) {
      int j = from + i;
      int k = at + i;
      FloatVector a = at(line, j, 1).fma(at(x, k, 1), at(line, j, 0).mul(at(x, k, 0)));
      FloatVector b = at(line, j, 3).fma(at(x, k, 3), at(line, j, 2).mul(at(x, k, 2)));
      FloatVector c = at(line, j, 5).fma(at(x, k, 5), at(line, j, 4).mul(at(x, k, 4)));
      FloatVector d = at(line, j, 7).fma(at(x, k, 7), at(line, j, 6).mul(at(x, k, 6)));
      a.add(b).add(c.add(d)).intoArray(line, to);
    }
    return doubles(line, from + CHUNK, to);
  }

  private static FloatVector at(float[] line, int from, int vector) {
    return FloatVector.fromArray(Tile.SPECIES, line, from + vector * Tile.LANES);
  }

  private static double doubles(float[] line, int from, int to) {
    DoubleVector sums = DoubleVector.zero(Doubles.SPECIES);
    for (int j = from; j < to; j += Doubles.LANES) {
      sums =
          sums.add(
              FloatVector.fromArray(Doubles.FLOATS, line, j)
                  .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0));
    }
    return VectorSimilarities.sum(sums);
  }
}
