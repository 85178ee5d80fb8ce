package dev.homolog.bindings;

import static dev.homolog.bindings.TorchErrors.check;

import dev.homolog.bindings.gen.torch.TorchC;
import java.util.Arrays;

/**
 * Matrix products. All tensors of a call are on one device; an output has the shape of the result
 * and is never resized.
 *
 * <p>Any strides will do: transposed views and column slices are passed to the BLAS as they are.
 * Which of libtorch's functions is called, the CPU's or CUDA's, is told by the output. float32
 * products on a GPU do not use TF32 unless libtorch's default was changed.
 */
public final class TorchGemm {
  private static final TorchOperator LINEAR = new TorchOperator("aten::linear", "");
  private static final TorchOperator LINEAR_OUT = new TorchOperator("aten::linear", "out");

  private TorchGemm() {}

  /** out [m, n] = a [m, k] · b [k, n]. */
  public static void mmInto(TorchTensor out, TorchTensor a, TorchTensor b) {
    requireProduct(out, a, b, 2);
    check(
        out.device().isCuda()
            ? TorchC.aoti_torch_cuda_mm_out(out.writableHandle(), a.handle(), b.handle())
            : TorchC.aoti_torch_cpu_mm_out(out.writableHandle(), a.handle(), b.handle()),
        "mm_out",
        out,
        a,
        b);
  }

  /** out [m, n] = beta · c + alpha · a [m, k] · b [k, n], with c broadcast to out; c may be out. */
  public static void addmmInto(
      TorchTensor out, TorchTensor c, TorchTensor a, TorchTensor b, double beta, double alpha) {
    requireProduct(out, a, b, 2);
    requireSameDevice(out, c);
    check(
        out.device().isCuda()
            ? TorchC.aoti_torch_cuda_addmm_out(
                out.writableHandle(), c.handle(), a.handle(), b.handle(), beta, alpha)
            : TorchC.aoti_torch_cpu_addmm_out(
                out.writableHandle(), c.handle(), a.handle(), b.handle(), beta, alpha),
        "addmm_out",
        out,
        c,
        a,
        b);
  }

  /** c [m, n] += a [m, k] · b [k, n], in place. */
  public static void accumulate(TorchTensor c, TorchTensor a, TorchTensor b) {
    addmmInto(c, c, a, b, 1, 1);
  }

  /** c [n, m] += aᵀ · b of a [rows, n] and b [rows, m], in place and without a copy of either. */
  public static void accumulateTransposed(TorchTensor c, TorchTensor a, TorchTensor b) {
    try (TorchTensor transposed = a.t()) {
      accumulate(c, transposed, b);
    }
  }

  /** out [g, m, n] = a [g, m, k] · b [g, k, n]. */
  public static void bmmInto(TorchTensor out, TorchTensor a, TorchTensor b) {
    requireProduct(out, a, b, 3);
    check(
        out.device().isCuda()
            ? TorchC.aoti_torch_cuda_bmm_out(out.writableHandle(), a.handle(), b.handle())
            : TorchC.aoti_torch_cpu_bmm_out(out.writableHandle(), a.handle(), b.handle()),
        "bmm_out",
        out,
        a,
        b);
  }

  /**
   * out [g, m, n] = beta · c + alpha · a [g, m, k] · b [g, k, n], with c broadcast to out; c may be
   * out.
   */
  public static void baddbmmInto(
      TorchTensor out, TorchTensor c, TorchTensor a, TorchTensor b, double beta, double alpha) {
    requireProduct(out, a, b, 3);
    requireSameDevice(out, c);
    check(
        out.device().isCuda()
            ? TorchC.aoti_torch_cuda_baddbmm_out(
                out.writableHandle(), c.handle(), a.handle(), b.handle(), beta, alpha)
            : TorchC.aoti_torch_cpu_baddbmm_out(
                out.writableHandle(), c.handle(), a.handle(), b.handle(), beta, alpha),
        "baddbmm_out",
        out,
        c,
        a,
        b);
  }

  /** x [..., in] · weightᵀ + bias, of weight [out, in] and bias [out] or null. */
  public static TorchTensor linear(TorchTensor x, TorchTensor weight, TorchTensor bias) {
    try (TorchOperator.Call call = LINEAR.call()) {
      return call.tensor(x).tensor(weight).optional(bias).one();
    }
  }

  /** As {@link #linear}, into out [..., out]. */
  public static void linearInto(
      TorchTensor out, TorchTensor x, TorchTensor weight, TorchTensor bias) {
    long[] shape = x.sizes();
    shape[shape.length - 1] = weight.size(0);
    requireShape(out, shape);
    try (TorchOperator.Call call = LINEAR_OUT.call()) {
      call.tensor(x).tensor(weight).optional(bias).output(out).inPlace();
    }
  }

  private static void requireProduct(TorchTensor out, TorchTensor a, TorchTensor b, int dim) {
    requireSameDevice(out, a);
    requireSameDevice(out, b);
    if (a.dim() == dim && b.dim() == dim) {
      long[] shape = a.sizes();
      shape[dim - 1] = b.size(dim - 1);
      requireShape(out, shape);
    }
  }

  /** libtorch would resize an output of another shape, away from the memory it was made over. */
  static void requireShape(TorchTensor out, long[] shape) {
    if (!Arrays.equals(out.rawSizes(), shape)) {
      throw new IllegalArgumentException(
          "the output is %s; the result has the shape %s".formatted(out, Arrays.toString(shape)));
    }
  }

  /** The functions of one device read all their arguments as that device's memory. */
  static void requireSameDevice(TorchTensor a, TorchTensor b) {
    if (!a.device().equals(b.device())) {
      throw new IllegalArgumentException(
          "tensors on different devices: %s and %s".formatted(a.device(), b.device()));
    }
  }
}
