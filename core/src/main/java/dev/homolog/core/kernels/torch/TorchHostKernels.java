package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.Device;
import dev.homolog.bindings.Torch;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.kernels.shared.Factor;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.kernels.vector.HostKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * libtorch's products on the CPU, and everything else by the Vector API, over the same memory. The
 * Vector API is at least as fast at the rest. It leaves out half of aᵀ a, joins an activation to
 * its product, and needs no temporaries. Weights in single precision are read where they are
 * mapped.
 */
final class TorchHostKernels extends HostKernels {
  private final Torch torch;
  private final TorchProducts products;
  private final TorchScreening screening;

  /** libtorch on the CPU with that many threads. */
  TorchHostKernels(Torch torch, int threads) {
    super(threads);
    this.torch = torch;
    this.products = new TorchProducts(torch, Device.CPU, Precision.FP32, new InHostMemory(this));
    this.screening = new TorchScreening(maxima());
    torch.setThreads(threads);
  }

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public String description() {
    return TorchKernels.description(name(), torch, Device.CPU, precision());
  }

  @Override
  public String numerics() {
    return TorchKernels.numerics(name(), torch, Device.CPU, precision());
  }

  @Override
  public Tensor weight(Arena arena, StoredTensor stored, long rows, long cols) {
    Tensor copy = allocate(arena, DType.F32, rows, cols);
    TorchForward.convert(stored, copy);
    return copy;
  }

  @Override
  public long weightBytes(StoredTensor stored) {
    return stored.elements() * Float.BYTES;
  }

  @Override
  public void add(Tensor from, Tensor to) {
    TorchForward.add(from, to);
  }

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    TorchForward.embed(ids, context, W_E, W_pos, out);
  }

  @Override
  public void linear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    try (Handles h = new Handles()) {
      products.linear(h, x, W, b, h.of(out));
    }
  }

  @Override
  public void addLinear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    try (Handles h = new Handles()) {
      products.addLinear(h, x, W, b, h.of(out));
    }
  }

  @Override
  public void crossProducts(Tensor a, Tensor b, Tensor sum) {
    ShapeChecks.crossProducts(a, b, sum);
    products.add(a, b, sum);
  }

  @Override
  public PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed) {
    ShapeChecks.prepare(W, transposed);
    return TorchScreening.pays(transposed) ? screened(arena, transposed) : new Factor(W);
  }

  /** W prepared for screening whatever its size, on a processor that multiplies bfloat16. */
  PreparedFactor screened(Arena arena, Tensor transposed) {
    return screening.prepare(arena, transposed);
  }

  @Override
  public void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.raiseToProducts(x, factor, scratch, best);
    if (factor instanceof ScreenedFactor screened) {
      screening.raise(x, screened, scratch, best);
      return;
    }
    Tensor all = scratch.columns(0, factor.cols());
    linear(x, Factor.of(factor).W(), null, all);
    maxima().raise(all, best);
  }

  @Override
  public void close() {
    products.close();
    super.close();
  }

  /**
   * Sums in double to which the Vector API adds; libtorch would do so by way of a copy in double.
   */
  private record InHostMemory(HostKernels kernels) implements TorchProducts.DoubleSums {
    @Override
    public Tensor buffer(Handles h, Arena arena, long elements) {
      return Tensor.allocate(arena, DType.F32, elements, 1);
    }

    @Override
    public void add(Tensor product, Tensor sum) {
      kernels.addSingles(product, sum);
    }
  }
}
