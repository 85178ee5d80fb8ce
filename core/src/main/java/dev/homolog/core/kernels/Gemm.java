package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;

/**
 * Packed matrix multiplication on all workers. B is packed once per call into panels that stay in
 * the outer caches, A a block at a time; {@link Tile} multiplies; a {@link Target} takes each
 * finished tile. The order in which a result is summed depends on shapes alone, never on threads.
 */
final class Gemm {
  /** Columns of B packed at once: with DEPTH terms, 16 MiB. */
  private static final int N_BLOCK = 16_384;

  /** Rows of A a piece of work covers. */
  private static final int M_BLOCK = 128;

  /** Columns a piece of work covers in aᵀ b, a multiple of every Tile.COLS. */
  private static final int N_PIECE = 512;

  /**
   * Columns packed by one piece of work, so that a row of B is read a few cache lines at a time.
   */
  private static final int PACK_COLUMNS = 256;

  private static final int PANEL = Tile.DEPTH * Tile.COLS;

  /** Takes tiles of the product of one chunk of terms. */
  interface Target {
    /**
     * @param tile [Tile.ROWS, Tile.COLS], of which rows × cols are wanted
     */
    void take(float[] tile, long row, int rows, long col, int cols, Chunk chunk);
  }

  /** Terms [from, from + terms) of a sum, and whether they are its first and its last. */
  record Chunk(long from, int terms, boolean first, boolean last) {
    static Chunk of(long from, long depth) {
      int terms = (int) Math.min(Tile.DEPTH, depth - from);
      return new Chunk(from, terms, from == 0, from + terms == depth);
    }
  }

  private final Workers workers;
  private final float[][] blockOfA;
  private final float[][] tiles;
  private float[] panelsOfB = {};
  private float[] rowsOfA = {};

  Gemm(Workers workers) {
    this.workers = workers;
    this.blockOfA = new float[workers.threads()][M_BLOCK * Tile.A_STRIDE];
    this.tiles = new float[workers.threads()][Tile.ROWS * Tile.COLS];
  }

  /**
   * target ← a b for a tall a [M, K] and b [K, N]: each worker packs the rows of a that it
   * multiplies.
   */
  void tall(Tensor a, Tensor b, Target target) {
    int blocks = Math.toIntExact((a.rows() + M_BLOCK - 1) / M_BLOCK);
    for (long n0 = 0; n0 < b.cols(); n0 += N_BLOCK) {
      int columns = (int) Math.min(N_BLOCK, b.cols() - n0);
      long column = n0;
      for (long p0 = 0; p0 < b.rows(); p0 += Tile.DEPTH) {
        Chunk chunk = Chunk.of(p0, b.rows());
        packB(b, chunk, n0, columns);
        workers.run(
            blocks,
            (worker, piece) -> {
              long m0 = (long) piece * M_BLOCK;
              int rows = (int) Math.min(M_BLOCK, a.rows() - m0);
              float[] block = blockOfA[worker];
              Packing.rowsOfA(a.rows(m0, m0 + rows), chunk.from, chunk.terms, block, 0);
              Piece where = new Piece(m0, rows, column, 0, columns);
              multiply(block, 0, where, tiles[worker], target, chunk);
            });
      }
    }
  }

  /**
   * target ← aᵀ b, chunk of terms by chunk of terms, for a [K, M] and b [K, N] with many rows and
   * columns: both are packed once a chunk.
   *
   * @param upperOnly whether pieces wholly below the diagonal are left out
   */
  void transposed(Tensor a, Tensor b, boolean upperOnly, Target target) {
    Tensor at = a.transposed();
    for (long p0 = 0; p0 < b.rows(); p0 += Tile.DEPTH) {
      Chunk chunk = Chunk.of(p0, b.rows());
      for (long n0 = 0; n0 < b.cols(); n0 += N_BLOCK) {
        int columns = (int) Math.min(N_BLOCK, b.cols() - n0);
        packB(b, chunk, n0, columns);
        for (long m0 = 0; m0 < at.rows(); m0 += N_BLOCK) {
          int rows = (int) Math.min(N_BLOCK, at.rows() - m0);
          packA(at, chunk, m0, rows);
          Piece whole = new Piece(m0, rows, n0, 0, columns);
          pieces(whole, upperOnly, target, chunk);
        }
      }
    }
  }

  private void pieces(Piece whole, boolean upperOnly, Target target, Chunk chunk) {
    int down = (whole.rows + M_BLOCK - 1) / M_BLOCK;
    int across = (whole.to + N_PIECE - 1) / N_PIECE;
    workers.run(
        down * across,
        (worker, piece) -> {
          int i = piece / across * M_BLOCK;
          int j = piece % across * N_PIECE;
          int rows = Math.min(M_BLOCK, whole.rows - i);
          int to = Math.min(j + N_PIECE, whole.to);
          if (!upperOnly || whole.column0 + to > whole.row + i) {
            Piece where = new Piece(whole.row + i, rows, whole.column0, j, to);
            multiply(rowsOfA, i * Tile.A_STRIDE, where, tiles[worker], target, chunk);
          }
        });
  }

  /** Rows [row, row + rows) and packed columns [from, to), which begin at column0 of the whole. */
  private record Piece(long row, int rows, long column0, int from, int to) {}

  private void multiply(float[] a, int a0, Piece piece, float[] tile, Target target, Chunk chunk) {
    for (int j = piece.from; j < piece.to; j += Tile.COLS) {
      int b0 = j / Tile.COLS * PANEL;
      int cols = Math.min(Tile.COLS, piece.to - j);
      for (int i = 0; i < piece.rows; i += Tile.ROWS) {
        Tile.multiply(a, a0 + i * Tile.A_STRIDE, panelsOfB, b0, chunk.terms, tile);
        int rows = Math.min(Tile.ROWS, piece.rows - i);
        target.take(tile, piece.row + i, rows, piece.column0 + j, cols, chunk);
      }
    }
  }

  private void packB(Tensor b, Chunk chunk, long n0, int columns) {
    int panels = (columns + Tile.COLS - 1) / Tile.COLS;
    if (panelsOfB.length < panels * PANEL) {
      panelsOfB = new float[panels * PANEL];
    }
    workers.run(
        (columns + PACK_COLUMNS - 1) / PACK_COLUMNS,
        (_, piece) -> {
          int j = piece * PACK_COLUMNS;
          int n = Math.min(PACK_COLUMNS, columns - j);
          Tensor part = b.columns(n0 + j, n0 + j + n);
          int at = j / Tile.COLS * PANEL;
          Packing.panelsOfB(part, chunk.from, chunk.terms, panelsOfB, at, PANEL);
        });
  }

  private void packA(Tensor at, Chunk chunk, long m0, int rows) {
    int size = Packing.roundUp(rows, Tile.ROWS) * Tile.A_STRIDE;
    if (rowsOfA.length < size) {
      rowsOfA = new float[size];
    }
    workers.run(
        (rows + M_BLOCK - 1) / M_BLOCK,
        (_, piece) -> {
          int i = piece * M_BLOCK;
          int n = Math.min(M_BLOCK, rows - i);
          Tensor part = at.rows(m0 + i, m0 + i + n);
          Packing.rowsOfA(part, chunk.from, chunk.terms, rowsOfA, i * Tile.A_STRIDE);
        });
  }
}
