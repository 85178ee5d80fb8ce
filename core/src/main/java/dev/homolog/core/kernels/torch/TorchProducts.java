package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.Cublas;
import dev.homolog.bindings.Device;
import dev.homolog.bindings.Dtype;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.TorchGemm;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.kernels.vector.VectorKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * The matrix products of {@link TorchKernels}: of factors in single precision or rounded to
 * bfloat16, summed in single precision and, where the standing sums are in double, added to them a
 * block at a time. Owns the rounded copies of weights.
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

  /** Elements of W from which screening saves more than its code takes to be compiled. */
  private static final long SCREENED = 1L << 21;

  /** Tokens whose products are added up in single precision. */
  private static final long DEPTH = 16_384;

  private final Torch torch;
  private final Device device;
  private final Precision precision;
  private final VectorKernels onHost;
  private final Set<Object> weights = Collections.newSetFromMap(new IdentityHashMap<>());
  private final IdentityHashMap<Object, TorchTensor> rounded = new IdentityHashMap<>();

  /**
   * @param onHost adds to sums where libtorch works in the host's memory, which it does by way of a
   *     copy in double; or null
   */
  TorchProducts(Torch torch, Device device, Precision precision, VectorKernels onHost) {
    this.torch = torch;
    this.device = device;
    this.precision = precision;
    this.onHost = onHost;
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
        Tensor buffer = sum.dtype() == DType.F32 ? null : buffer(h, arena, height * width);
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
        Tensor buffer = sum.dtype() == DType.F32 ? null : buffer(h, arena, n * width);
        for (long j = 0; j < n; j += width) {
          long to = Math.min(n, j + width);
          try (TorchTensor upper = factor.columns(0, to)) {
            addProduct(upper, factor, j, to, buffer, sum.columns(j, to).rows(0, to));
          }
        }
      }
    }
  }

  /** Whether rounded products with such a matrix come so fast that screening is worth it. */
  boolean screens(Tensor transposed) {
    return onHost != null && transposed.size() >= SCREENED && Processor.multipliesBfloat16();
  }

  /**
   * W prepared for screening; on a processor that multiplies bfloat16, for products of any size.
   */
  ScreenedFactor screened(Arena arena, Tensor transposed) {
    ShapeChecks.requireF32(transposed);
    Tensor rounded = Tensor.allocate(arena, DType.BF16, transposed.rows(), transposed.cols());
    try (Handles h = new Handles()) {
      h.of(rounded).copyFrom(h.of(transposed));
    }
    return new ScreenedFactor(transposed, rounded, onHost.maxima().margins(transposed));
  }

  /** As {@link Kernels#raiseToProducts}, of tensors on the host. */
  void raiseByScreening(Tensor x, ScreenedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.requireF32(x, scratch);
    Tensor roundedX = halves(scratch, 0, x.cols());
    Tensor products = halves(scratch, roundedX.size(), factor.cols());
    try (Handles h = new Handles()) {
      TorchTensor left = h.of(roundedX);
      left.copyFrom(h.of(x));
      TorchGemm.mmInto(h.of(products), left, h.own(h.of(factor.rounded()).t()));
    }
    onHost.maxima().raiseByScreening(x, factor.transposed(), factor.margins(), products, best);
  }

  /** As many rows in bfloat16, in the memory of a contiguous tensor from that bfloat16 on. */
  private static Tensor halves(Tensor memory, long from, long cols) {
    long start = memory.offset(0, 0) + from * DType.BF16.bytes();
    long bytes = memory.rows() * cols * DType.BF16.bytes();
    return Tensor.wrap(memory.data().asSlice(start, bytes), DType.BF16, memory.rows(), cols);
  }

  private Tensor buffer(Handles h, Arena arena, long elements) {
    return onHost != null
        ? Tensor.allocate(arena, DType.F32, elements, 1)
        : Tensor.onDevice(
            h.own(torch.empty(Dtype.FLOAT32, device, elements)), DType.F32, elements, 1);
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
      if (inPlace) {
        return;
      }
      if (onHost != null) {
        onHost.addSingles(product, sum);
      } else {
        TorchPointwise.addInPlace(h.of(sum), block, 1);
      }
    }
  }

  private TorchTensor factor(Handles h, Tensor t) {
    return precision == Precision.BF16 ? rounded(h, t) : h.of(t);
  }

  private static TorchTensor rounded(Handles h, Tensor x) {
    return h.own(TorchPointwise.to(h.of(x), Dtype.BFLOAT16));
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
        rounded.computeIfAbsent(root, key -> TorchPointwise.to((TorchTensor) key, Dtype.BFLOAT16));
    long[] sizes = {W.rows(), W.cols()};
    return h.own(copy.view(sizes, new long[] {W.rowStride(), W.colStride()}, W.origin()));
  }

  /**
   * out = beta out + a b, of factors in single precision or bfloat16 and sums in single precision.
   */
  private void product(Handles h, TorchTensor out, TorchTensor a, TorchTensor b, double beta) {
    TorchTensor left = a;
    TorchTensor right = b;
    if (a.dtype() == Dtype.BFLOAT16) {
      if (device.isCuda()) {
        try (Cublas cublas = Cublas.borrow(torch.blasHandle())) {
          cublas.multiply(out, a, b, beta);
        }
        return;
      }
      // The CPU sums products of rounded factors in single precision, as the GPU does.
      left = h.own(TorchPointwise.to(a, Dtype.FLOAT32));
      right = h.own(TorchPointwise.to(b, Dtype.FLOAT32));
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
