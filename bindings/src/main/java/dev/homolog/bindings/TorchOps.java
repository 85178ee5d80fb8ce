package dev.homolog.bindings;

import static dev.homolog.bindings.TorchErrors.check;

import dev.homolog.bindings.gen.torch.TorchC;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a transformer is made of, selection and reductions, the same on the CPU and on a GPU.
 * Results are new tensors that the caller closes; a method whose name ends in {@code InPlace}
 * writes to its first argument and returns nothing.
 */
public final class TorchOps {
  private static final TorchOperator LAYER_NORM = new TorchOperator("aten::layer_norm", "");
  private static final TorchOperator ATTENTION =
      new TorchOperator("aten::scaled_dot_product_attention", "");
  private static final TorchOperator LOG_SOFTMAX = new TorchOperator("aten::log_softmax", "int");
  private static final TorchOperator EMBEDDING = new TorchOperator("aten::embedding", "");
  private static final TorchOperator INDEX_SELECT = new TorchOperator("aten::index_select", "");
  private static final TorchOperator GATHER = new TorchOperator("aten::gather", "");
  private static final TorchOperator SCATTER_ADD = new TorchOperator("aten::scatter_add_", "");
  private static final TorchOperator SCATTER_REDUCE =
      new TorchOperator("aten::scatter_reduce_", "two");
  private static final TorchOperator SUM = new TorchOperator("aten::sum", "dim_IntList");
  private static final TorchOperator AMIN = new TorchOperator("aten::amin", "");

  private TorchOps() {}

  // ---- the transformer ----

  /** Over the last dimension, with weight and bias of its size, or null. */
  public static TorchTensor layerNorm(
      TorchTensor x, TorchTensor weight, TorchTensor bias, double eps) {
    try (TorchOperator.Call call = LAYER_NORM.call()) {
      return call.tensor(x)
          .integers(x.size(-1))
          .optional(weight)
          .optional(bias)
          .real(eps)
          .bool(true)
          .one();
    }
  }

  /**
   * softmax(scale · q · kᵀ) · v, of q [batch, heads, positions, d_head] and k and v alike.
   *
   * @param mask added to the scores, or bools that say what takes part; null for none
   * @param causal each position sees itself and those before it; without a mask
   */
  public static TorchTensor attention(
      TorchTensor q, TorchTensor k, TorchTensor v, TorchTensor mask, boolean causal, double scale) {
    try (TorchOperator.Call call = ATTENTION.call()) {
      return call.tensor(q)
          .tensor(k)
          .tensor(v)
          .optional(mask)
          .real(0)
          .bool(causal)
          .optionalReal(scale)
          .bool(false)
          .one();
    }
  }

  /** log softmax(x) along a dimension. */
  public static TorchTensor logSoftmax(TorchTensor x, int dim) {
    try (TorchOperator.Call call = LOG_SOFTMAX.call()) {
      return call.tensor(x).integer(dim).none().one();
    }
  }

  /** The rows of weight [vocabulary, d] that ids, int32 or int64 of any shape, name. */
  public static TorchTensor embedding(TorchTensor weight, TorchTensor ids) {
    try (TorchOperator.Call call = EMBEDDING.call()) {
      return call.tensor(weight).tensor(ids).integer(-1).bool(false).bool(false).one();
    }
  }

  // ---- selection ----

  /** The slices of one dimension that index, a vector of int32 or int64, names. */
  public static TorchTensor indexSelect(TorchTensor x, int dim, TorchTensor index) {
    try (TorchOperator.Call call = INDEX_SELECT.call()) {
      return call.tensor(x).integer(dim).tensor(index).one();
    }
  }

  /** out[i][j] = x[index[i][j]][j] for dim 0, and so on; index is int64. */
  public static TorchTensor gather(TorchTensor x, int dim, TorchTensor index) {
    try (TorchOperator.Call call = GATHER.call()) {
      return call.tensor(x).integer(dim).tensor(index).bool(false).one();
    }
  }

  /**
   * x[index[i][j]][j] += source[i][j] for dim 0, and so on; index is int64. On a GPU the order of
   * the sums varies.
   */
  public static void scatterAddInPlace(
      TorchTensor x, int dim, TorchTensor index, TorchTensor source) {
    try (TorchOperator.Call call = SCATTER_ADD.call()) {
      call.output(x).integer(dim).tensor(index).tensor(source).inPlace();
    }
  }

