package dev.homolog.core.kernels.vector;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The statistical half of {@link VectorKernels}; the shapes are those of {@link Kernels}. */
final class VectorStatistics {
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /**
   * Columns whose sums one worker keeps; of each row a page, so that the processor fetches ahead.
   */
  private static final int COLUMNS = 1024;

  /** Tables that a histogram counts in; a power of two. */
  private static final int TABLES = 8;

  /** Rows that a piece of row-wise work covers. */
  private static final int ROWS = 16;

  private final Workers workers;
  private final PowerSums[] powerSums;

  VectorStatistics(Workers workers) {
    this.workers = workers;
    this.powerSums = new PowerSums[workers.threads()];
  }

  void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    int n = (int) x.cols();
    int pieces = (n + COLUMNS - 1) / COLUMNS;
    float[] means = Packing.vector(mean, pieces * COLUMNS);
    float[] scales = Packing.vector(scale, pieces * COLUMNS);
    workers.run(
        pieces,
        (worker, piece) -> {
          int from = piece * COLUMNS;
          int to = Math.min(from + COLUMNS, n);
          if (powerSums[worker] == null) {
            powerSums[worker] = new PowerSums(COLUMNS);
          }
          powerSums[worker].add(
              x.columns(from, to), keep, means, scales, from, sums.columns(from, to));
        });
  }

  void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    int n = (int) x.cols();
    int padded = Packing.roundUp(n, Tile.LANES);
    float[] means = Packing.vector(mean, padded);
    float[] scales = Packing.vector(scale, padded);
    workers.run(
        blocks(x.rows()),
        (worker, piece) -> {
          float[] line = workers.line(worker, padded);
          long end = Math.min(x.rows(), (piece + 1L) * ROWS);
          for (long t = (long) piece * ROWS; t < end; t++) {
            if (keep.data().get(ValueLayout.JAVA_BYTE, t) == 0) {
              Arrays.fill(line, 0, n, 0);
            } else {
              Packing.row(x, t, 0, n, line, 0);
              for (int j = 0; j < padded; j += Tile.LANES) {
                FloatVector.fromArray(Tile.SPECIES, line, j)
                    .sub(FloatVector.fromArray(Tile.SPECIES, means, j))
                    .mul(FloatVector.fromArray(Tile.SPECIES, scales, j))
                    .intoArray(line, j);
              }
            }
            Packing.store(line, 0, n, x, t, 0);
          }
        });
  }

  void firing(Tensor x, Tensor keep) {
    int n = (int) x.cols();
    workers.run(
        blocks(x.rows()),
        (_, piece) -> {
          float[] line = new float[n];
          long end = Math.min(x.rows(), (piece + 1L) * ROWS);
          for (long t = (long) piece * ROWS; t < end; t++) {
            if (keep.data().get(ValueLayout.JAVA_BYTE, t) == 0) {
              Arrays.fill(line, 0);
            } else {
              Packing.row(x, t, 0, n, line, 0);
              for (int j = 0; j < n; j++) {
                line[j] = line[j] > 0 ? 1 : 0;
              }
            }
            Packing.store(line, 0, n, x, t, 0);
          }
        });
  }

  void gatherRows(Tensor x, Tensor rows, Tensor out) {
    if (x.colStride() != 1 && out.colStride() == 1 && x.dtype() == DType.F32) {
      gatherColumns(x.transposed(), rows, out);
      return;
    }
    workers.run(
        blocks(out.rows()),
        (_, piece) -> {
          long end = Math.min(out.rows(), (piece + 1L) * ROWS);
          for (long i = (long) piece * ROWS; i < end; i++) {
            long row = rows.data().get(I32, rows.offset(i, 0));
            HostMemory.copy(x.rows(row, row + 1), out.rows(i, i + 1));
          }
        });
  }

  /** out[i, t] = x[t, columns[i]]: a few rows of x at a time, a cache line of each row of out. */
  private void gatherColumns(Tensor x, Tensor columns, Tensor out) {
    int k = (int) columns.rows();
    int[] chosen = new int[k];
    for (int i = 0; i < k; i++) {
      chosen[i] = columns.data().get(I32, columns.offset(i, 0));
    }
    workers.run(
        blocks(x.rows()),
        (_, piece) -> {
          long from = (long) piece * ROWS;
          long to = Math.min(x.rows(), from + ROWS);
          for (int i = 0; i < k; i++) {
            for (long t = from; t < to; t++) {
              out.data().set(F32, out.offset(i, t), x.data().get(F32, x.offset(t, chosen[i])));
            }
          }
        });
  }

  /** to += from, F32 to F64, rows contiguous. */
  void addSingles(Tensor from, Tensor to) {
    int n = (int) from.cols();
    int vectorEnd = n / Doubles.LANES * Doubles.LANES;
    workers.run(
        blocks(from.rows()),
        (_, piece) -> {
          long end = Math.min(from.rows(), (piece + 1L) * ROWS);
          for (long i = (long) piece * ROWS; i < end; i++) {
            addRow(from.data(), from.offset(i, 0), to.data(), to.offset(i, 0), vectorEnd);
            for (int j = vectorEnd; j < n; j++) {
              to.set(i, j, to.get(i, j) + from.get(i, j));
            }
          }
        });
  }

  private static void addRow(
      MemorySegment from, long source, MemorySegment to, long target, int n) {
    for (int j = 0; j < n; j += Doubles.LANES) {
      long place = target + 8L * j;
      FloatVector.fromMemorySegment(Doubles.FLOATS, from, source + 4L * j, Packing.ORDER)
          .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0)
          .reinterpretAsDoubles()
          .add(DoubleVector.fromMemorySegment(Doubles.SPECIES, to, place, Packing.ORDER))
          .intoMemorySegment(to, place, Packing.ORDER);
    }
  }

  void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    int n = (int) x.cols();
    int k = (int) values.cols();
    int padded = Packing.roundUp(n, Tile.LANES);
    workers.run(
        blocks(x.rows()),
        (worker, piece) -> {
          float[] line = workers.line(worker, padded);
          Arrays.fill(line, n, padded, Float.NaN);
          Greatest best = new Greatest(k);
          long end = Math.min(x.rows(), (piece + 1L) * ROWS);
          for (long i = (long) piece * ROWS; i < end; i++) {
            Packing.row(x, i, 0, n, line, 0);
            if (!greatest) {
              negate(line, n);
            }
            int selected = best.select(line, padded);
            for (int p = 0; p < k; p++) {
              float value = p < selected ? line[best.index(p)] : Float.NaN;
              values.set(i, p, greatest ? value : -value);
              columns.set(i, p, p < selected ? best.index(p) : -1);
            }
          }
        });
  }

  private static void negate(float[] line, int n) {
    for (int j = 0; j < n; j++) {
      line[j] = -line[j];
    }
  }

  void histogram(Tensor x, double low, double high, Tensor counts) {
    int n = (int) x.cols();
    int bins = (int) counts.cols();
    int padded = Packing.roundUp(n, Doubles.LANES);
    long[][] selected = new long[workers.threads()][bins];
    workers.run(
        blocks(x.rows()),
        (worker, piece) -> {
          float[] line = workers.line(worker, padded);
          int[] places = new int[padded];
          // Neighbours count in tables of their own: to add to a count that was just written is to
          // wait for it. Each has a last bin for what is in none.
          int[] tables = new int[TABLES * (bins + 1)];
          long end = Math.min(x.rows(), (piece + 1L) * ROWS);
          for (long i = (long) piece * ROWS; i < end; i++) {
            Packing.row(x, i, 0, n, line, 0);
            place(line, padded, low, high, bins, places);
            for (int j = 0; j < n; j++) {
              tables[(j & (TABLES - 1)) * (bins + 1) + places[j]]++;
            }
          }
          for (int j = 0; j < tables.length; j++) {
            if (j % (bins + 1) < bins) {
              selected[worker][j % (bins + 1)] += tables[j];
            }
          }
        });
    for (int bin = 0; bin < bins; bin++) {
      long base = counts.offset(0, bin);
      long total = counts.data().get(I64, base);
      for (long[] part : selected) {
        total += part[bin];
      }
      counts.data().set(I64, base, total);
    }
  }

  /** The bin of each of n values, n a multiple of Doubles.LANES; {@code bins} if it has none. */
  private static void place(float[] line, int n, double low, double high, int bins, int[] places) {
    double perUnit = bins / (high - low);
    DoubleVector none = DoubleVector.broadcast(Doubles.SPECIES, bins);
    for (int j = 0; j < n; j += Doubles.LANES) {
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(Doubles.FLOATS, line, j)
                  .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
      // Comparisons with NaN are false.
      VectorMask<Double> inside =
          value.compare(VectorOperators.GE, low).and(value.compare(VectorOperators.LE, high));
      DoubleVector place = value.sub(low).mul(perUnit).min(bins - 1);
      ((IntVector) none.blend(place, inside).convertShape(VectorOperators.D2I, Doubles.INTS, 0))
          .intoArray(places, j);
    }
  }

  private static int blocks(long rows) {
    return Math.toIntExact((rows + ROWS - 1) / ROWS);
  }
}
