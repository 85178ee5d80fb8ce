package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.GT;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Loss, entropy and rank from logits, of {@link VectorKernels}; the shapes are those of {@link
 * Kernels#predictions}. Exponentials and sums of sixteen are in single precision, sums of those in
 * double.
 */
record VectorPredictions(Workers workers) {
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Rows that a piece of work covers. */
  private static final int ROWS = 8;

  /** What stands behind the last logit, below the greatest: e to it is next to nothing. */
  private static final float FAR_BELOW = 1000;

  /** Floats that a step of a sum covers. */
  private static final int STEP = 2 * Tile.LANES;

  /**
   * Exponentials that are kept at a time, in the nearest cache, and added up in single precision.
   * At sixteen a lane the rounding leaves the sum good to 1e-7.
   */
  private static final int CHUNK = 16 * STEP;

  void run(Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    int n = (int) logits.cols();
    int padded = Packing.roundUp(n, STEP);
    float[] weight = weights == null ? null : Packing.vector(weights, padded);
    float[] direction =
        adjustment.along() == null ? null : Packing.vector(adjustment.direction(), padded);
    workers.run(
        Math.toIntExact((logits.rows() + ROWS - 1) / ROWS),
        (worker, piece) -> {
          float[] line = workers.line(worker, 2 * padded + 4 * CHUNK);
          double[] results = new double[4];
          long end = Math.min(logits.rows(), (piece + 1L) * ROWS);
          for (long t = (long) piece * ROWS; t < end; t++) {
            Packing.row(logits, t, 0, n, line, 0);
            adjust(
                line,
                padded,
                number(adjustment.scale(), t, 1),
                number(adjustment.along(), t, 0),
                direction);
            row(line, n, padded, targets.data().get(I32, targets.offset(t, 0)), weight, results);
            out.writeRow(t, results);
          }
        });
  }

  private static double number(Tensor column, long row, double otherwise) {
    return column == null ? otherwise : column.get(row, 0);
  }

  /** What is not to change is not touched, so that it keeps its bits. */
  private static void adjust(
      float[] line, int padded, double scale, double along, float[] direction) {
    if (along == 0 && scale == 1) {
      return;
    }
    if (along == 0) {
      for (int j = 0; j < padded; j += Tile.LANES) {
        FloatVector.fromArray(Tile.SPECIES, line, j).mul((float) scale).intoArray(line, j);
      }
      return;
    }
    FloatVector scales = FloatVector.broadcast(Tile.SPECIES, (float) scale);
    FloatVector alongs = FloatVector.broadcast(Tile.SPECIES, (float) along);
    for (int j = 0; j < padded; j += Tile.LANES) {
      FloatVector move = FloatVector.fromArray(Tile.SPECIES, direction, j).mul(alongs);
      FloatVector.fromArray(Tile.SPECIES, line, j).fma(scales, move).intoArray(line, j);
    }
  }

  /** Of logits line [0, n); what stands behind them up to {@code padded} is set here. */
  private static void row(
      float[] line, int n, int padded, int target, float[] weight, double[] results) {
    Arrays.fill(line, n, padded, Float.NEGATIVE_INFINITY);
    float targetLogit = target < 0 ? Float.NaN : line[target];
    float greatest = greatest(line, padded);
    long above = above(line, padded, targetLogit);
    double loss = target < 0 ? Double.NaN : greatest - (double) targetLogit;
    Arrays.fill(line, n, padded, greatest - FAR_BELOW);
    int sums = padded + CHUNK;
    int third = (padded + CHUNK - 1) / CHUNK * Tile.LANES;
    for (int j = 0, start = sums; j < padded; j += CHUNK, start += Tile.LANES) {
      int size = Math.min(CHUNK, padded - j);
      below(line, j, size, greatest, padded);
      VectorMath.exp(line, padded, padded + size);
      sum(line, padded, size, start);
      products(line, j, line, padded, size, start + third);
      if (weight != null) {
        products(weight, j, line, padded, size, start + 2 * third);
      }
    }
    double total = total(line, sums, sums + third);
    double products = total(line, sums + third, sums + 2 * third);
    double weighted = weight == null ? 0 : total(line, sums + 2 * third, sums + 3 * third);
    results[0] = loss + Math.log(total);
    results[1] = Math.log(total) - products / total;
    results[2] = target < 0 ? Double.NaN : above;
    results[3] = weighted / total;
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

  private static long above(float[] line, int padded, float targetLogit) {
    long above = 0;
    for (int j = 0; j < padded; j += Tile.LANES) {
      above += FloatVector.fromArray(Tile.SPECIES, line, j).compare(GT, targetLogit).trueCount();
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

  /** The lanes of Σ x[i] go to line [to, to + Tile.LANES). */
  private static void sum(float[] line, int from, int size, int to) {
    FloatVector even = FloatVector.zero(Tile.SPECIES);
    FloatVector odd = even;
    for (int i = from; i < from + size; i += STEP) {
      even = even.add(FloatVector.fromArray(Tile.SPECIES, line, i));
      odd = odd.add(FloatVector.fromArray(Tile.SPECIES, line, i + Tile.LANES));
    }
    even.add(odd).intoArray(line, to);
  }

  /** The same of Σ x[at + i] line[from + i] for i below {@code size}. */
  private static void products(float[] x, int start, float[] line, int from, int size, int to) {
    FloatVector even = FloatVector.zero(Tile.SPECIES);
    FloatVector odd = even;
    for (int i = 0; i < size; i += STEP) {
      even =
          FloatVector.fromArray(Tile.SPECIES, line, from + i)
              .fma(FloatVector.fromArray(Tile.SPECIES, x, start + i), even);
      odd =
          FloatVector.fromArray(Tile.SPECIES, line, from + i + Tile.LANES)
              .fma(FloatVector.fromArray(Tile.SPECIES, x, start + i + Tile.LANES), odd);
    }
    even.add(odd).intoArray(line, to);
  }

  private static double total(float[] line, int from, int to) {
    double total = 0;
    for (int i = from; i < to; i++) {
      total += line[i];
    }
    return total;
  }
}
