package dev.homolog.core.checkpoint;

import dev.homolog.core.memory.DType;
import java.util.List;

/**
 * What a pickle says of a tensor; nothing of it is checked against a file. All numbers are
 * elements, none is negative, and shape and strides are of one length.
 *
 * @param storage where the elements lie
 * @param offset of the first element in the storage
 * @param strides how far apart in the storage two neighbours along a dimension are
 */
record PickledTensor(Storage storage, long offset, List<Long> shape, List<Long> strides) {
  /**
   * A run of elements in an entry of its own.
   *
   * @param key names the entry: {@code data/<key>}
   */
  record Storage(String key, DType dtype, long elements) {}

  /**
   * Whether the elements lie one after the other in C order; of a shape whose elements a long
   * counts.
   */
  boolean isContiguous() {
    if (shape.contains(0L)) {
      return true;
    }
    long expected = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      if (shape.get(i) != 1 && strides.get(i) != expected) {
        return false;
      }
      expected *= shape.get(i);
    }
    return true;
  }
}
