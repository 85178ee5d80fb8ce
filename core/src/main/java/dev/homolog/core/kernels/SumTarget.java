package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Adds finished blocks, each a sum of at most Gemm.SUM_TERMS terms, to sums in double, along their
 * rows so that the processor fetches ahead.
 *
 * @param sum F64, rows contiguous
 */
record SumTarget(Tensor sum) implements Gemm.Target {
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(Packing.ORDER);

  @Override
  public void take(Gemm.Block block, int worker) {
    int stride = block.acrossStride();
    for (int i = 0; i < block.rows(); i++) {
      int first = block.firstColumn(i);
      int at = block.at(i, first);
      long offset = sum.offset(block.row() + i, block.col() + first);
      for (int j = first; j < block.cols(); j += Tile.COLS) {
        add(block.tiles(), at, Math.min(Tile.COLS, block.cols() - j), offset);
        at += stride;
        offset += 8L * Tile.COLS;
      }
    }
  }

  private void add(float[] tiles, int at, int cols, long offset) {
    MemorySegment data = sum.data();
    int whole = cols / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < whole; j += Doubles.LANES) {
      long there = offset + 8L * j;
      FloatVector.fromArray(Doubles.FLOATS, tiles, at + j)
          .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0)
          .reinterpretAsDoubles()
          .add(DoubleVector.fromMemorySegment(Doubles.SPECIES, data, there, Packing.ORDER))
          .intoMemorySegment(data, there, Packing.ORDER);
    }
    for (int j = whole; j < cols; j++) {
      long there = offset + 8L * j;
      data.set(F64, there, data.get(F64, there) + tiles[at + j]);
    }
  }
}
