package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.TorchOps;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchPointwise.Binary;
import dev.homolog.bindings.TorchPointwise.Unary;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;

/**
 * Activation functions by libtorch's operators, on any device. libtorch's own GELU adds 1 to a
 * number near -1 in single precision, so that little is left of its negative tail. Here no two
 * numbers cancel: the relative error is below 1e-4 wherever single precision holds the result.
 */
final class TorchActivations {
  /** From here on down half of erfc is not a normal number, but x times it may be. */
  private static final double FAR = -12;

  /** From here on e^-s adds nothing to 1, not even in double. */
  private static final double ONE = 40;

  private TorchActivations() {}

  /**
   * post = f(pre), some rows at a time.
   *
   * @param pre [T, d_mlp]
   * @param post of the same shape; may be {@code pre}
   */
  static void activate(Activation f, Tensor pre, Tensor post) {
    long height =
        Math.clamp(TorchStatistics.TEMPORARY / Math.max(1, pre.cols()), 1, Math.max(1, pre.rows()));
    for (long t = 0; t < pre.rows(); t += height) {
      long to = Math.min(pre.rows(), t + height);
      try (Handles h = new Handles()) {
        activate(h, f, h.of(pre.rows(t, to)), h.of(post.rows(t, to)));
      }
    }
  }

  private static void activate(Handles h, Activation f, TorchTensor x, TorchTensor out) {
    switch (f) {
      case GELU_TANH -> {
        double c = 2 * Math.sqrt(2 / Math.PI);
        TorchTensor square = h.own(TorchPointwise.mul(x, x));
        TorchPointwise.mulInPlace(square, 0.044715 * c);
        TorchTensor s = h.own(TorchPointwise.add(square, c));
        TorchPointwise.mulInPlace(s, x);
        timesSigmoid(h, x, s, out);
      }
      case GELU_ERF -> out.copyFrom(geluErf(h, x));
      case GELU_10 -> out.copyFrom(atMost(h, geluErf(h, x), Activation.CLIP));
      case RELU -> out.copyFrom(h.own(Unary.RELU.of(x)));
      case RELU_SQUARED -> {
        TorchTensor above = h.own(Unary.RELU.of(x));
        TorchPointwise.mulInto(out, above, above);
      }
      case RELU6 -> out.copyFrom(atMost(h, h.own(Unary.RELU.of(x)), 6));
      case LEAKY_RELU -> {
        TorchTensor leak = h.own(TorchPointwise.mul(x, Activation.LEAK));
        out.copyFrom(h.own(Binary.MAXIMUM.of(x, leak)));
      }
      case LINEAR -> out.copyFrom(x);
      case SILU -> timesSigmoid(h, x, h.own(x.copy()), out);
      case QUICK_GELU -> timesSigmoid(h, x, h.own(TorchPointwise.mul(x, Activation.QUICK)), out);
      case HARD_SWISH -> {
        TorchTensor gate = h.own(Unary.RELU.of(h.own(TorchPointwise.add(x, 3))));
        TorchTensor held = atMost(h, gate, 6);
        TorchPointwise.mulInPlace(held, 1.0 / 6);
        TorchPointwise.mulInto(out, x, held);
      }
      case SIGMOID -> timesSigmoid(h, TorchStatistics.number(h, x, 1), h.own(x.copy()), out);
      case TANH -> out.copyFrom(h.own(Unary.TANH.of(x)));
      case MISH, LAPLACE, SQRT_SOFTPLUS -> {
        // Hardly any model has them: not worth operations of their own in single precision.
        out.copyFrom(inDouble(h, f, h.own(TorchPointwise.to(x, ScalarType.FLOAT64))));
      }
    }
  }

  /**
   * out = x / (1 + e^-s) = x / (e^(s/2) + e^(-s/2)) · e^(s/2). Neither factor leaves the normal
   * numbers where their product is none.
   *
   * @param s is overwritten
   */
  private static void timesSigmoid(Handles h, TorchTensor x, TorchTensor s, TorchTensor out) {
    TorchPointwise.mulInPlace(s, 0.5);
    TorchTensor e = atMost(h, s, ONE / 2);
    Unary.EXP.inPlace(e);
    TorchTensor sum = h.own(Unary.RECIPROCAL.of(e));
    TorchPointwise.addInPlace(sum, e, 1);
    TorchPointwise.mulInto(out, h.own(TorchPointwise.div(x, sum)), e);
  }

  /** x erfc(-x / √2) / 2; in double where single precision does not hold the second factor. */
  private static TorchTensor geluErf(Handles h, TorchTensor x) {
    TorchTensor near = xTimesHalfErfc(h, x);
    if (least(x) >= FAR) {
      return near;
    }
    TorchTensor wide = xTimesHalfErfc(h, h.own(TorchPointwise.to(x, ScalarType.FLOAT64)));
    TorchTensor far = h.own(TorchPointwise.to(wide, ScalarType.FLOAT32));
    TorchTensor isFar = h.own(Binary.LT.of(x, TorchStatistics.number(h, x, FAR)));
    return h.own(TorchPointwise.where(isFar, far, near));
  }

  private static TorchTensor xTimesHalfErfc(Handles h, TorchTensor x) {
    TorchTensor result = halfErfc(h.own(TorchPointwise.mul(x, -Math.sqrt(0.5))));
    TorchPointwise.mulInPlace(result, x);
    return result;
  }

  /** Overwrites x. */
  private static TorchTensor halfErfc(TorchTensor x) {
    Unary.ERFC.inPlace(x);
    TorchPointwise.mulInPlace(x, 0.5);
    return x;
  }

  /** The least element, on the host; NaN where there is one. */
  private static double least(TorchTensor x) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor host = Tensor.allocate(arena, DType.F64, 1, 1);
      try (Handles scratch = new Handles()) {
        scratch.of(host).copyFrom(scratch.own(TorchOps.amin(x, true, 0, 1)));
      }
      return host.get(0, 0);
    }
  }

  private static TorchTensor atMost(Handles h, TorchTensor x, double most) {
    return h.own(Binary.MINIMUM.of(x, TorchStatistics.number(h, x, most)));
  }

  /** Overwrites x, which is in double. */
  private static TorchTensor inDouble(Handles h, Activation f, TorchTensor x) {
    return switch (f) {
      case LAPLACE -> {
        double scale = 1 / (Activation.LAPLACE_DEVIATION * Math.sqrt(2));
        TorchPointwise.mulInPlace(x, -scale);
        yield halfErfc(h.own(TorchPointwise.add(x, Activation.LAPLACE_MEAN * scale)));
      }
      case MISH -> {
        TorchTensor n = atMost(h, x, ONE / 2);
        Unary.EXP.inPlace(n);
        TorchTensor w = h.own(TorchPointwise.add(n, 2));
        TorchPointwise.mulInPlace(w, n);
        TorchTensor gate = h.own(TorchPointwise.div(w, h.own(TorchPointwise.add(w, 2))));
        TorchPointwise.mulInPlace(gate, x);
        yield gate;
      }
      case SQRT_SOFTPLUS -> {
        TorchTensor soft = atMost(h, x, ONE / 2);
        Unary.EXP.inPlace(soft);
        Unary.LOG1P.inPlace(soft);
        TorchTensor isLarge = h.own(Binary.GT.of(x, TorchStatistics.number(h, x, ONE / 2)));
        TorchTensor root = h.own(TorchPointwise.where(isLarge, x, soft));
        Unary.SQRT.inPlace(root);
        yield root;
      }
      default -> throw new IllegalArgumentException("not in double: " + f);
    };
  }
}
