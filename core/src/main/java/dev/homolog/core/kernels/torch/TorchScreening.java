package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.TorchGemm;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.kernels.vector.ProductMaxima;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * The greatest products of the host's tensors by way of bfloat16: libtorch multiplies rounded
 * factors, and {@link ProductMaxima} computes anew what may be the greatest.
 */
final class TorchScreening {
  /** Elements of W from which screening saves more than its code takes to be compiled. */
  private static final long LEAST_SIZE = 1L << 21;

  private final ProductMaxima maxima;

  TorchScreening(ProductMaxima maxima) {
    this.maxima = maxima;
  }

  /** Whether rounded products with such a matrix come so fast that screening is worth it. */
  static boolean pays(Tensor transposed) {
    return transposed.size() >= LEAST_SIZE && Processor.multipliesBfloat16();
  }

  /** W prepared for screening: on a processor that multiplies bfloat16, whatever its size. */
  ScreenedFactor prepare(Arena arena, Tensor transposed) {
    ShapeChecks.requireF32(transposed);
    Tensor rounded = Tensor.allocate(arena, DType.BF16, transposed.rows(), transposed.cols());
    try (Handles h = new Handles()) {
      h.of(rounded).copyFrom(h.of(transposed));
    }
    return new ScreenedFactor(transposed, rounded, maxima.margins(transposed));
  }

  /** As {@link Kernels#raiseToProducts}, of tensors on the host. */
  void raise(Tensor x, ScreenedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.requireF32(x, scratch);
    Tensor roundedX = halves(scratch, 0, x.cols());
    Tensor products = halves(scratch, roundedX.size(), factor.cols());
    try (Handles h = new Handles()) {
      TorchTensor left = h.of(roundedX);
      left.copyFrom(h.of(x));
      TorchGemm.mmInto(h.of(products), left, h.own(h.of(factor.rounded()).t()));
    }
    maxima.raiseByScreening(x, factor.transposed(), factor.margins(), products, best);
  }

  /** As many rows in bfloat16, in the memory of a contiguous tensor from that bfloat16 on. */
  private static Tensor halves(Tensor memory, long from, long cols) {
    long start = memory.offset(0, 0) + from * DType.BF16.bytes();
    long bytes = memory.rows() * cols * DType.BF16.bytes();
    return Tensor.wrap(memory.data().asSlice(start, bytes), DType.BF16, memory.rows(), cols);
  }
}
