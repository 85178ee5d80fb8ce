package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.CudaRuntime;
import dev.homolog.bindings.Device;
import dev.homolog.bindings.NativeException;
import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.Torch;
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
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.util.OptionalLong;

/**
 * libtorch for everything, on a GPU or on the CPU. On a GPU weights are uploaded once, and
 * activations and sums stay there. On the CPU tensors are the host's memory; this class works there
 * only where the JVM lacks the Vector API, else {@link TorchHostKernels} does.
 */
public final class TorchKernels implements Kernels {
  private final Torch torch;
  private final Device device;
  private final boolean detached;
  private final Precision precision;
  private final int threads;
  private final TorchProducts products;
  private final TorchStatistics statistics = new TorchStatistics();

  private TorchKernels(
      Torch torch, Device device, boolean detached, Precision precision, int threads) {
    this.torch = torch;
    this.device = device;
    this.detached = detached;
    this.precision = precision;
    this.threads = threads;
    this.products = new TorchProducts(torch, device, precision, new InDevice(torch, device));
    torch.setThreads(threads);
  }

  /** libtorch on the CPU with that many threads, beside the Vector API where this JVM has it. */
  public static Kernels cpu(Torch torch, int threads) {
    return VectorApi.isPresent()
        ? new TorchHostKernels(torch, threads)
        : new TorchKernels(torch, Device.CPU, false, Precision.FP32, threads);
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
  public boolean isOutOfDeviceMemory(RuntimeException e) {
    return detached && e instanceof NativeException failure && failure.isOutOfMemory();
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public String description() {
    return description(name(), torch, device, precision());
  }

  @Override
  public String numerics() {
    return numerics(name(), torch, device, precision());
  }

  static String numerics(String name, Torch torch, Device device, String precision) {
    String place = device.isCuda() ? "a GPU" : "the CPU";
    return name + ": libtorch " + torch.library().version() + " on " + place + ", " + precision;
  }

  /** The description of kernels that run on libtorch. */
  static String description(String name, Torch torch, Device device, String precision) {
    int threads = torch.threads();
    String place =
        device.isCuda()
            ? device.toString()
            : "the CPU, " + threads + (threads == 1 ? " thread" : " threads");
    return name + ": libtorch " + torch.library().version() + " on " + place + ", " + precision;
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
    Tensor copy = allocate(arena, DType.F32, rows, cols);
    products.rememberWeight(copy);
    TorchForward.convert(stored, copy);
    return copy;
  }

  @Override
  public long weightBytes(StoredTensor stored) {
    return stored.elements() * Float.BYTES;
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
    if (from.onHost() && to.onHost()) {
      HostMemory.copy(from, to);
    } else {
      TorchForward.convert(from, to);
    }
  }

  @Override
  public void add(Tensor from, Tensor to) {
    TorchForward.add(from, to);
  }

  // ---- the forward pass ----

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    TorchForward.embed(ids, context, W_E, W_pos, out);
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    ShapeChecks.layerNorm(x, gain, bias, out);
    TorchForward.layerNorm(x, gain, bias, epsilon, out);
  }

  @Override
  public void layerNormScale(Tensor x, double epsilon, Tensor scale) {
    ShapeChecks.layerNormScale(x, scale);
    statistics.layerNormScale(x, epsilon, scale);
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
    try (Handles h = new Handles()) {
      products.linear(h, x, W, b, h.of(pre == null ? post : pre));
    }
    TorchActivations.activate(f, pre == null ? post : pre, post);
  }

  @Override
  public void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    ShapeChecks.rotate(qkv, shape, cos, sin);
    TorchHeads.rotate(qkv, shape, cos, sin);
  }

