package dev.homolog.core.kernels.vector;

import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import jdk.incubator.vector.FloatVector;

/**
 * Puts finished blocks of x W into a single-precision output, a row at a time while the block is in
 * the cache. It adds the bias and what the output holds, and applies the activation.
 *
 * @param lines Gemm.N_BLOCK floats of each worker
 * @param scratch as many again
 * @param out [T, out]
 * @param bias as long as Gemm reads it, a multiple of Tile.COLS; null for none
 * @param add whether to add to what {@code out} holds
 * @param f activation, or null
 * @param pre where to write values before the activation, or null
 */
record LinearTarget(
    float[][] lines,
    float[][] scratch,
    Tensor out,
    float[] bias,
    boolean add,
    Activation f,
    Tensor pre)
    implements Gemm.Target {
  @Override
  public void take(Gemm.Block block, int worker) {
    float[] line = lines[worker];
    int col = (int) block.col();
    int cols = block.cols();
    int padded = Packing.roundUp(cols, Tile.COLS);
    for (int i = 0; i < block.rows(); i++) {
      long row = block.row() + i;
      if (add) {
        Packing.row(out, row, col, cols, line, 0);
      }
      gather(block, i, line, padded);
      if (bias != null) {
        addBias(line, col, padded);
      }
      if (f != null) {
        if (pre != null) {
          Packing.store(line, 0, cols, pre, row, col);
        }
        VectorActivations.activate(f, line, padded, scratch[worker]);
      }
      Packing.store(line, 0, cols, out, row, col);
    }
  }

  private void addBias(float[] line, int col, int padded) {
    for (int j = 0; j < padded; j += Tile.LANES) {
      FloatVector.fromArray(Tile.SPECIES, line, j)
          .add(FloatVector.fromArray(Tile.SPECIES, bias, col + j))
          .intoArray(line, j);
    }
  }

  private void gather(Gemm.Block block, int i, float[] line, int padded) {
    float[] tiles = block.tiles();
    int start = block.at(i, 0);
    int stride = block.acrossStride();
    for (int j = 0; j < padded; j += Tile.COLS, start += stride) {
      FloatVector left = FloatVector.fromArray(Tile.SPECIES, tiles, start);
      FloatVector right = FloatVector.fromArray(Tile.SPECIES, tiles, start + Tile.LANES);
      if (add) {
        left = left.add(FloatVector.fromArray(Tile.SPECIES, line, j));
        right = right.add(FloatVector.fromArray(Tile.SPECIES, line, j + Tile.LANES));
      }
      left.intoArray(line, j);
      right.intoArray(line, j + Tile.LANES);
    }
  }
}
