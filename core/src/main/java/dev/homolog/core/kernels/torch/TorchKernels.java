package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.CudaRuntime;
import dev.homolog.bindings.Device;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.TorchOps;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.kernels.shared.Factor;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.kernels.vector.VectorApi;
import dev.homolog.core.kernels.vector.VectorKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.util.OptionalLong;

/**
 * libtorch, on the CPU or on a GPU. On the CPU tensors are the host's memory, which libtorch reads
 * and writes in place; single-precision weights are read where they are mapped, and what the Vector
 * API does at least as fast over the same memory goes to it where the JVM has it: all but the plain
 * products, since it leaves out half of aᵀ a, joins an activation to its product, and needs no
 * temporaries. On a GPU weights are uploaded once, and activations and sums stay there.
 */
public final class TorchKernels implements Kernels {
  private final Torch torch;
  private final Device device;
  private final boolean detached;
  private final Precision precision;
  private final TorchProducts products;
  private final TorchStatistics generic;
  private final VectorKernels onHost;
  private boolean closed;

  private TorchKernels(
      Torch torch, Device device, boolean detached, Precision precision, int threads) {
    this.torch = torch;
    this.device = device;
    this.detached = detached;
    this.precision = precision;
    this.generic = new TorchStatistics();
    this.onHost = !detached && VectorApi.isPresent() ? new VectorKernels(threads) : null;
    this.products = new TorchProducts(torch, device, precision, onHost);
    torch.setThreads(threads);
  }

  /** libtorch on the CPU with that many threads. */
  public static TorchKernels cpu(Torch torch, int threads) {
    return new TorchKernels(torch, Device.CPU, false, Precision.FP32, threads);
  }

  /** libtorch on the first GPU; it must have one. */
  public static TorchKernels cuda(Torch torch, Precision precision, int threads) {
    Device gpu = torch.gpu().orElseThrow(() -> new IllegalStateException("there is no GPU"));
    return new TorchKernels(torch, gpu, true, precision, threads);
  }

  /** As on a GPU, with memory that Java does not touch, but on the CPU: for tests. */
  public static TorchKernels detached(Torch torch, Precision precision) {
    return new TorchKernels(torch, Device.CPU, true, precision, 2);
  }

  @Override
  public String name() {
    return device.isCuda() ? "cuda" : "torch";
  }

  @Override
  public String description() {
    String where =
        device.isCuda()
            ? "libtorch " + torch.library().version() + " on " + device
            : "libtorch " + torch.library().version() + " on the CPU, " + threadsText();
    return name() + ": " + where + ", " + precision();
  }

  private String threadsText() {
    int threads = torch.threads();
    return threads + (threads == 1 ? " thread" : " threads");
  }

  @Override
  public String precision() {
    return precision == Precision.FP32
        ? "fp32 with fp64 sums"
        : "bf16 products summed in fp32, then fp64";
  }

  @Override
  public DType working() {
    return DType.F32;
  }

  // ---- memory ----

  @Override
  public Tensor allocate(Arena arena, DType dtype, long rows, long cols) {
    if (!detached) {
      return Tensor.allocate(arena, dtype, rows, cols);
    }
    TorchTensor root = torch.zeros(Handles.dtype(dtype), device, rows, cols);
    return Tensor.onDevice(root.closeWith(arena), dtype, rows, cols);
  }

  @Override
  public Tensor weight(Arena arena, StoredTensor stored, long rows, long cols) {
    Tensor mapped = Tensor.wrap(stored.data(), stored.dtype(), rows, cols);
    boolean aligned = isAligned(stored);
    if (weightBytes(stored) == 0) {
      return mapped;
    }
    Tensor copy = allocate(arena, DType.F32, rows, cols);
    products.rememberWeight(copy);
    if (aligned) {
      convert(mapped, copy);
    } else {
      try (Arena scratch = Arena.ofConfined()) {
        Tensor there = Tensor.allocate(scratch, stored.dtype(), rows, cols);
        HostMemory.copy(mapped, there);
        convert(there, copy);
      }
    }
    return copy;
  }

  @Override
  public long weightBytes(StoredTensor stored) {
    boolean inPlace = !detached && stored.dtype() == DType.F32 && isAligned(stored);
    return inPlace ? 0 : stored.elements() * Float.BYTES;
  }

  private static boolean isAligned(StoredTensor stored) {
    return stored.data().address() % stored.dtype().bytes() == 0;
  }