  @Override
  public void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    ShapeChecks.attention(qkv, shape, out);
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
    products.addUpper(a, sum);
  }

  // ---- statistics ----

  @Override
  public void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    ShapeChecks.predictions(logits, adjustment, targets, weights, out);
    statistics.predictions(logits, adjustment, targets, weights, out);
  }

  @Override
  public void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.powerSums(x, keep, mean, scale, sums);
    statistics.powerSums(x, keep, mean, scale, sums);
  }

  @Override
  public void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    ShapeChecks.standardize(x, keep, mean, scale);
    statistics.standardize(x, keep, mean, scale);
  }

  @Override
  public void firing(Tensor x, Tensor keep) {
    ShapeChecks.firing(x, keep);
    statistics.firing(x, keep);
  }

  @Override
  public void gatherRows(Tensor x, Tensor rows, Tensor out) {
    ShapeChecks.gatherRows(x, rows, out);
    statistics.gatherRows(x, rows, out);
  }

  @Override
  public void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    ShapeChecks.overlaps(sum, countA, countB, r);
    statistics.overlaps(sum, countA, countB, r);
  }

  @Override
  public void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r) {
    ShapeChecks.correlations(sum, a, b, r);
    statistics.correlations(sum, n, a, b, r);
  }

  @Override
  public PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed) {
    ShapeChecks.prepare(W, transposed);
    return new Factor(W);
  }

  @Override
  public void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.raiseToProducts(x, factor, scratch, best);
    Tensor all = scratch.columns(0, factor.cols());
    linear(x, Factor.of(factor).W(), null, all);
    statistics.raiseToGreatest(all, best);
  }

  @Override
  public void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    ShapeChecks.topK(x, values, columns);
    statistics.topK(x, greatest, values, columns);
  }

  @Override
  public void topKOfColumns(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    ShapeChecks.topKOfColumns(x, firstRow, values, rows);
    statistics.topKOfColumns(x, firstRow, greatest, values, rows);
  }

  @Override
  public void histogram(Tensor x, double low, double high, Tensor counts) {
    statistics.histogram(x, low, high, counts);
  }

  @Override
  public void columnHistograms(Tensor x, double low, double high, Tensor counts) {
    ShapeChecks.columnHistograms(x, counts);
    statistics.columnHistograms(x, low, high, counts);
  }

  @Override
  public void rowPowerSums(Tensor x, Tensor sums) {
    sums.requireShape("sums", x.rows(), 5);
    statistics.rowPowerSums(x, sums);
  }

  @Override
  public void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    ShapeChecks.classSums(x, classes, columns, sums, maxima);
    statistics.classSums(x, classes, columns, sums, maxima);
  }

  @Override
  public void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.classPowerSums(x, rows, classes, mean, scale, sums);
    statistics.classPowerSums(x, rows, classes, mean, scale, sums);
  }

  @Override
  public void addOuter(Tensor column, Tensor row, Tensor to) {
    ShapeChecks.addOuter(column, row, to);
    statistics.addOuter(column, row, to);
  }

  @Override
  public void sketch(Tensor x, Tensor buckets, Tensor signs, Tensor sum) {
    ShapeChecks.sketch(x, buckets, signs, sum);
    for (BucketRound round : BucketRound.of(buckets, signs)) {
      try (Arena scratch = Arena.ofShared()) {
        statistics.addRows(
            x,
            fromHost(scratch, round.rows(scratch)),
            fromHost(scratch, round.buckets(scratch)),
            fromHost(scratch, round.signs(scratch)),
            sum);
      }
    }
  }

  @Override
  public void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    ShapeChecks.classMaxima(x, rows, classes, maxima);
    statistics.classMaxima(x, rows, classes, maxima);
  }

  @Override
  public void close() {
    products.close();
  }

  /** Sums in double to which libtorch adds. */
  private record InDevice(Torch torch, Device device) implements TorchProducts.DoubleSums {
    @Override
    public Tensor buffer(Handles h, Arena arena, long elements) {
      TorchTensor memory = h.own(torch.empty(ScalarType.FLOAT32, device, elements));
      return Tensor.onDevice(memory, DType.F32, elements, 1);
    }

    @Override
    public void add(Tensor product, Tensor sum) {
      TorchForward.add(product, sum);
    }
  }
}
