package dev.homolog.bench;

import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.TorchGemm;
import dev.homolog.bindings.TorchOperator;
import dev.homolog.bindings.TorchOps;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/** By libtorch's operators what Homolog leaves to the Vector API on the CPU. */
final class TorchPeer {
  private static final TorchOperator GELU = new TorchOperator("aten::gelu", "out");

  private TorchPeer() {}

  static void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    long rows = out.rows() / shape.context();
    long[] sizes = {rows, shape.heads(), shape.context(), shape.dHead()};
    long d = out.cols();
    long[] from = {3 * d * shape.context(), shape.dHead(), 3 * d, 1};
    long[] to = {d * shape.context(), shape.dHead(), d, 1};
    try (Open open = new Open()) {
      TorchTensor all = open.of(qkv);
      TorchTensor q = open.own(all.view(sizes, from, 0));
      TorchTensor k = open.own(all.view(sizes, from, d));
      TorchTensor v = open.own(all.view(sizes, from, 2 * d));
      TorchTensor z = open.own(TorchOps.attention(q, k, v, null, true, shape.scale()));
      open.own(open.of(out).view(sizes, to, 0)).copyFrom(z);
    }
  }

  /** The whole of aᵀ a in single precision, then added to the sums in double. */
  static void gram(Tensor a, Tensor sum) {
    try (Open open = new Open()) {
      TorchTensor factor = open.of(a);
      // Its values do not matter: it is as large as the sums and in single precision.
      TorchTensor product = open.own(TorchPointwise.to(open.of(sum), ScalarType.FLOAT32));
      TorchGemm.mmInto(product, open.own(factor.t()), factor);
      TorchPointwise.addInPlace(open.of(sum), product, 1);
    }
  }

  static void linearGelu(Tensor x, Tensor w, Tensor b, Tensor out) {
    try (Open open = new Open()) {
      TorchTensor target = open.of(out);
      TorchTensor bias = open.vector(b);
      TorchGemm.addmmInto(target, bias, open.of(x), open.of(w), 1, 1);
      try (TorchOperator.Call call = GELU.call()) {
        call.tensor(target).string("tanh").output(target).inPlace();
      }
    }
  }

  static void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    try (Open open = new Open()) {
      TorchTensor normal =
          TorchOps.layerNorm(open.of(x), open.vector(gain), open.vector(bias), epsilon);
      open.of(out).copyFrom(open.own(normal));
    }
  }

  static void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    try (Open open = new Open()) {
      TorchTensor values = open.of(x);
      TorchPointwise.addInPlace(values, open.of(mean), -1);
      TorchPointwise.mulInPlace(values, open.of(scale));
      TorchPointwise.maskedFillInPlace(values, open.dropped(keep), 0);
    }
  }

  static void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    try (Open open = new Open()) {
      TorchTensor dropped = open.dropped(keep);
      TorchTensor z = open.own(TorchPointwise.sub(open.of(x), open.of(mean), 1));
      TorchPointwise.mulInPlace(z, open.of(scale));
      TorchPointwise.maskedFillInPlace(z, dropped, 0);
      TorchTensor one = open.own(TorchPointwise.to(z, ScalarType.FLOAT64));
      TorchTensor power = open.own(one.copy());
      for (int p = 0; p < 4; p++) {
        if (p > 0) {
          TorchPointwise.mulInPlace(power, one);
        }
        TorchTensor sum = open.own(TorchOps.sum(power, true, 0));
        TorchPointwise.addInPlace(open.of(sums.rows(p, p + 1)), sum, 1);
      }
      TorchTensor raw = open.own(open.of(x).copy());
      TorchPointwise.maskedFillInPlace(raw, dropped, Double.POSITIVE_INFINITY);
      replace(open, sums.rows(4, 5), open.own(TorchOps.amin(raw, true, 0)), false);
      TorchPointwise.maskedFillInPlace(raw, dropped, Double.NEGATIVE_INFINITY);
      replace(open, sums.rows(5, 6), open.own(TorchOps.amax(raw, true, 0)), true);
    }
  }

  private static void replace(Open open, Tensor sums, TorchTensor found, boolean greatest) {
    TorchTensor target = open.of(sums);
    TorchTensor other = open.own(TorchPointwise.to(found, ScalarType.FLOAT64));
    TorchPointwise.Binary choice =
        greatest ? TorchPointwise.Binary.MAXIMUM : TorchPointwise.Binary.MINIMUM;
    target.copyFrom(open.own(choice.of(target, other)));
  }

  static void topK(Tensor x, Tensor values, Tensor columns) {
    try (Open open = new Open()) {
      TorchTensor[] best = TorchOps.topK(open.of(x), values.cols(), 1, true, true);
      open.of(values).copyFrom(open.own(best[0]));
      open.of(columns).copyFrom(open.own(best[1]));
    }
  }

  /** Handles that are closed together. */
  private static final class Open implements AutoCloseable {
    private final List<TorchTensor> tensors = new ArrayList<>();

    TorchTensor own(TorchTensor tensor) {
      tensors.add(tensor);
      return tensor;
    }

    TorchTensor of(Tensor t) {
      ScalarType dtype =
          t.dtype() == DType.F64
              ? ScalarType.FLOAT64
              : t.dtype() == DType.I32
                  ? ScalarType.INT32
                  : t.dtype() == DType.U8 ? ScalarType.UINT8 : ScalarType.FLOAT32;
      long[] sizes = {t.rows(), t.cols()};
      return own(
          TorchTensor.wrap(t.data(), dtype, sizes, new long[] {t.rowStride(), t.colStride()}));
    }

    TorchTensor vector(Tensor t) {
      return own(of(t).view(new long[] {t.cols()}, new long[] {t.colStride()}, 0));
    }

    TorchTensor dropped(Tensor keep) {
      TorchTensor kept = own(TorchPointwise.to(of(keep), ScalarType.BOOL));
      return own(TorchPointwise.Unary.LOGICAL_NOT.of(kept));
    }

    @Override
    public void close() {
      tensors.forEach(TorchTensor::close);
    }
  }
}
