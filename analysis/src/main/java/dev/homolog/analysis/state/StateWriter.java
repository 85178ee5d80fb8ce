package dev.homolog.analysis.state;

import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Takes the numbers that are saved, by name. They must stay as they are until the file is written,
 * right after all have been put. Used by one thread.
 */
public final class StateWriter {
  /** The most bytes that come from a device at a time. */
  private static final long BLOCK = 64L << 20;

  private final Kernels kernels;
  private final SafetensorsWriter file;
  private final String room;

  StateWriter(Kernels kernels, SafetensorsWriter file, String room) {
    this.kernels = kernels;
    this.file = file;
    this.room = room;
  }

  /** A writer of names that begin with that word and a dot, after those of this one. */
  public StateWriter in(String word) {
    return new StateWriter(kernels, file, room + word + ".");
  }

  /** Puts tensors [rows, cols], in the kernels' memory or the host's. */
  public void put(Map<String, Tensor> tensors) {
    tensors.forEach(this::put);
  }

  /** Puts a tensor [rows, cols], in the kernels' memory or the host's. */
  public void put(String name, Tensor tensor) {
    List<Long> shape = List.of(tensor.rows(), tensor.cols());
    file.tensor(room + name, tensor.dtype(), shape, pieces(tensor));
  }

  /** Puts rows of equal length. */
  public void put(String name, double[][] rows) {
    List<Long> shape = List.of((long) rows.length, rows.length == 0 ? 0L : rows[0].length);
    file.tensor(room + name, DType.F64, shape, () -> Stream.of(rows).map(MemorySegment::ofArray));
  }

  /** Puts blocks of rows, how many there may be. */
  public void put(String name, List<double[][]> blocks) {
    StateWriter list = in(name);
    list.put("count", (long) blocks.size());
    for (int i = 0; i < blocks.size(); i++) {
      list.put("" + i, blocks.get(i));
    }
  }

  /** Puts a list. */
  public void put(String name, double[] values) {
    file.tensor(room + name, DType.F64, one(values.length), MemorySegment.ofArray(values));
  }

  /** Puts a list. */
  public void put(String name, float[] values) {
    file.tensor(room + name, DType.F32, one(values.length), MemorySegment.ofArray(values));
  }

  /** Puts a list. */
  public void put(String name, int[] values) {
    file.tensor(room + name, DType.I32, one(values.length), MemorySegment.ofArray(values));
  }

  /** Puts a list. */
  public void put(String name, long... values) {
    file.tensor(room + name, DType.I64, one(values.length), MemorySegment.ofArray(values));
  }

  private static List<Long> one(int length) {
    return List.of(1L, (long) length);
  }

  /** The bytes of a tensor, rows after rows; from a device a block at a time. */
  @SuppressWarnings("MustBeClosedChecker") // the stream closes it
  private Supplier<Stream<MemorySegment>> pieces(Tensor tensor) {
    long rowBytes = tensor.cols() * tensor.dtype().bytes();
    if (tensor.onHost() && tensor.isContiguous()) {
      return () -> Stream.of(tensor.data().asSlice(0, tensor.rows() * rowBytes));
    }
    long rows = Math.clamp(BLOCK / Math.max(1, rowBytes), 1, Math.max(1, tensor.rows()));
    return () -> {
      Arena scratch = Arena.ofShared();
      Tensor block = Tensor.allocate(scratch, tensor.dtype(), rows, tensor.cols());
      return LongStream.range(0, Math.ceilDiv(tensor.rows(), rows))
          .mapToObj(i -> {
            long from = i * rows;
            long to = Math.min(tensor.rows(), from + rows);
            kernels.copy(tensor.rows(from, to), block.rows(0, to - from));
            return block.data().asSlice(0, (to - from) * rowBytes);
          })
          .onClose(scratch::close);
    };
  }
}
