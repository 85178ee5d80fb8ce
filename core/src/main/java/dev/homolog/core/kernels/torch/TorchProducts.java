package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.Cublas;
import dev.homolog.bindings.Device;
import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.TorchGemm;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * The matrix products of {@link TorchKernels} and {@link TorchHostKernels}. Factors are in single
 * precision or rounded to bfloat16, and products are summed in single precision. Sums that are kept
 * in double take them a block at a time. Owns the rounded copies of weights.
 */
final class TorchProducts implements AutoCloseable {
  /** Bytes of the product of one block of columns, before it is added to the sums in double. */
  private static final long CPU_SCRATCH = 72L << 20;

  private static final long GPU_SCRATCH = 1L << 30;

  /**
   * Columns of the left factor at once on the CPU: OpenBLAS and MKL pack all of it anew for every
   * block of columns of the right one, which of 36,864 neurons would hold 512.
   */
  private static final long CPU_ROWS = 4608;

  /** Tokens whose products are added up in single precision. */
  private static final long DEPTH = 16_384;

  private final Torch torch;
  private final Device device;
  private final Precision precision;
  private final DoubleSums sums;
  private final Set<Object> weights = Collections.newSetFromMap(new IdentityHashMap<>());
  private final IdentityHashMap<Object, TorchTensor> rounded = new IdentityHashMap<>();

  /** Products are added to sums in double a block at a time, by way of a buffer. */
  interface DoubleSums {
    /** Memory for a block in single precision, which lives as long as both arguments. */
    Tensor buffer(Handles h, Arena arena, long elements);

    /** sum += product. */
    void add(Tensor product, Tensor sum);
  }

  TorchProducts(Torch torch, Device device, Precision precision, DoubleSums sums) {
    this.torch = torch;
    this.device = device;
    this.precision = precision;
    this.sums = sums;
  }

  /** out = x W + b; shapes as {@link Kernels#linear}. */
  void linear(Handles h, Tensor x, Tensor W, Tensor b, TorchTensor out) {
    if (precision == Precision.BF16) {
      product(h, out, rounded(h, x), roundedRight(h, W), 0);
      if (b != null) {
        TorchPointwise.addInPlace(out, h.vector(b), 1);
      }
    } else if (b == null) {
      TorchGemm.mmInto(out, h.of(x), h.of(W));
    } else {
      TorchGemm.addmmInto(out, h.vector(b), h.of(x), h.of(W), 1, 1);
    }
  }

  /** out += x W + b; shapes as {@link Kernels#linear}. */
  void addLinear(Handles h, Tensor x, Tensor W, Tensor b, TorchTensor out) {
    if (precision == Precision.BF16) {
      product(h, out, rounded(h, x), roundedRight(h, W), 1);
    } else {
      TorchGemm.accumulate(out, h.of(x), h.of(W));
    }
    if (b != null) {
      TorchPointwise.addInPlace(out, h.vector(b), 1);
    }
  }

  /** sum += aᵀ b; shapes as {@link Kernels#crossProducts}. */
  void add(Tensor a, Tensor b, Tensor sum) {
    long scratch = device.isCuda() ? GPU_SCRATCH : CPU_SCRATCH;
    long height = device.isCuda() ? a.cols() : Math.min(CPU_ROWS, a.cols());
    long width = Math.clamp(scratch / Float.BYTES / height, 1, b.cols());
    for (long t = 0; t < a.rows(); t += DEPTH) {
      long end = Math.min(a.rows(), t + DEPTH);
      try (Handles h = new Handles();
          Arena arena = Arena.ofShared()) {
        TorchTensor left = factor(h, a.rows(t, end));
        TorchTensor right = factor(h, b.rows(t, end));
        Tensor buffer = sum.dtype() == DType.F32 ? null : sums.buffer(h, arena, height * width);
        for (long i = 0; i < a.cols(); i += height) {
          long down = Math.min(a.cols(), i + height);
          TorchTensor upper = h.own(left.columns(i, down));
          for (long j = 0; j < b.cols(); j += width) {
            long to = Math.min(b.cols(), j + width);
            addProduct(upper, right, j, to, buffer, sum.rows(i, down).columns(j, to));
          }
        }
      }
    }
  }

