package dev.homolog.bindings;

import static dev.homolog.bindings.TorchErrors.check;

import dev.homolog.bindings.gen.torch.TorchC;

/**
 * Elementwise operators, the same on the CPU and on a GPU. Results are new tensors that the caller
 * closes. A method whose name ends in {@code Into} or {@code InPlace} writes to its first argument
 * and returns nothing.
 *
 * <p>Shapes broadcast as in PyTorch. Tensors of no dimension on the CPU go with tensors on a GPU.
 */
public final class TorchPointwise {
  private static final TorchOperator FOREACH_ADDCMUL =
      new TorchOperator("aten::_foreach_addcmul_", "Tensor");
  private static final TorchOperator MUL_IN_PLACE = new TorchOperator("aten::mul_", "Tensor");
  private static final TorchOperator DIV = new TorchOperator("aten::div", "Tensor");
  private static final TorchOperator MUL_OUT = new TorchOperator("aten::mul", "out");
  private static final TorchOperator TO = new TorchOperator("aten::to", "dtype");
  private static final TorchOperator WHERE = new TorchOperator("aten::where", "self");
  private static final TorchOperator MASKED_FILL =
      new TorchOperator("aten::masked_fill_", "Tensor");

  private TorchPointwise() {}

  /** a + alpha · b. */
  public static TorchTensor add(TorchTensor a, TorchTensor b, double alpha) {
    Scratch s = Scratch.get();
    check(
        onCuda(a, b)
            ? TorchC.aoti_torch_cuda_add_Tensor(a.handle(), b.handle(), alpha, s.out0)
            : TorchC.aoti_torch_cpu_add_Tensor(a.handle(), b.handle(), alpha, s.out0),
        "add",
        a,
        b);
    return TorchTensor.own(s.pointer0());
  }

  /** a + value. */
  public static TorchTensor add(TorchTensor a, double value) {
    Scratch s = Scratch.get();
    check(
        a.device().isCuda()
            ? TorchC.aoti_torch_cuda_add_Scalar(a.handle(), value, 1, s.out0)
            : TorchC.aoti_torch_cpu_add_Scalar(a.handle(), value, 1, s.out0),
        "add",
        a);
    return TorchTensor.own(s.pointer0());
  }

  /** a - alpha · b. */
  public static TorchTensor sub(TorchTensor a, TorchTensor b, double alpha) {
    Scratch s = Scratch.get();
    check(
        TorchC.aoti_torch_aten_subtract_Tensor(a.handle(), b.handle(), alpha, s.out0),
        "subtract",
        a,
        b);
    return TorchTensor.own(s.pointer0());
  }

  /** a · b, elementwise; a mask of zeros and ones or of bools included. */
  public static TorchTensor mul(TorchTensor a, TorchTensor b) {
    Scratch s = Scratch.get();
    check(
        onCuda(a, b)
            ? TorchC.aoti_torch_cuda_mul_Tensor(a.handle(), b.handle(), s.out0)
            : TorchC.aoti_torch_cpu_mul_Tensor(a.handle(), b.handle(), s.out0),
        "mul",
        a,
        b);
    return TorchTensor.own(s.pointer0());
  }

  /** a · value. */
  public static TorchTensor mul(TorchTensor a, double value) {
    Scratch s = Scratch.get();
    check(
        a.device().isCuda()
            ? TorchC.aoti_torch_cuda_mul_Scalar(a.handle(), value, s.out0)
            : TorchC.aoti_torch_cpu_mul_Scalar(a.handle(), value, s.out0),
        "mul",
        a);
    return TorchTensor.own(s.pointer0());
  }

  /**
   * a += alpha · b, b broadcast to a. a may have the wider dtype.
   *
   * <p>libtorch's own add_ takes a Scalar, which its C interface cannot pass; this is a += alpha ·
   * b · 1, one pass too.
   */
  public static void addInPlace(TorchTensor a, TorchTensor b, double alpha) {
    try (TorchTensor one = TorchCalls.scalar(1);
        TorchTensor oneThere = a.device().isCuda() ? to(one, a.dtype(), a.device()) : one.view();
        TorchTensor factor = TorchCalls.scalar(alpha);
        TorchTensor factors = factor.reshape(1);
        TorchOperator.Call call = FOREACH_ADDCMUL.call()) {
      a.writableHandle();
      call.tensors(a).tensors(b).tensors(oneThere).tensor(factors).nothing();
    }
  }

  /** a ·= b. */
  public static void mulInPlace(TorchTensor a, TorchTensor b) {
    try (TorchOperator.Call call = MUL_IN_PLACE.call()) {
      call.output(a).tensor(b).inPlace();
    }
  }

