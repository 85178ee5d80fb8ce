package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Activation functions over the whole range of single precision beside mpmath's, and LayerNorm of
 * rows whose squares single precision does not hold.
 */
abstract class ActivationsContract extends KernelsFixture {
  private static final Path GOLDEN =
      Path.of(System.getProperty("homolog.testResources"), "activations.safetensors");

  /** The least number above 0 of single precision. */
  private static final double STEP = Float.MIN_VALUE;

  @Test
  void tailsKeepTheirDigits() {
    Set<Activation> seen = EnumSet.noneOf(Activation.class);
    try (SafetensorsFile golden = SafetensorsFile.open(GOLDEN)) {
      Tensor x = values(golden.tensor("x"));
      for (String name : golden.tensors().keySet()) {
        if (!name.equals("x")) {
          Activation f = Activation.names().get(name);
          seen.add(f);
          assertCloseToItself(name, x, values(golden.tensor(name)), applied(f, x, null));
          Tensor pre = kernels.allocate(arena, DType.F32, x.rows(), 1);
          assertCloseToItself(name, x, values(golden.tensor(name)), applied(f, x, pre));
          assertClose(copy(x, DType.F64), pre, 0);
        }
      }
    }
    assertEquals(EnumSet.allOf(Activation.class), seen);
  }

  /** f(x · 1) as a layer of one neuron has it. */
  private Tensor applied(Activation f, Tensor x, Tensor pre) {
    Tensor one = Tensor.allocate(arena, DType.F32, 1, 1);
    one.set(0, 0, 1);
    Tensor post = kernels.allocate(arena, DType.F32, x.rows(), 1);
    kernels.linearActivate(on(x), on(one), null, f, pre, post);
    return host(post);
  }

  private static void assertCloseToItself(String name, Tensor x, Tensor golden, Tensor found) {
    for (long i = 0; i < x.rows(); i++) {
      double expected = golden.get(i, 0);
      if (Math.abs(expected) > Float.MAX_VALUE) {
        expected = Math.signum(expected) * Double.POSITIVE_INFINITY;
      }
      double actual = found.get(i, 0);
      boolean close = Math.abs(actual - expected) <= 1e-4 * Math.abs(expected) + STEP;
      assertTrue(
          close || actual == expected,
          name + " of " + x.get(i, 0) + " is " + expected + ", not " + actual);
    }
  }

  private Tensor values(StoredTensor stored) {
    Tensor copy = Tensor.allocate(arena, stored.dtype(), stored.elements(), 1);
    copy.data().copyFrom(stored.data());
    return copy;
  }

  @Test
  void scalarTailsAreGoodToTenDigits() {
    try (SafetensorsFile golden = SafetensorsFile.open(GOLDEN);
        ScalarKernels oracle = new ScalarKernels()) {
      Tensor x = copy(values(golden.tensor("x")), DType.F64);
      Tensor one = Tensor.allocate(arena, DType.F64, 1, 1);
      one.set(0, 0, 1);
      Tensor post = Tensor.allocate(arena, DType.F64, x.rows(), 1);
      for (Map.Entry<String, StoredTensor> entry : golden.tensors().entrySet()) {
        if (!entry.getKey().equals("x")) {
          Activation f = Activation.names().get(entry.getKey());
          oracle.linearActivate(x, one, null, f, null, post);
          Tensor expected = values(entry.getValue());
          for (long i = 0; i < x.rows(); i++) {
            double e = expected.get(i, 0);
            String what = entry.getKey() + " of " + x.get(i, 0);
            assertEquals(e, post.get(i, 0), 1e-10 * Math.abs(e) + 1e-300, what);
          }
        }
      }
    }
  }

  /** What is not finite must not look like a number, for the functions that do not end at 0. */
  @Test
  void infiniteAndMissingValuesAreNotSwallowed() {
    Tensor x = Tensor.allocate(arena, DType.F32, 40, 1);
    x.set(7, 0, Double.NaN);
    x.set(9, 0, Double.POSITIVE_INFINITY);
    x.set(13, 0, Double.NEGATIVE_INFINITY);
    for (Activation f : Activation.values()) {
      Tensor found = applied(f, x, null);
      assertTrue(Double.isNaN(found.get(7, 0)), f + " of NaN");
    }
    for (Activation f : Set.of(Activation.GELU_TANH, Activation.GELU_ERF, Activation.SILU)) {
      Tensor found = applied(f, x, null);
      assertFalse(Double.isFinite(found.get(9, 0)), f + " of infinity");
      assertFalse(Double.isFinite(found.get(13, 0)), f + " of minus infinity");
    }
  }

  /** LayerNorm of c · x with epsilon c² ε is that of x: powers of two change no other bit. */
  @Test
  void layerNormOfHugeAndTinyRowsIsThatOfTheirMultiples() {
    int d = 77;
    Tensor x = random(DType.F32, 6, d);
    Tensor gain = random(DType.F32, 1, d);
    Tensor bias = random(DType.F32, 1, d);
    for (int exponent : new int[] {-140, -100, -70, -40, 0, 30, 62, 64, 90, 120}) {
      double c = Math.scalb(1.0, exponent);
      Tensor scaled = Tensor.allocate(arena, DType.F32, 6, d);
      for (int t = 0; t < 6; t++) {
        for (int i = 0; i < d; i++) {
          scaled.set(t, i, c * x.get(t, i));
        }
      }
      Tensor out = kernels.allocate(arena, DType.F32, 6, d);
      Tensor scale = kernels.allocate(arena, DType.F64, 6, 1);
      double epsilon = 1e-5 * c * c;
      kernels.layerNorm(on(scaled), on(gain), on(bias), epsilon, out);
      kernels.layerNormScale(on(scaled), epsilon, scale);
      for (int t = 0; t < 6; t++) {
        double mean = 0;
        for (int i = 0; i < d; i++) {
          mean += scaled.get(t, i) / c / d;
        }
        double variance = 1e-5;
        for (int i = 0; i < d; i++) {
          variance += Math.pow(scaled.get(t, i) / c - mean, 2) / d;
        }
        double root = Math.sqrt(variance);
        assertEquals(root, host(scale).get(t, 0) / c, 1e-5 * root, "scale at 2^" + exponent);
        for (int i = 0; i < d; i++) {
          double z = (scaled.get(t, i) / c - mean) / root;
          double expected = z * gain.get(0, i) + bias.get(0, i);
          assertEquals(expected, host(out).get(t, i), 2e-5, "at 2^" + exponent);
        }
      }
    }
  }
}
