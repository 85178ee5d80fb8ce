package dev.homolog.bindings;

import static dev.homolog.bindings.TorchErrors.check;

import dev.homolog.bindings.gen.torch.TorchC;
import java.util.Arrays;
import java.util.Locale;

/**
 * Matrix products. All tensors of a call are on one device; an output has the shape of the result
 * and is never resized.
 *
 * <p>Any strides will do: transposed views and column slices are passed to the BLAS as they are.
 * Which of libtorch's functions is called, the CPU's or CUDA's, is told by the output. float32
 * products on a GPU do not use TF32 unless libtorch's default was changed.
 */
public final class TorchGemm {
  private TorchGemm() {}

  /** out [m, n] = a [m, k] · b [k, n]. */
  public static void mmInto(TorchTensor out, TorchTensor a, TorchTensor b) {
    requireProduct(out, a, b);
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
    requireProduct(out, a, b);
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

  private static void requireProduct(TorchTensor out, TorchTensor a, TorchTensor b) {
    requireSameDevice(out, a);
    requireSameDevice(out, b);
    if (a.dim() == 2 && b.dim() == 2) {
      requireShape(out, new long[] {a.size(0), b.size(1)});
    }
  }

  /** libtorch would resize an output of another shape, away from the memory it was made over. */
  static void requireShape(TorchTensor out, long[] shape) {
    if (!Arrays.equals(out.rawSizes(), shape)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the output is %s; the result has the shape %s",
              out,
              Arrays.toString(shape)));
    }
  }

  /** The functions of one device read all their arguments as that device's memory. */
  static void requireSameDevice(TorchTensor a, TorchTensor b) {
    if (!a.device().equals(b.device())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "tensors on different devices: %s and %s", a.device(), b.device()));
    }
  }
}