  /** sum += aᵀ a; only rows down to the diagonal of each block of columns are computed. */
  void addUpper(Tensor a, Tensor sum) {
    long n = a.cols();
    long width = Math.max(64, (n + 7) / 8);
    for (long t = 0; t < a.rows(); t += DEPTH) {
      long end = Math.min(a.rows(), t + DEPTH);
      try (Handles h = new Handles();
          Arena arena = Arena.ofShared()) {
        TorchTensor factor = factor(h, a.rows(t, end));
        Tensor buffer = sum.dtype() == DType.F32 ? null : sums.buffer(h, arena, n * width);
        for (long j = 0; j < n; j += width) {
          long to = Math.min(n, j + width);
          try (TorchTensor upper = factor.columns(0, to)) {
            addProduct(upper, factor, j, to, buffer, sum.columns(j, to).rows(0, to));
          }
        }
      }
    }
  }

  private static Tensor rowMajor(Tensor buffer, long rows, long cols) {
    return buffer.onHost()
        ? Tensor.wrap(buffer.data(), buffer.dtype(), rows, cols)
        : Tensor.onDevice(buffer.root(), buffer.dtype(), rows, cols);
  }

  /** sum += leftᵀ right[:, from … to): in place, or in double by way of a buffer. */
  private void addProduct(
      TorchTensor left, TorchTensor right, long from, long to, Tensor buffer, Tensor sum) {
    try (Handles h = new Handles()) {
      TorchTensor part = h.own(right.columns(from, to));
      boolean inPlace = sum.dtype() == DType.F32;
      Tensor product = inPlace ? sum : rowMajor(buffer, left.size(1), to - from);
      TorchTensor block = h.of(product);
      if (device.isCuda()) {
        try (Cublas cublas = Cublas.borrow(torch.blasHandle())) {
          cublas.accumulateTransposed(block, left, part, inPlace ? 1 : 0);
        }
      } else {
        product(h, block, h.own(left.t()), part, inPlace ? 1 : 0);
      }
      if (!inPlace) {
        sums.add(product, sum);
      }
    }
  }

  private TorchTensor factor(Handles h, Tensor t) {
    return precision == Precision.BF16 ? rounded(h, t) : h.of(t);
  }

  private static TorchTensor rounded(Handles h, Tensor x) {
    return h.own(TorchPointwise.to(h.of(x), ScalarType.BFLOAT16));
  }

  /** Of a tensor on the device, which does not change once it is filled, nor do its views. */
  void rememberWeight(Tensor W) {
    if (!W.onHost()) {
      weights.add(W.root());
    }
  }

  /** Of a weight rounded once and kept; a view of a weight shares the weight's. */
  private TorchTensor roundedRight(Handles h, Tensor W) {
    if (W.onHost() || !weights.contains(W.root())) {
      return rounded(h, W);
    }
    TorchTensor root = (TorchTensor) W.root();
    TorchTensor copy =
        rounded.computeIfAbsent(
            root, key -> TorchPointwise.to((TorchTensor) key, ScalarType.BFLOAT16));
    long[] sizes = {W.rows(), W.cols()};
    return h.own(copy.view(sizes, new long[] {W.rowStride(), W.colStride()}, W.origin()));
  }

  /**
   * out = beta out + a b, of factors in single precision or bfloat16 and sums in single precision.
   */
  private void product(Handles h, TorchTensor out, TorchTensor a, TorchTensor b, double beta) {
    TorchTensor left = a;
    TorchTensor right = b;
    if (a.dtype() == ScalarType.BFLOAT16) {
      if (device.isCuda()) {
        try (Cublas cublas = Cublas.borrow(torch.blasHandle())) {
          cublas.multiply(out, a, b, beta);
        }
        return;
      }
      // The CPU sums products of rounded factors in single precision, as the GPU does.
      left = h.own(TorchPointwise.to(a, ScalarType.FLOAT32));
      right = h.own(TorchPointwise.to(b, ScalarType.FLOAT32));
    }
    if (beta == 0) {
      TorchGemm.mmInto(out, left, right);
    } else {
      TorchGemm.addmmInto(out, out, left, right, beta, 1);
    }
  }

  /** Frees the rounded copies. */
  @Override
  public void close() {
    rounded.values().forEach(TorchTensor::close);
    rounded.clear();
  }
}
