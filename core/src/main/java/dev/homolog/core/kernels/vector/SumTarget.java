package dev.homolog.core.kernels.vector;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Adds finished blocks, each a sum of at most Gemm.SUM_TERMS terms, to standing sums, along their
 * rows so that the processor fetches ahead.
 *
 * @param sum F32 or F64, rows contiguous
 */
record SumTarget(Tensor sum) implements Gemm.Target {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(Packing.ORDER);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(Packing.ORDER);

  @Override
  public void take(Gemm.Block block, int worker) {
    int stride = block.acrossStride();
    boolean single = sum.dtype() == DType.F32;
    for (int i = 0; i < block.rows(); i++) {
      int first = block.firstColumn(i);
      int start = block.at(i, first);
      long offset = sum.offset(block.row() + i, block.col() + first);
      for (int j = first; j < block.cols(); j += Tile.COLS) {
        int cols = Math.min(Tile.COLS, block.cols() - j);
        if (single) {
          addSingles(block.tiles(), start, cols, offset);
        } else {
          addDoubles(block.tiles(), start, cols, offset);
        }
        start += stride;
        offset += (long) sum.dtype().bytes() * Tile.COLS;
      }
    }
  }

  private void addSingles(float[] tiles, int start, int cols, long offset) {
    MemorySegment data = sum.data();
    int vectorEnd = cols / Tile.LANES * Tile.LANES;
    for (int j = 0; j < vectorEnd; j += Tile.LANES) {
      long place = offset + 4L * j;
      FloatVector.fromArray(Tile.SPECIES, tiles, start + j)
          .add(FloatVector.fromMemorySegment(Tile.SPECIES, data, place, Packing.ORDER))
          .intoMemorySegment(data, place, Packing.ORDER);
    }
    for (int j = vectorEnd; j < cols; j++) {
      long place = offset + 4L * j;
      data.set(F32, place, data.get(F32, place) + tiles[start + j]);
    }
  }

  private void addDoubles(float[] tiles, int start, int cols, long offset) {
    MemorySegment data = sum.data();
    int vectorEnd = cols / Doubles.LANES * Doubles.LANES;
    for (int j = 0; j < vectorEnd; j += Doubles.LANES) {
      long place = offset + 8L * j;
      FloatVector.fromArray(Doubles.FLOATS, tiles, start + j)
          .convertShape(VectorOperators.F2D, Doubles.SPECIES, 0)
          .reinterpretAsDoubles()
          .add(DoubleVector.fromMemorySegment(Doubles.SPECIES, data, place, Packing.ORDER))
          .intoMemorySegment(data, place, Packing.ORDER);
    }
    for (int j = vectorEnd; j < cols; j++) {
      long place = offset + 8L * j;
      data.set(F64, place, data.get(F64, place) + tiles[start + j]);
    }
  }
}
