package dev.homolog.core.kernels.vector;

import dev.homolog.core.memory.Tensor;

/**
 * Packed matrix multiplication on all workers. Both factors are packed into panels, and a piece of
 * work is a block of the result. {@link Tile} multiplies it chunk of terms by chunk of terms, into
 * memory of the worker's own that stays in its caches. A {@link Target} takes the finished block,
 * row by row. The order in which a result is summed depends on shapes alone, never on threads.
 */
final class Gemm {
  /** Rows of a block: with a chunk of terms 128 KiB of A, beside the block in the second cache. */
  static final int M_BLOCK = 128;

  /** Columns of a block, a multiple of every Tile.COLS. */
  static final int N_BLOCK = 256;

  /**
   * Terms of aᵀ b that are summed in single precision before the target takes them, in chunks each
   * of which is summed in registers first.
   */
  static final int SUM_TERMS = 2048;

  /** Rows of aᵀ packed at once: with SUM_TERMS terms, 16 MiB. */
  private static final int M_PACKED = 2048;

  /** Columns packed at once: with SUM_TERMS terms, 32 MiB. */
  private static final int N_PACKED = 4096;

  /** A cache line more than a panel, so that panels begin in different cache sets. */
  private static final int A_PANEL = Tile.DEPTH * Tile.ROWS + 16;

  private static final int B_PANEL = Tile.DEPTH * Tile.COLS + 16;

  /** Takes blocks of the product. */
  interface Target {
    /** The block must not be kept: its memory is used again. */
    void take(Block block, int worker);
  }

  /**
   * A finished block of the product: rows [row, row + rows) and columns [col, col + cols). Of
   * columns before {@code row} in an upper triangle, nothing is defined.
   */
  record Block(float[] tiles, long row, int rows, long col, int cols, boolean upperOnly) {
    /** The first column, from col on, that is computed for row i of the block. */
    int firstColumn(int i) {
      long before = upperOnly ? Math.max(0, row + i - col) : 0;
      return (int) Math.min(cols, before / Tile.COLS * Tile.COLS);
    }

    /** Where the Tile.COLS columns from j on of row i begin; j is a multiple of Tile.COLS. */
    int at(int i, int j) {
      return j / Tile.COLS * acrossStride() + i / Tile.ROWS * Tile.SIZE + i % Tile.ROWS * Tile.COLS;
    }

    /** From the columns of one tile to those of the next. */
    int acrossStride() {
      return (rows + Tile.ROWS - 1) / Tile.ROWS * Tile.SIZE;
    }
  }

  /** Panels of a factor: [chunks of terms][panels of rows or columns], each a Tile's operand. */
  private static final class Panels {
    private final int width;
    private final int size;
    private float[] data = {};
    private int count;

    Panels(int width, int size) {
      this.width = width;
      this.size = size;
    }

    void reserve(int terms, int across) {
      count = (across + width - 1) / width;
      long floats = (long) chunks(terms) * count * size;
      if (data.length < floats) {
        data = new float[Math.toIntExact(floats)];
      }
    }

    int at(int chunk, int across) {
      return (chunk * count + across / width) * size;
    }
  }

  private final Workers workers;
  private final Panels right = new Panels(Tile.COLS, B_PANEL);
  private final Panels left = new Panels(Tile.ROWS, A_PANEL);
  private final Panels[] leftOfWorker;
  private final float[][] lines;
  private final float[][] tiles;

  Gemm(Workers workers) {
    this.workers = workers;
    int threads = workers.threads();
    this.leftOfWorker = new Panels[threads];
    for (int w = 0; w < threads; w++) {
      leftOfWorker[w] = new Panels(Tile.ROWS, A_PANEL);
    }
    this.lines = new float[threads][Tile.ROWS * Tile.DEPTH];
    this.tiles = new float[threads][M_BLOCK * N_BLOCK];
  }

  private static int chunks(int terms) {
    return (terms + Tile.DEPTH - 1) / Tile.DEPTH;
  }

  /**
   * target ← a b for a tall a [M, K] and b [K, N]. b is packed once, rows of a by the worker that
   * multiplies them.
   */
  void tall(Tensor a, Tensor b, Target target) {
    int terms = Math.toIntExact(b.rows());
    int blocks = Math.toIntExact((a.rows() + M_BLOCK - 1) / M_BLOCK);
    // As much of b as of the right factor in aᵀ b, 32 MiB: a weight of GPT-2 small whole.
    int packed = Math.max(N_BLOCK, N_PACKED * SUM_TERMS / Math.max(1, terms) / N_BLOCK * N_BLOCK);
    for (long n0 = 0; n0 < b.cols(); n0 += packed) {
      long from = n0;
      int columns = (int) Math.min(packed, b.cols() - n0);
      pack(b.columns(from, from + columns), right, N_BLOCK);
      workers.run(
          blocks,
          (worker, piece) -> {
            long m0 = (long) piece * M_BLOCK;
            int rows = (int) Math.min(M_BLOCK, a.rows() - m0);
            packRows(a.rows(m0, m0 + rows), terms, worker);
            for (int j = 0; j < columns; j += N_BLOCK) {
              int cols = Math.min(N_BLOCK, columns - j);
              Block block = new Block(tiles[worker], m0, rows, from + j, cols, false);
              multiply(leftOfWorker[worker], 0, j, terms, block);
              target.take(block, worker);
            }
          });
    }
  }