  /** a ·= value. */
  public static void mulInPlace(TorchTensor a, double value) {
    try (TorchTensor factor = TorchCalls.scalar(value)) {
      mulInPlace(a, factor);
    }
  }

  /** out = a · b; out has the shape of the result. */
  public static void mulInto(TorchTensor out, TorchTensor a, TorchTensor b) {
    TorchGemm.requireShape(out, Shapes.broadcast(a.rawSizes(), b.rawSizes()));
    try (TorchOperator.Call call = MUL_OUT.call()) {
      call.tensor(a).tensor(b).output(out).inPlace();
    }
  }

  /** a / b. */
  public static TorchTensor div(TorchTensor a, TorchTensor b) {
    return binary(DIV, a, b);
  }

  /** Elementwise functions and comparisons of two tensors; comparisons give bools. */
  @SuppressWarnings("ImmutableEnumChecker") // An operator remembers only that it has worked.
  public enum Binary {
    MAXIMUM("maximum", ""),
    MINIMUM("minimum", ""),
    GT("gt", "Tensor"),
    GE("ge", "Tensor"),
    LT("lt", "Tensor"),
    LE("le", "Tensor"),
    EQ("eq", "Tensor"),
    NE("ne", "Tensor"),
    LOGICAL_AND("logical_and", "");

    private final TorchOperator operator;

    Binary(String name, String overload) {
      operator = new TorchOperator("aten::" + name, overload);
    }

    public TorchTensor of(TorchTensor a, TorchTensor b) {
      return binary(operator, a, b);
    }
  }

  /** Elementwise functions; each also in place, but for those that give bools. */
  @SuppressWarnings("ImmutableEnumChecker") // An operator remembers only that it has worked.
  public enum Unary {
    RELU("relu", true),
    EXP("exp", true),
    LOG1P("log1p", true),
    SQRT("sqrt", true),
    RECIPROCAL("reciprocal", true),
    TANH("tanh", true),
    ERFC("erfc", true),
    LOGICAL_NOT("logical_not", false);

    private final TorchOperator operator;
    private final TorchOperator inPlace;

    Unary(String name, boolean hasInPlace) {
      operator = new TorchOperator("aten::" + name, "");
      inPlace = hasInPlace ? new TorchOperator("aten::" + name + "_", "") : null;
    }

    public TorchTensor of(TorchTensor x) {
      try (TorchOperator.Call call = operator.call()) {
        return call.tensor(x).one();
      }
    }

    boolean hasInPlace() {
      return inPlace != null;
    }

    public void inPlace(TorchTensor x) {
      if (inPlace == null) {
        throw new IllegalStateException(operator + " has no form in place");
      }
      try (TorchOperator.Call call = inPlace.call()) {
        call.output(x).inPlace();
      }
    }
  }

  /** condition ? a : b. */
  public static TorchTensor where(TorchTensor condition, TorchTensor a, TorchTensor b) {
    try (TorchOperator.Call call = WHERE.call()) {
      return call.tensor(condition).tensor(a).tensor(b).one();
    }
  }

  /** Sets the elements of x under a mask of bools. */
  public static void maskedFillInPlace(TorchTensor x, TorchTensor mask, double value) {
    try (TorchTensor scalar = TorchCalls.scalar(value);
        TorchOperator.Call call = MASKED_FILL.call()) {
      call.output(x).tensor(mask).tensor(scalar).inPlace();
    }
  }

  /** A copy in another dtype. */
  public static TorchTensor to(TorchTensor x, ScalarType dtype) {
    try (TorchOperator.Call call = TO.call()) {
      return call.tensor(x).dtype(dtype).bool(false).bool(true).none().one();
    }
  }

  /** A contiguous copy in another dtype on another device. */
  public static TorchTensor to(TorchTensor x, ScalarType dtype, Device device) {
    long[] sizes = x.rawSizes();
    TorchTensor copy = TorchCalls.emptyStrided(dtype, device, sizes, Shapes.contiguous(sizes));
    try {
      return copy.copyFrom(x);
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  private static TorchTensor binary(TorchOperator operator, TorchTensor a, TorchTensor b) {
    try (TorchOperator.Call call = operator.call()) {
      return call.tensor(a).tensor(b).one();
    }
  }

  /** Where the result of two tensors is: a number without dimensions may stay on the CPU. */
  private static boolean onCuda(TorchTensor a, TorchTensor b) {
    return a.device().isCuda() || b.device().isCuda();
  }
}
