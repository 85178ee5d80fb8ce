package dev.homolog.core.kernels.vector;

import dev.homolog.core.memory.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The greatest of each row of a product x W: from the product itself, or by screening. Screening
 * reads the product of factors rounded to bfloat16, which matrix units make several times as fast.
 * Each of its elements lies within a bound of the true one. Only the few that may be the greatest
 * are computed anew. The result is as close to the true one as a product in single precision.
 */
public final class ProductMaxima {
  private static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(Tile.SPECIES.vectorBitSize() / 2));

  private static final VectorSpecies<Integer> INTS = Tile.SPECIES.withLanes(int.class);

  /** Rows that a piece of work covers. */
  private static final int ROWS = 16;

  private final Workers workers;

  ProductMaxima(Workers workers) {
    this.workers = workers;
  }

  /** best[i] = max(best[i], products[i, j] for all j), both F32. */
  public void raise(Tensor products, Tensor best) {
    int n = (int) products.cols();
    int padded = Packing.roundUp(n, Tile.LANES);
    forRows(
        products.rows(),
        (worker, i) -> {
          float[] line = workers.line(worker, padded);
          Packing.row(products, i, 0, n, line, 0);
          Arrays.fill(line, n, padded, Float.NaN);
          raise(best, i, greatest(line, padded));
        });
  }

  /**
   * The same, with products computed where the rounded ones leave it open.
   *
   * @param x F32 [rows, K], contiguous rows
   * @param transposed W as F32 [n, K], contiguous rows
   * @param margins of W
   * @param rounded x W in BF16 [rows, n], contiguous rows: of factors rounded to the nearest,
   *     summed in single precision
   */
  public void raiseByScreening(
      Tensor x, Tensor transposed, ProductMargins margins, Tensor rounded, Tensor best) {
    int n = (int) rounded.cols();
    forRows(
        x.rows(),
        (worker, i) -> {
          ProductMargins.Row margin = margins.row(x, i);
          if (margin != null) { // else no product is a number
            float[] line = workers.line(worker, margins.length());
            widen(rounded, i, n, line);
            Arrays.fill(line, n, margins.length(), Float.NaN);
            decide(x.rows(i, i + 1), transposed, line, margin, best.rows(i, i + 1));
          }
        });
  }

  /** Margins of products with a matrix W, transposed as below. */
  public ProductMargins margins(Tensor transposed) {
    ProductMargins margins = new ProductMargins((int) transposed.rows(), (int) transposed.cols());
    forRows(transposed.rows(), (_, j) -> margins.setColumn((int) j, transposed));
    return margins;
  }

  /** Raises the best of one row x to the products that may exceed it, the likeliest first. */
  private static void decide(
      Tensor x, Tensor transposed, float[] line, ProductMargins.Row margin, Tensor best) {
    int likely = likeliest(line, margin, floor(best));
    if (likely < 0) {
      return;
    }
    raise(best, 0, (float) dot(x, transposed, likely));
    for (int j = 0; j < margin.length(); j += Tile.LANES) {
      float floor = floor(best);
      for (long open = margin.mayReach(line, floor, j).toLong(); open != 0; open &= open - 1) {
        int column = j + Long.numberOfTrailingZeros(open);
        if (column != likely) {
          raise(best, 0, (float) dot(x, transposed, column));
        }
      }
    }
  }

  private static float floor(Tensor best) {
    float known = (float) best.get(0, 0);
    return Float.isNaN(known) ? Float.NEGATIVE_INFINITY : known;
  }

  /** The column whose rounded product is greatest of those that may exceed a value; −1 if none. */
  private static int likeliest(float[] line, ProductMargins.Row margin, float known) {
    float floor = known;
    int likely = -1;
    float greatest = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < margin.length(); j += Tile.LANES) {
      VectorMask<Float> open = margin.mayReach(line, floor, j);
      if (open.anyTrue()) {
        for (long lanes = open.toLong(); lanes != 0; lanes &= lanes - 1) {
          int column = j + Long.numberOfTrailingZeros(lanes);
          if (likely < 0 || Float.isNaN(greatest) || line[column] > greatest) {
            likely = column;
            greatest = line[column];
          }
        }
        float least = greatest - margin.error(greatest, likely);
        floor = least > floor ? least : floor;
      }
    }
    return likely;
  }

  /** One row of bfloat16 as floats. */
  private static void widen(Tensor rounded, long row, int n, float[] line) {
    int vectorEnd = n / Tile.LANES * Tile.LANES;
    long start = rounded.offset(row, 0);
    for (int j = 0; j < vectorEnd; j += Tile.LANES) {
      ((IntVector)
              ShortVector.fromMemorySegment(HALVES, rounded.data(), start + 2L * j, Packing.ORDER)
                  .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(line, j);
    }
    Packing.row(rounded, row, vectorEnd, n - vectorEnd, line, vectorEnd);
  }

  /** The greatest of a row, NaN passed over; NaN if there is no number. */
  private static float greatest(float[] line, int padded) {
    FloatVector greatest = FloatVector.broadcast(Tile.SPECIES, Float.NaN);
    for (int j = 0; j < padded; j += Tile.LANES) {
      FloatVector value = FloatVector.fromArray(Tile.SPECIES, line, j);
      VectorMask<Float> less = value.compare(VectorOperators.LE, greatest);
      greatest = value.blend(greatest, less.or(value.test(VectorOperators.IS_NAN)));
    }
    float best = Float.NaN;
    for (int lane = 0; lane < Tile.LANES; lane++) {
      float value = greatest.lane(lane);
      best = value > best || Float.isNaN(best) ? value : best;
    }
    return best;
  }

  private static void raise(Tensor best, long row, float value) {
    double known = best.get(row, 0);
    if (value > known || Double.isNaN(known)) {
      best.set(row, 0, value);
    }
  }

  /**
   * Of a vector with a row, both contiguous in F32, in double; two sums at a time, for one would
   * wait for itself.
   */
  private static double dot(Tensor a, Tensor b, long j) {
    int n = (int) a.cols();
    long left = a.offset(0, 0);
    long right = b.offset(j, 0);
    long step = (long) Doubles.LANES * Float.BYTES;
    int vectorEnd = n / (2 * Doubles.LANES) * (2 * Doubles.LANES);
    DoubleVector even = DoubleVector.zero(Doubles.SPECIES);
    DoubleVector odd = even;
    for (int k = 0; k < vectorEnd; k += 2 * Doubles.LANES) {
      long p = left + 4L * k;
      long q = right + 4L * k;
      even = doubles(a, p).fma(doubles(b, q), even);
      odd = doubles(a, p + step).fma(doubles(b, q + step), odd);
    }
    double total = VectorSimilarities.sum(even.add(odd));
    for (int k = vectorEnd; k < n; k++) {
      total += a.get(0, k) * b.get(j, k);
    }
    return total;
  }

  private static DoubleVector doubles(Tensor t, long offset) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(Doubles.FLOATS, t.data(), offset, Packing.ORDER)
            .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
  }

  private interface RowWork {
    void run(int worker, long row);
  }

  private void forRows(long rows, RowWork body) {
    workers.run(
        Math.toIntExact((rows + ROWS - 1) / ROWS),
        (worker, piece) -> {
          long end = Math.min(rows, (piece + 1L) * ROWS);
          for (long i = (long) piece * ROWS; i < end; i++) {
            body.run(worker, i);
          }
        });
  }
}
