package dev.homolog.core.kernels.vector;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Statistics of every column by class or by bin, of {@link VectorKernels}; the shapes are those of
 * {@link Kernels}. A worker has columns of its own, and reads them row by row.
 */
final class VectorColumns {
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Columns of a piece of work: of each row a few cache lines. */
  private static final int COLUMNS = 64;

  /** The same where each column has a row of results, which are read and written each time. */
  private static final int WIDE = 512;

  /** The same where the rows of results lie far apart. */
  private static final int PAGE = 1024;

  private final Workers workers;

  VectorColumns(Workers workers) {
    this.workers = workers;
  }

  /** Bins are found in double, so that an edge is where the formula puts it. */
  void histograms(Tensor x, double low, double high, Tensor counts) {
    int n = (int) x.cols();
    int width = (int) counts.cols();
    double perUnit = (width - 2) / (high - low);
    workers.run(
        (n + COLUMNS - 1) / COLUMNS,
        (worker, piece) -> {
          int from = piece * COLUMNS;
          int wide = Math.min(COLUMNS, n - from);
          int[] counted = new int[wide * width];
          float[] line = workers.line(worker, COLUMNS);
          for (long t = 0; t < x.rows(); t++) {
            Packing.row(x, t, from, wide, line, 0);
            for (int j = 0; j < wide; j++) {
              double value = line[j];
              if (!Double.isNaN(value)) {
                // Rounding may put a value just under high a bin too far.
                int bin = value < low ? 0 : (int) Math.min(width - 2, 1 + (value - low) * perUnit);
                counted[j * width + (value >= high ? width - 1 : bin)]++;
              }
            }
          }
          for (int j = 0; j < wide; j++) {
            for (int bin = 0; bin < width; bin++) {
              long base = counts.offset(from + j, bin);
              counts.data().set(I64, base, counts.data().get(I64, base) + counted[j * width + bin]);
            }
          }
        });
  }

  void topK(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    int n = (int) x.cols();
    workers.run(
        (n + WIDE - 1) / WIDE,
        (worker, piece) -> {
          int from = piece * WIDE;
          int to = Math.min(from + WIDE, n);
          GreatestOfColumns best =
              new GreatestOfColumns(values.rows(from, to), rows.rows(from, to), greatest);
          float[] line = workers.line(worker, best.length());
          Arrays.fill(line, to - from, best.length(), Float.NaN);
          for (int t = 0; t < x.rows(); t++) {
            Packing.row(x, t, from, to - from, line, 0);
            best.add(line, firstRow + t);
          }
          best.store();
        });
  }

