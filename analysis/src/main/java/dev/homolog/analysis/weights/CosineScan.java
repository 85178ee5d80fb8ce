package dev.homolog.analysis.weights;

import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cosines of a block of vectors with all vectors of a set. One tile at a time is computed and
 * reduced, so that only one tile is in memory.
 */
final class CosineScan {
  /** Vectors of a block at most. */
  static final int ROWS = 2048;

  /** Vectors of the set that a tile covers: the ends of a row are updated in each tile. */
  static final int COLUMNS = 8192;

  private final Kernels kernels;
  private final Tensor tile;

  /**
   * The ends and moments of each row, of the cosines that are not NaN.
   *
   * @param highest null where none were asked for
   * @param lowest likewise
   */
  record Result(Tails highest, Tails lowest, List<RowMoments> moments) {

    /** Shows the ends of a row: rank 1 and on the highest, −1 and on the lowest. */
    void forEnds(int row, End end) {
      forEnd(highest, row, 1, end);
      forEnd(lowest, row, -1, end);
    }

    private static void forEnd(Tails tails, int row, int sign, End end) {
      for (int place = 0; place < tails.k() && tails.match(row, place) >= 0; place++) {
        // Rounding may have put the cosine of equal vectors just beyond 1.
        double cosine = Math.clamp(tails.value(row, place), -1, 1);
        end.take(sign * (place + 1), tails.match(row, place), cosine);
      }
    }
  }

  /** Takes a cosine at one end of a row, with its rank and the vector of the set. */
  interface End {
    void take(int rank, int match, double cosine);
  }

  /** Looks at a tile of cosines, or changes it. */
  interface Step {
    Step NONE = (_, _) -> {};

    /**
     * Takes a tile.
     *
     * @param tile [rows of the block, columns]
     * @param first vector of the set that the first column belongs to
     */
    void take(Tensor tile, int first);
  }

  /** Scans of blocks of at most {@code rows} vectors and sets of at most {@code columns}. */
  CosineScan(Kernels kernels, Arena arena, int rows, int columns) {
    this.kernels = kernels;
    this.tile =
        kernels.allocate(
            arena, kernels.working(), Math.min(ROWS, rows), Math.min(COLUMNS, columns));
  }

  /**
   * Scans all tiles from left to right.
   *
   * @param x unit vectors [rows, d]
   * @param y unit vectors [columns, d]
   * @param top kept at each end of each row; 0 for none
   * @param before takes a tile before its rows are summed up
   * @param after takes it after that, and may change it
   */
  Result scan(Tensor x, Tensor y, int top, Step before, Step after) {
    int rows = Math.toIntExact(x.rows());
    int columns = Math.toIntExact(y.rows());
    int k = Math.min(top, columns);
    Tails highest = k == 0 ? null : new Tails(rows, k);
    Tails lowest = k == 0 ? null : new Tails(rows, k);
    try (Arena arena = Arena.ofShared()) {
      Tensor sums = kernels.allocate(arena, DType.F64, rows, 5);
      for (int from = 0; from < columns; from += COLUMNS) {
        int to = Math.min(columns, from + COLUMNS);
        Tensor cosines = tile.rows(0, rows).columns(0, to - from);
        kernels.linear(x, y.rows(from, to).transposed(), null, cosines);
        before.take(cosines, from);
        kernels.rowPowerSums(cosines, sums);
        if (k > 0) {
          highest.add(kernels, cosines, 0, from, true);
          lowest.add(kernels, cosines, 0, from, false);
        }
        after.take(cosines, from);
      }
      Tensor hostSums = kernels.toHost(arena, sums);
      return new Result(
          highest,
          lowest,
          IntStream.range(0, rows).mapToObj(row -> RowMoments.of(hostSums, row)).toList());
    }
  }

  /**
   * Bytes of a scan: the tile, and the temporary tensors of libtorch's operators on a device.
   *
   * @param device whether there is a device
   */
  static long bytes(long rows, long columns, DType working, boolean device) {
    long elements = Math.min(ROWS, rows) * Math.min(COLUMNS, columns);
    // Sorting takes values and places, sums a copy in double and a power of it.
    return elements * (working.bytes() + (device ? 4L * Double.BYTES : 0));
  }
}