  @Override
  public OptionalLong freeDeviceBytes() {
    return device.isCuda()
        ? OptionalLong.of(CudaRuntime.loaded().orElseThrow().memory().free())
        : OptionalLong.empty();
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    ShapeChecks.requireType("to", to, from.dtype());
    if (onHost != null) {
      onHost.copy(from, to);
    } else if (from.onHost() && to.onHost()) {
      HostMemory.copy(from, to);
    } else {
      convert(from, to);
    }
  }

  private static void convert(Tensor from, Tensor to) {
    try (Handles h = new Handles()) {
      h.of(to).copyFrom(h.of(from));
    }
  }

  @Override
  public void add(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    try (Handles h = new Handles()) {
      TorchPointwise.addInPlace(h.of(to), h.of(from), 1);
    }
  }

  // ---- the forward pass ----

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    ShapeChecks.embed(ids, context, W_E, W_pos, out);
    long rows = out.rows() / context;
    long d = out.cols();
    try (Handles h = new Handles()) {
      TorchTensor tokens = h.own(TorchOps.embedding(h.of(W_E), column(h, ids)));
      TorchTensor target = h.of(out);
      target.copyFrom(tokens);
      if (W_pos != null) {
        TorchTensor positions = h.of(W_pos.rows(0, context));
        long[] stride = {context * out.rowStride(), out.rowStride(), out.colStride()};
        TorchTensor byRow = h.own(target.view(new long[] {rows, context, d}, stride, 0));
        TorchPointwise.addInPlace(byRow, positions, 1);
      }
    }
  }

  private static TorchTensor column(Handles h, Tensor ids) {
    return h.own(h.of(ids).view(new long[] {ids.rows()}, new long[] {ids.rowStride()}, 0));
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    ShapeChecks.layerNorm(x, gain, bias, out);
    if (onHost != null) {
      onHost.layerNorm(x, gain, bias, epsilon, out);
      return;
    }
    try (Handles h = new Handles()) {
      TorchTensor normal =
          h.own(TorchOps.layerNorm(h.of(x), h.vector(gain), h.vector(bias), epsilon));
      h.of(out).copyFrom(normal);
    }
  }

  @Override
  public void layerNormScale(Tensor x, double epsilon, Tensor scale) {
    ShapeChecks.layerNormScale(x, scale);
    if (onHost != null) {
      onHost.layerNormScale(x, epsilon, scale);
    } else {
      generic.layerNormScale(x, epsilon, scale);
    }
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
  public void linearActivate(Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post) {
    ShapeChecks.linear(x, W, b, post);
    if (onHost != null) {
      onHost.linearActivate(x, W, b, f, pre, post);
      return;
    }
    try (Handles h = new Handles()) {
      TorchTensor neurons = h.of(post);
      TorchTensor before = pre == null ? neurons : h.of(pre);
      products.linear(h, x, W, b, before);
      switch (f) {
        case GELU_TANH -> TorchPointwise.geluInto(neurons, before, true);
        case GELU_ERF -> TorchPointwise.geluInto(neurons, before, false);
        case RELU, SILU -> {
          if (pre != null) {
            neurons.copyFrom(before);
          }
          (f == Activation.RELU ? TorchPointwise.Unary.RELU : TorchPointwise.Unary.SILU)
              .inPlace(neurons);
        }
        case QUICK_GELU -> {
          TorchTensor gate = h.own(TorchPointwise.mul(before, Activation.QUICK));
          TorchPointwise.Unary.SIGMOID.inPlace(gate);
          TorchPointwise.mulInto(neurons, before, gate);
        }
      }
    }
  }

  @Override
  public void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    ShapeChecks.rotate(qkv, shape, cos, sin);
    if (onHost != null) {
      onHost.rotate(qkv, shape, cos, sin);
      return;
    }
    TorchHeads.rotate(qkv, shape, cos, sin);
  }

  @Override
  public void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    ShapeChecks.attention(qkv, shape, out);
    if (onHost != null) {
      onHost.attention(qkv, shape, out);
      return;
    }
    TorchHeads.attention(qkv, shape, out);
  }

  // ---- products ----

  @Override
  public void crossProducts(Tensor a, Tensor b, Tensor sum) {
    ShapeChecks.crossProducts(a, b, sum);
    products.add(a, b, sum);
  }

  @Override
  public void gram(Tensor a, Tensor sum) {
    ShapeChecks.crossProducts(a, a, sum);
    if (onHost != null) {
      onHost.gram(a, sum);
    } else {
      products.addUpper(a, sum);
    }
  }

  // ---- statistics: on the host by the Vector API where it is there, else by libtorch ----

  @Override
  public void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    ShapeChecks.predictions(logits, adjustment, targets, weights, out);
    if (onHost != null) {
      onHost.predictions(logits, adjustment, targets, weights, out);
    } else {
      generic.predictions(logits, adjustment, targets, weights, out);
    }
  }

  @Override
  public void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.powerSums(x, keep, mean, scale, sums);
    if (onHost != null) {
      onHost.powerSums(x, keep, mean, scale, sums);
    } else {
      generic.powerSums(x, keep, mean, scale, sums);
    }
  }

  @Override
  public void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    ShapeChecks.standardize(x, keep, mean, scale);
    if (onHost != null) {
      onHost.standardize(x, keep, mean, scale);
    } else {
      generic.standardize(x, keep, mean, scale);
    }
  }

  @Override
  public void firing(Tensor x, Tensor keep) {
    ShapeChecks.firing(x, keep);
    if (onHost != null) {
      onHost.firing(x, keep);
    } else {
      generic.firing(x, keep);
    }
  }

  @Override
  public void gatherRows(Tensor x, Tensor rows, Tensor out) {
    ShapeChecks.gatherRows(x, rows, out);
    if (onHost != null) {
      onHost.gatherRows(x, rows, out);
    } else {
      generic.gatherRows(x, rows, out);
    }
  }

  @Override
  public void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    ShapeChecks.overlaps(sum, countA, countB, r);
    if (onHost != null) {
      onHost.overlaps(sum, countA, countB, r);
    } else {
      generic.overlaps(sum, countA, countB, r);
    }
  }

  @Override
  public void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r) {
    ShapeChecks.correlations(sum, a, b, r);
    if (onHost != null) {
      onHost.correlations(sum, n, a, b, r);
    } else {
      generic.correlations(sum, n, a, b, r);
    }
  }

  @Override
  public PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed) {
    ShapeChecks.prepare(W, transposed);
    return products.screens(transposed) ? screened(arena, transposed) : new Factor(W);
  }

  /** W prepared for screening whatever its size, on a processor that multiplies bfloat16. */
  PreparedFactor screened(Arena arena, Tensor transposed) {
    return products.screened(arena, transposed);
  }

  @Override
  public void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.raiseToProducts(x, factor, scratch, best);
    if (factor instanceof ScreenedFactor screened) {
      products.raiseByScreening(x, screened, scratch, best);
      return;
    }
    Tensor all = scratch.columns(0, factor.cols());
    linear(x, Factor.of(factor).W(), null, all);
    if (onHost != null) {
      onHost.maxima().raise(all, best);
    } else {
      generic.raiseToGreatest(all, best);
    }
  }

  @Override
  public void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    ShapeChecks.topK(x, values, columns);
    if (onHost != null) {
      onHost.topK(x, greatest, values, columns);
    } else {
      generic.topK(x, greatest, values, columns);
    }
  }

  @Override
  public void topKOfColumns(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    ShapeChecks.topKOfColumns(x, firstRow, values, rows);
    if (onHost != null) {
      onHost.topKOfColumns(x, firstRow, greatest, values, rows);
    } else {
      generic.topKOfColumns(x, firstRow, greatest, values, rows);
    }
  }

  @Override
  public void histogram(Tensor x, double low, double high, Tensor counts) {
    if (onHost != null) {
      onHost.histogram(x, low, high, counts);
    } else {
      generic.histogram(x, low, high, counts);
    }
  }

  @Override
  public void columnHistograms(Tensor x, double low, double high, Tensor counts) {
    ShapeChecks.columnHistograms(x, counts);
    if (onHost != null) {
      onHost.columnHistograms(x, low, high, counts);
    } else {
      generic.columnHistograms(x, low, high, counts);
    }
  }

  @Override
  public void rowPowerSums(Tensor x, Tensor sums) {
    sums.requireShape("sums", x.rows(), 5);
    if (onHost != null) {
      onHost.rowPowerSums(x, sums);
    } else {
      generic.rowPowerSums(x, sums);
    }
  }

  @Override
  public void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    ShapeChecks.classSums(x, classes, columns, sums, maxima);
    if (onHost != null) {
      onHost.classSums(x, classes, columns, sums, maxima);
    } else {
      generic.classSums(x, classes, columns, sums, maxima);
    }
  }

  @Override
  public void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.classPowerSums(x, rows, classes, mean, scale, sums);
    if (onHost != null) {
      onHost.classPowerSums(x, rows, classes, mean, scale, sums);
    } else {
      generic.classPowerSums(x, rows, classes, mean, scale, sums);
    }
  }

  @Override
  public void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    ShapeChecks.classMaxima(x, rows, classes, maxima);
    if (onHost != null) {
      onHost.classMaxima(x, rows, classes, maxima);
    } else {
      generic.classMaxima(x, rows, classes, maxima);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    products.close();
    if (onHost != null) {
      onHost.close();
    }
  }
}
