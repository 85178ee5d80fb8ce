package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.TorchOps;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.memory.Tensor;

/** Rotation and attention of {@link TorchKernels} by libtorch's operators, on any device. */
final class TorchHeads {
  private TorchHeads() {}

  static void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    HeadLayout layout = shape.layout();
    long row = qkv.rowStride();
    long pairs = cos.cols();
    // [rows, context, query and key, heads, pairs]; the tables are [context, 1, 1, pairs].
    long[] sizes = {qkv.rows() / shape.context(), shape.context(), 2, shape.heads(), pairs};
    long[] strides = {shape.context() * row, row, layout.partStride(), layout.headStride(), 1};
    long[] tableSizes = {shape.context(), 1, 1, pairs};
    long[] tableStrides = {cos.rowStride(), 1, 1, 1};
    try (Handles h = new Handles()) {
      TorchTensor all = h.of(qkv);
      TorchTensor x = h.own(all.view(sizes, strides, 0));
      TorchTensor y = h.own(all.view(sizes, strides, pairs));
      TorchTensor c = h.own(h.of(cos).view(tableSizes, tableStrides, 0));
      TorchTensor s = h.own(h.of(sin).view(tableSizes, tableStrides, 0));
      TorchTensor fromX = h.own(TorchPointwise.mul(x, s));
      TorchTensor fromY = h.own(TorchPointwise.mul(y, s));
      TorchPointwise.mulInPlace(x, c);
      TorchPointwise.mulInPlace(y, c);
      TorchPointwise.addInPlace(x, fromY, -1);
      TorchPointwise.addInPlace(y, fromX, 1);
    }
  }

  static void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    long rows = out.rows() / shape.context();
    long part = shape.layout().partStride();
    long[] sizes = {rows, shape.heads(), shape.context(), shape.dHead()};
    try (Handles h = new Handles()) {
      TorchTensor all = h.of(qkv);
      long[] from = strides(qkv, shape, shape.layout().headStride());
      TorchTensor z =
          h.own(
              TorchOps.attention(
                  h.own(all.view(sizes, from, 0)),
                  h.own(all.view(sizes, from, part)),
                  h.own(all.view(sizes, from, 2 * part)),
                  null,
                  true,
                  shape.scale()));
      h.own(h.of(out).view(sizes, strides(out, shape, shape.dHead()), 0)).copyFrom(z);
    }
  }

  /** Strides of [rows, heads, context, d_head] in a tensor [T, …]. */
  private static long[] strides(Tensor t, AttentionShape shape, long head) {
    return new long[] {shape.context() * t.rowStride(), head, t.rowStride(), 1};
  }
}
