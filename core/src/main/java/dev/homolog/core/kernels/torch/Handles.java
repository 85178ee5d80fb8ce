package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The native tensors of one operation: closed together, newest first, also after a failure in the
 * middle.
 */
final class Handles implements AutoCloseable {
  private final List<TorchTensor> open = new ArrayList<>();

  /** Closes a tensor with the others. */
  TorchTensor own(TorchTensor tensor) {
    open.add(tensor);
    return tensor;
  }

  /** The first of several results; the others are closed too. */
  TorchTensor[] own(TorchTensor[] tensors) {
    open.addAll(List.of(tensors));
    return tensors;
  }

  /** A tensor as libtorch sees it, without a copy: over the host's memory or in the device's. */
  TorchTensor of(Tensor t) {
    long[] sizes = {t.rows(), t.cols()};
    long[] strides = {t.rowStride(), t.colStride()};
    if (t.onHost()) {
      return own(TorchTensor.wrap(t.data(), dtype(t.dtype()), sizes, strides));
    }
    return own(((TorchTensor) t.root()).view(sizes, strides, t.origin()));
  }

  /** A vector [1, n] as libtorch's [n]; null stays null. */
  TorchTensor vector(Tensor t) {
    if (t == null) {
      return null;
    }
    return own(of(t).view(new long[] {t.cols()}, new long[] {t.colStride()}, 0));
  }

  static ScalarType dtype(DType dtype) {
    return switch (dtype) {
      case F64 -> ScalarType.FLOAT64;
      case F32 -> ScalarType.FLOAT32;
      case F16 -> ScalarType.FLOAT16;
      case BF16 -> ScalarType.BFLOAT16;
      case I64 -> ScalarType.INT64;
      case I32 -> ScalarType.INT32;
      case U8 -> ScalarType.UINT8;
      case BOOL -> ScalarType.BOOL;
      case I16, I8 -> throw new IllegalArgumentException("libtorch tensors of " + dtype);
    };
  }

  @Override
  public void close() {
    RuntimeException first = null;
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    open.clear();
    if (first != null) {
      throw first;
    }
  }
}