  /**
   * target ← aᵀ b, at most SUM_TERMS terms at a time, for a [K, M] and b [K, N] with many rows and
   * columns.
   *
   * @param upperOnly whether tiles wholly below the diagonal are left out
   */
  void transposed(Tensor a, Tensor b, boolean upperOnly, Target target) {
    for (long p0 = 0; p0 < b.rows(); p0 += SUM_TERMS) {
      long end = Math.min(p0 + SUM_TERMS, b.rows());
      int terms = (int) (end - p0);
      for (long n0 = 0; n0 < b.cols(); n0 += N_PACKED) {
        int columns = (int) Math.min(N_PACKED, b.cols() - n0);
        pack(b.rows(p0, end).columns(n0, n0 + columns), right, N_BLOCK);
        for (long m0 = 0; m0 < a.cols(); m0 += M_PACKED) {
          int rows = (int) Math.min(M_PACKED, a.cols() - m0);
          if (upperOnly && m0 >= n0 + columns) {
            break;
          }
          if (n0 == 0 || a.cols() > M_PACKED) {
            pack(a.rows(p0, end).columns(m0, m0 + rows), left, M_BLOCK);
          }
          blocks(new Block(null, m0, rows, n0, columns, upperOnly), terms, target);
        }
      }
    }
  }

  /** All blocks of what is packed. */
  private void blocks(Block whole, int terms, Target target) {
    int down = (whole.rows + M_BLOCK - 1) / M_BLOCK;
    int across = (whole.cols + N_BLOCK - 1) / N_BLOCK;
    workers.run(
        down * across,
        (worker, piece) -> {
          int i = piece / across * M_BLOCK;
          int j = piece % across * N_BLOCK;
          int rows = Math.min(M_BLOCK, whole.rows - i);
          int cols = Math.min(N_BLOCK, whole.cols - j);
          long row = whole.row + i;
          long col = whole.col + j;
          if (!whole.upperOnly || col + cols > row) {
            Block block = new Block(tiles[worker], row, rows, col, cols, whole.upperOnly);
            multiply(left, i, j, terms, block);
            target.take(block, worker);
          }
        });
  }

  /** Fills the block from rows [i, …) of the panels of A and columns [j, …) of those of B. */
  private void multiply(Panels a, int i, int j, int terms, Block block) {
    int tilesDown = (block.rows + Tile.ROWS - 1) / Tile.ROWS;
    for (int chunk = 0, p0 = 0; p0 < terms; chunk++, p0 += Tile.DEPTH) {
      int depth = Math.min(Tile.DEPTH, terms - p0);
      int a0 = a.at(chunk, i);
      for (int n = 0; n < block.cols; n += Tile.COLS) {
        int wanted = tilesDown;
        if (block.upperOnly) {
          long above = block.col + n + Tile.COLS - block.row;
          wanted = Math.clamp((above + Tile.ROWS - 1) / Tile.ROWS, 0, tilesDown);
        }
        int b0 = right.at(chunk, j + n);
        int c0 = block.at(0, n);
        for (int m = 0; m < wanted; m++) {
          Tile.multiply(
              a.data,
              a0 + m * A_PANEL,
              right.data,
              b0,
              depth,
              block.tiles,
              c0 + m * Tile.SIZE,
              chunk > 0);
        }
      }
    }
  }

  /** Packs a matrix [terms, n], {@code columns} columns a piece of work. */
  private void pack(Tensor m, Panels to, int columns) {
    int terms = (int) m.rows();
    int n = (int) m.cols();
    to.reserve(terms, n);
    int across = (n + columns - 1) / columns;
    workers.run(
        across * chunks(terms),
        (_, piece) -> {
          int chunk = piece / across;
          int j = piece % across * columns;
          int p0 = chunk * Tile.DEPTH;
          int depth = Math.min(Tile.DEPTH, terms - p0);
          Tensor part = m.columns(j, Math.min(j + columns, n));
          Packing.panels(part, p0, depth, to.width, to.data, to.at(chunk, j), to.size);
        });
  }

  private void packRows(Tensor a, int terms, int worker) {
    Panels to = leftOfWorker[worker];
    to.reserve(terms, (int) a.rows());
    for (int chunk = 0, p0 = 0; p0 < terms; chunk++, p0 += Tile.DEPTH) {
      int depth = Math.min(Tile.DEPTH, terms - p0);
      if (a.rowStride() == 1 && a.colStride() != 1) {
        Tensor at = a.transposed();
        Packing.panels(at, p0, depth, Tile.ROWS, to.data, to.at(chunk, 0), to.size);
      } else {
        Packing.panelsOfRows(a, p0, depth, to.data, to.at(chunk, 0), to.size, lines[worker]);
      }
    }
  }
}