  /**
   * x[index[i][j]][j] = max(x[index[i][j]][j], source[i][j]) for dim 0, and so on; index is int64.
   */
  public static void scatterMaxInPlace(
      TorchTensor x, int dim, TorchTensor index, TorchTensor source) {
    try (TorchOperator.Call call = SCATTER_REDUCE.call()) {
      call.output(x).integer(dim).tensor(index).tensor(source).string("amax").bool(true).inPlace();
    }
  }

  /** The k largest or smallest along a dimension: values, then indices (int64). */
  public static TorchTensor[] topK(
      TorchTensor x, long k, int dim, boolean largest, boolean sorted) {
    Scratch s = Scratch.get();
    check(
        x.device().isCuda()
            ? TorchC.aoti_torch_cuda_topk(
                x.handle(), k, dim, largest ? 1 : 0, sorted ? 1 : 0, s.out0, s.out1)
            : TorchC.aoti_torch_cpu_topk(
                x.handle(), k, dim, largest ? 1 : 0, sorted ? 1 : 0, s.out0, s.out1),
        "topk",
        x);
    return pair(s);
  }

  /** Stable: equal elements keep their order. Values, then indices (int64). */
  public static TorchTensor[] sort(TorchTensor x, int dim, boolean descending) {
    Scratch s = Scratch.get();
    MemorySegment stable = s.sizes.asSlice(0, 4);
    stable.set(ValueLayout.JAVA_INT, 0, 1);
    check(
        x.device().isCuda()
            ? TorchC.aoti_torch_cuda_sort_stable(
                x.handle(), stable, dim, descending ? 1 : 0, s.out0, s.out1)
            : TorchC.aoti_torch_cpu_sort_stable(
                x.handle(), stable, dim, descending ? 1 : 0, s.out0, s.out1),
        "sort",
        x);
    return pair(s);
  }

  private static TorchTensor[] pair(Scratch s) {
    return new TorchTensor[] {TorchTensor.own(s.pointer0()), TorchTensor.own(s.pointer1())};
  }

  /** Tensors one after the other along a dimension. */
  public static TorchTensor cat(int dim, TorchTensor... tensors) {
    if (tensors.length == 0 || tensors.length > Scratch.MAX_DIM) {
      throw new IllegalArgumentException("cat of " + tensors.length + " tensors");
    }
    Scratch s = Scratch.get();
    boolean cuda = tensors[0].device().isCuda();
    for (int i = 0; i < tensors.length; i++) {
      TorchGemm.requireSameDevice(tensors[0], tensors[i]);
      s.sizes.setAtIndex(ValueLayout.ADDRESS, i, tensors[i].handle());
    }
    int status =
        cuda
            ? TorchC.aoti_torch_cuda_cat(s.sizes, tensors.length, dim, s.out0)
            : TorchC.aoti_torch_cpu_cat(s.sizes, tensors.length, dim, s.out0);
    for (TorchTensor tensor : tensors) {
      check(status, "cat", tensor);
    }
    return TorchTensor.own(s.pointer0());
  }

  // ---- reductions ----

  /** Sum over dimensions. */
  public static TorchTensor sum(TorchTensor x, boolean keepDim, long... dims) {
    return sum(x, null, keepDim, dims);
  }

  /** Sum over dimensions, added up in another dtype; null for that of x. */
  public static TorchTensor sum(TorchTensor x, ScalarType dtype, boolean keepDim, long... dims) {
    try (TorchOperator.Call call = SUM.call()) {
      return call.tensor(x).optionalIntegers(dims).bool(keepDim).optionalDtype(dtype).one();
    }
  }

  /** Largest over dimensions; NaN if one is. */
  public static TorchTensor amax(TorchTensor x, boolean keepDim, long... dims) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_aten_amax(
            x.handle(), s.sizes(dims), dims.length, keepDim ? 1 : 0, s.out0),
        "amax",
        x);
    return TorchTensor.own(s.pointer0());
  }

  /** Smallest over dimensions; NaN if one is. */
  public static TorchTensor amin(TorchTensor x, boolean keepDim, long... dims) {
    try (TorchOperator.Call call = AMIN.call()) {
      return call.tensor(x).integers(dims).bool(keepDim).one();
    }
  }
}