  void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    int k = (int) columns.cols();
    int[] column = new int[k];
    for (int j = 0; j < k; j++) {
      column[j] = (int) columns.get(0, j);
    }
    int[] ofRow = ints(classes);
    boolean neighbours = areNeighbours(column) && sums.colStride() == 1 && maxima.colStride() == 1;
    workers.run(
        (k + COLUMNS - 1) / COLUMNS,
        (worker, piece) -> {
          int from = piece * COLUMNS;
          int to = Math.min(from + COLUMNS, k);
          float[] line = workers.line(worker, COLUMNS);
          for (int t = 0; t < ofRow.length; t++) {
            if (neighbours) {
              Packing.row(x, t, column[from], to - from, line, 0);
            } else {
              for (int j = from; j < to; j++) {
                Packing.row(x, t, column[j], 1, line, j - from);
              }
            }
            add(line, to - from, sums, maxima, ofRow[t], from);
          }
        });
  }

  private static int[] ints(Tensor column) {
    int[] values = new int[Math.toIntExact(column.rows())];
    Arrays.setAll(values, t -> column.data().get(I32, column.offset(t, 0)));
    return values;
  }

  /** A row is read and standardised once for all classes that it is in. */
  void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    int n = (int) x.cols();
    int pieces = (n + COLUMNS - 1) / COLUMNS;
    int[] row = ints(rows);
    int[] classOf = ints(classes);
    float[] means = Packing.vector(mean, pieces * COLUMNS);
    float[] scales = Packing.vector(scale, pieces * COLUMNS);
    int squares = (int) (sums.rows() / 2);
    workers.run(
        pieces,
        (worker, piece) -> {
          int from = piece * COLUMNS;
          int wide = Math.min(COLUMNS, n - from);
          float[] line = workers.line(worker, COLUMNS);
          int read = -1;
          for (int i = 0; i < row.length; i++) {
            if (row[i] != read) {
              read = row[i];
              Packing.row(x, read, from, wide, line, 0);
              for (int j = 0; j < wide; j++) {
                line[j] = (line[j] - means[from + j]) * scales[from + j];
              }
            }
            addPowers(line, wide, sums, classOf[i], squares + classOf[i], from);
          }
        });
  }

  /** Adds z and its square to a row each. */
  private static void addPowers(float[] line, int n, Tensor sums, int row, int squares, int from) {
    MemorySegment data = sums.data();
    long base = sums.offset(row, from);
    long squareAt = sums.offset(squares, from);
    int vectorEnd = n / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < vectorEnd; j += Doubles.LANES) {
      DoubleVector z =
          (DoubleVector)
              FloatVector.fromArray(Doubles.FLOATS, line, j)
                  .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
      long place = base + 8L * j;
      z.add(DoubleVector.fromMemorySegment(Doubles.SPECIES, data, place, Packing.ORDER))
          .intoMemorySegment(data, place, Packing.ORDER);
      place = squareAt + 8L * j;
      z.fma(z, DoubleVector.fromMemorySegment(Doubles.SPECIES, data, place, Packing.ORDER))
          .intoMemorySegment(data, place, Packing.ORDER);
    }
    for (int j = vectorEnd; j < n; j++) {
      double z = line[j];
      sums.set(row, from + j, sums.get(row, from + j) + z);
      sums.set(squares, from + j, Math.fma(z, z, sums.get(squares, from + j)));
    }
  }

  /** A bucket's row is far from that of the next token: of each a page, which is fetched ahead. */
  void sketch(Tensor x, Tensor buckets, Tensor signs, Tensor sum) {
    int n = (int) x.cols();
    int[] bucket = ints(buckets);
    float[] sign = new float[bucket.length];
    for (int t = 0; t < sign.length; t++) {
      sign[t] = (float) signs.get(t, 0);
    }
    boolean single = sum.dtype() == DType.F32;
    workers.run(
        (n + PAGE - 1) / PAGE,
        (worker, piece) -> {
          int from = piece * PAGE;
          int wide = Math.min(PAGE, n - from);
          float[] line = workers.line(worker, PAGE);
          for (int t = 0; t < bucket.length; t++) {
            Packing.row(x, t, from, wide, line, 0);
            if (single) {
              addSingles(line, wide, sign[t], sum, bucket[t], from);
            } else {
              addDoubles(line, wide, sign[t], sum, bucket[t], from);
            }
          }
        });
  }

  private static void addSingles(float[] line, int n, float sign, Tensor sum, int row, int from) {
    MemorySegment data = sum.data();
    long base = sum.offset(row, from);
    int vectorEnd = n / Tile.LANES * Tile.LANES;
    for (int j = 0; j < vectorEnd; j += Tile.LANES) {
      long place = base + 4L * j;
      FloatVector.fromArray(Tile.SPECIES, line, j)
          .mul(sign)
          .add(FloatVector.fromMemorySegment(Tile.SPECIES, data, place, Packing.ORDER))
          .intoMemorySegment(data, place, Packing.ORDER);
    }
    for (int j = vectorEnd; j < n; j++) {
      sum.set(row, from + j, sum.get(row, from + j) + sign * line[j]);
    }
  }

  private static void addDoubles(float[] line, int n, float sign, Tensor sum, int row, int from) {
    MemorySegment data = sum.data();
    long base = sum.offset(row, from);
    int vectorEnd = n / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < vectorEnd; j += Doubles.LANES) {
      long place = base + 8L * j;
      ((DoubleVector)
              FloatVector.fromArray(Doubles.FLOATS, line, j)
                  .mul(sign)
                  .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0))
          .add(DoubleVector.fromMemorySegment(Doubles.SPECIES, data, place, Packing.ORDER))
          .intoMemorySegment(data, place, Packing.ORDER);
    }
    for (int j = vectorEnd; j < n; j++) {
      sum.set(row, from + j, sum.get(row, from + j) + sign * line[j]);
    }
  }

  void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    int n = (int) x.cols();
    int[] row = ints(rows);
    int[] classOf = ints(classes);
    workers.run(
        (n + COLUMNS - 1) / COLUMNS,
        (worker, piece) -> {
          int from = piece * COLUMNS;
          int wide = Math.min(COLUMNS, n - from);
          float[] line = workers.line(worker, 2 * COLUMNS);
          for (int i = 0; i < row.length; i++) {
            Packing.row(x, row[i], from, wide, line, 0);
            Packing.row(maxima, classOf[i], from, wide, line, COLUMNS);
            for (int j = 0; j < wide; j++) {
              line[COLUMNS + j] = Math.max(line[COLUMNS + j], line[j]);
            }
            Packing.store(line, COLUMNS, wide, maxima, classOf[i], from);
          }
        });
  }

  private static boolean areNeighbours(int[] columns) {
    for (int j = 1; j < columns.length; j++) {
      if (columns[j] != columns[j - 1] + 1) {
        return false;
      }
    }
    return true;
  }

  private static void add(float[] line, int n, Tensor sums, Tensor maxima, int c, int from) {
    MemorySegment sum = sums.data();
    MemorySegment greatest = maxima.data();
    long sumAt = sums.offset(c, from);
    long maxAt = maxima.offset(c, from);
    int vectorEnd = n / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < vectorEnd; j += Doubles.LANES) {
      FloatVector x = FloatVector.fromArray(Doubles.FLOATS, line, j);
      long place = sumAt + 8L * j;
      ((DoubleVector) x.convertShape(VectorOperators.F2D, Doubles.SPECIES, 0))
          .add(DoubleVector.fromMemorySegment(Doubles.SPECIES, sum, place, Packing.ORDER))
          .intoMemorySegment(sum, place, Packing.ORDER);
      place = maxAt + 4L * j;
      x.max(FloatVector.fromMemorySegment(Doubles.FLOATS, greatest, place, Packing.ORDER))
          .intoMemorySegment(greatest, place, Packing.ORDER);
    }
    for (int j = vectorEnd; j < n; j++) {
      sums.set(c, from + j, sums.get(c, from + j) + line[j]);
      maxima.set(c, from + j, Math.max(maxima.get(c, from + j), line[j]));
    }
  }
}
