package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.TorchOps;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/** Parts of the forward pass, and of memory, by libtorch's operators, on any device. */
final class TorchForward {
  private TorchForward() {}

  /** Copies, with a conversion of the type where types differ. */
  static void convert(Tensor from, Tensor to) {
    try (Handles h = new Handles()) {
      h.of(to).copyFrom(h.of(from));
    }
  }

  /**
   * A stored weight into single precision. It is copied by Java first: libtorch would end the
   * process where a mapped file has been made shorter.
   */
  static void convert(StoredTensor stored, Tensor to) {
    Tensor mapped = Tensor.wrap(stored.data(), stored.dtype(), to.rows(), to.cols());
    if (to.onHost() && to.isContiguous() && to.dtype() == stored.dtype()) {
      HostMemory.copy(mapped, to);
      return;
    }
    try (Arena scratch = Arena.ofConfined()) {
      Tensor held = Tensor.allocate(scratch, stored.dtype(), to.rows(), to.cols());
      HostMemory.copy(mapped, held);
      convert(held, to);
    }
  }

  /** to += from. */
  static void add(Tensor from, Tensor to) {
    to.requireShape("to", from.rows(), from.cols());
    try (Handles h = new Handles()) {
      TorchPointwise.addInPlace(h.of(to), h.of(from), 1);
    }
  }

  /** As {@link Kernels#embed}. */
  static void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
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

  /** As {@link Kernels#layerNorm}: in double, since squares may leave single precision. */
  static void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    long height =
        Math.clamp(TorchStatistics.TEMPORARY / Math.max(1, x.cols()), 1, Math.max(1, x.rows()));
    for (long t = 0; t < x.rows(); t += height) {
      long to = Math.min(x.rows(), t + height);
      try (Handles h = new Handles()) {
        TorchTensor wide = h.own(TorchPointwise.to(h.of(x.rows(t, to)), ScalarType.FLOAT64));
        TorchTensor gains = h.own(TorchPointwise.to(h.vector(gain), ScalarType.FLOAT64));
        TorchTensor biases = h.own(TorchPointwise.to(h.vector(bias), ScalarType.FLOAT64));
        h.of(out.rows(t, to)).copyFrom(h.own(TorchOps.layerNorm(wide, gains, biases, epsilon)));
      }
    }
  }
}
