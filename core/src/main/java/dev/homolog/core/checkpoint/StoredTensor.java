package dev.homolog.core.checkpoint;

import dev.homolog.core.memory.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor as it lies in a checkpoint: little-endian, C order, read-only, valid until the
 * checkpoint is closed. {@code data} is exactly the tensor's bytes, at whatever alignment the file
 * has (read it with unaligned layouts).
 */
public record StoredTensor(String name, DType dtype, List<Long> shape, MemorySegment data) {
  /**
   * Number of elements; the reader has checked that it does not overflow and equals {@code data}'s
   * size.
   */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
