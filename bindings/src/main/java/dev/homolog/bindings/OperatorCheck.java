package dev.homolog.bindings;

import dev.homolog.bindings.load.LoadedTorch;
import dev.homolog.bindings.load.NativeUnavailableException;
import dev.homolog.bindings.load.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Calls every operator of this package once on tiny tensors, so that a run fails at its start. One
 * may be missing or have another schema. Takes some milliseconds.
 */
final class OperatorCheck {
  private final Device device;
  private final List<TorchTensor> open = new ArrayList<>();

  private OperatorCheck(Device device) {
    this.device = device;
  }

  /** Throws with the name of the first operator that does not work. */
  static void run(LoadedTorch library, Device device) {
    OperatorCheck check = new OperatorCheck(device);
    try {
      check.gemm();
      check.pointwise();
      check.transformer();
      check.selection();
      check.reductions();
    } catch (NativeException e) {
      throw new NativeUnavailableException(
          new Refusal(
              library.source().label(),
              library.folder().toString(),
              String.format(
                  Locale.ROOT, "libtorch %s on %s: %s", library.version(), device, e.getMessage()),
              "use a version that this Homolog was tested with"));
    } finally {
      check.open.forEach(TorchTensor::close);
    }
  }

  private TorchTensor ones(ScalarType dtype, long... sizes) {
    return keep(TorchCalls.emptyStrided(dtype, device, sizes, Shapes.contiguous(sizes)).fill(1));
  }

  private TorchTensor keep(TorchTensor tensor) {
    open.add(tensor);
    return tensor;
  }

  private void keep(TorchTensor... tensors) {
    open.addAll(List.of(tensors));
  }

  private void gemm() {
    TorchTensor a = ones(ScalarType.FLOAT32, 2, 2);
    TorchTensor out = ones(ScalarType.FLOAT32, 2, 2);
    TorchGemm.mmInto(out, a, a);
    TorchGemm.accumulate(out, a, a);
  }

  private void pointwise() {
    TorchTensor x = ones(ScalarType.FLOAT32, 2, 2);
    TorchTensor out = ones(ScalarType.FLOAT32, 2, 2);
    TorchTensor mask = ones(ScalarType.BOOL, 2, 2);
    keep(TorchPointwise.add(x, x, 2));
    keep(TorchPointwise.add(x, 2));
    keep(TorchPointwise.sub(x, x, 2));
    keep(TorchPointwise.mul(x, x));
    keep(TorchPointwise.mul(x, 2));
    keep(TorchPointwise.div(x, x));
    TorchPointwise.addInPlace(out, x, 2);
    TorchPointwise.mulInPlace(out, 2);
    TorchPointwise.mulInto(out, x, x);
    keep(TorchPointwise.where(mask, x, x));
    TorchPointwise.maskedFillInPlace(out, mask, 1);
    keep(TorchPointwise.to(x, ScalarType.FLOAT64));
    keep(TorchPointwise.to(x, ScalarType.BFLOAT16, Device.CPU));
    for (TorchPointwise.Binary operator : TorchPointwise.Binary.values()) {
      keep(operator.of(x, x));
    }
    for (TorchPointwise.Unary operator : TorchPointwise.Unary.values()) {
      keep(operator.of(x));
      if (operator.hasInPlace()) {
        operator.inPlace(out);
      }
    }
  }

  private void transformer() {
    TorchTensor x = ones(ScalarType.FLOAT32, 2, 2);
    TorchTensor weight = ones(ScalarType.FLOAT32, 2);
    TorchTensor heads = ones(ScalarType.FLOAT32, 1, 1, 2, 2);
    keep(TorchOps.layerNorm(x, weight, weight, 1e-5));
    keep(TorchOps.attention(heads, heads, heads, null, true, 0.5));
    keep(TorchOps.logSoftmax(x, -1));
    keep(TorchOps.embedding(x, ones(ScalarType.INT64, 1)));
  }

  private void selection() {
    TorchTensor x = ones(ScalarType.FLOAT32, 2, 2);
    TorchTensor index = ones(ScalarType.INT64, 1);
    TorchTensor indices = ones(ScalarType.INT64, 1, 2);
    keep(TorchOps.indexSelect(x, 0, index));
    keep(TorchOps.gather(x, 0, indices));
    TorchOps.scatterAddInPlace(
        ones(ScalarType.FLOAT32, 2, 2), 0, indices, ones(ScalarType.FLOAT32, 1, 2));
    TorchOps.scatterMaxInPlace(
        ones(ScalarType.FLOAT32, 2, 2), 0, indices, ones(ScalarType.FLOAT32, 1, 2));
    keep(TorchOps.topK(x, 1, 1, true, true));
    keep(TorchOps.sort(x, 1, true));
    keep(TorchOps.cat(0, x, x));
  }

  private void reductions() {
    TorchTensor x = ones(ScalarType.FLOAT32, 2, 2);
    keep(TorchOps.sum(x, ScalarType.FLOAT64, false, 0));
    keep(TorchOps.amax(x, false, 0));
    keep(TorchOps.amin(x, false, 0));
  }
}
