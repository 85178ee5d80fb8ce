package dev.homolog.core.kernels;

import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.OptionalLong;

/**
 * Tensors of one device: how they are made, and how they come from the host and go back. Weights
 * are read where they are mapped if the device can do so.
 */
public interface Memory {

  /** Element type of activations: F32, or F64 for the oracle. */
  DType working();

  /** A zeroed tensor [rows, cols] of this device that lives as long as the arena. */
  Tensor allocate(Arena arena, DType dtype, long rows, long cols);

  /**
   * A weight of a checkpoint as [rows, cols] on this device. It is read where it is mapped if
   * device and type allow, else copied; a copy lives as long as the arena.
   */
  Tensor weight(Arena arena, StoredTensor stored, long rows, long cols);

  /** Bytes that {@link #weight} copies for a weight; 0 where it is read where it is mapped. */
  default long weightBytes(StoredTensor stored) {
    return 0;
  }

  /** Bytes that this device has free, where it is not the host. */
  default OptionalLong freeDeviceBytes() {
    return OptionalLong.empty();
  }

  /** Copies between the host and this device, or within one; same shape and type. */
  void copy(Tensor from, Tensor to);

  /** The tensor itself where it is on the host, else a copy there. */
  default Tensor toHost(Arena arena, Tensor tensor) {
    if (tensor.onHost()) {
      return tensor;
    }
    Tensor host = Tensor.allocate(arena, tensor.dtype(), tensor.rows(), tensor.cols());
    copy(tensor, host);
    return host;
  }

  /** A copy on this device of a tensor on the host. */
  default Tensor fromHost(Arena arena, Tensor tensor) {
    Tensor copy = allocate(arena, tensor.dtype(), tensor.rows(), tensor.cols());
    copy(tensor, copy);
    return copy;
  }
}
