package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products against plain loops, on odd sizes, slices of wider rows and memory that ends at an
 * unreadable page.
 */
@ExtendWith(TorchFixture.class)
class TorchGemmTest {
  private static final long SEED = 20261123;

  /** float32 sums of k terms. */
  private static double tolerance(int k) {
    return 1e-6 * Math.sqrt(k) * 4;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 64, 207})
  void productsEqualLoops(int n) {
    Random random = new Random(SEED + n);
    int m = n + 2;
    int k = 2 * n + 1;
    Matrix a = Matrix.random(m, k, random);
    Matrix b = Matrix.random(k, n, random);
    try (Guarded arena = new Guarded();
        TorchTensor ta = a.toFloat32(arena, k + 3);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor out = Matrix.zeros(m, n).toFloat32(arena, n + 7)) {
      TorchGemm.mmInto(out, ta, tb);
      a.times(b).assertClose(out, tolerance(k), "mm " + n);
      TorchGemm.accumulate(out, ta, tb);
      a.times(b).map(x -> 2 * x).assertClose(out, tolerance(2 * k), "accumulate " + n);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 101})
  void crossProductsAccumulateInPlace(int n) {
    Random random = new Random(SEED + n);
    int rows = 3 * n + 4;
    Matrix a = Matrix.random(rows, n, random);
    Matrix b = Matrix.random(rows, n + 5, random);
    Matrix c = Matrix.random(n, n + 5, random);
    try (Guarded arena = new Guarded();
        TorchTensor ta = a.toFloat32(arena, n + 1);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor tc = c.toFloat32(arena, n + 9)) {
      long address = tc.address().address();
      try (TorchTensor transposed = ta.t()) {
        TorchGemm.accumulate(tc, transposed, tb);
      }
      c.plus(a.transposed().times(b), 1).assertClose(tc, tolerance(rows), "C += AtB " + n);
      assertEquals(address, tc.address().address());
      assertEquals(n + 9, tc.strides()[0]);
    }
  }

  @Test
  void addmmScalesAndBroadcasts() {
    Random random = new Random(SEED);
    Matrix a = Matrix.random(5, 7, random);
    Matrix b = Matrix.random(7, 3, random);
    Matrix bias = Matrix.random(1, 3, random);
    try (Arena arena = Arena.ofConfined();
        TorchTensor ta = a.toFloat32(arena);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor row = bias.toFloat32(arena);
        TorchTensor out = Matrix.zeros(5, 3).toFloat32(arena)) {
      TorchGemm.addmmInto(out, row, ta, tb, 2, 0.5);
      Matrix expected = a.times(b);
      for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 3; j++) {
          expected.set(i, j, 2 * bias.at(0, j) + 0.5 * expected.at(i, j));
        }
      }
      expected.assertClose(out, tolerance(7), "addmm");
    }
  }

  @Test
  void bfloat16AndFloat64() {
    Random random = new Random(SEED);
    Matrix a = Matrix.random(11, 17, random);
    Matrix b = Matrix.random(17, 6, random);
    try (TorchTensor a64 = a.to(ScalarType.FLOAT64);
        TorchTensor b64 = b.to(ScalarType.FLOAT64);
        TorchTensor out64 = Matrix.zeros(11, 6).to(ScalarType.FLOAT64);
        TorchTensor a16 = a.to(ScalarType.BFLOAT16);
        TorchTensor b16 = b.to(ScalarType.BFLOAT16);
        TorchTensor out16 = Matrix.zeros(11, 6).to(ScalarType.BFLOAT16)) {
      TorchGemm.mmInto(out64, a64, b64);
      a.times(b).assertClose(out64, 1e-14, "mm in float64");
      TorchGemm.mmInto(out16, a16, b16);
      Matrix.of(a16).times(Matrix.of(b16)).assertClose(out16, 1.0 / 128, "mm in bfloat16");
    }
  }

  @Test
  void shapeErrorsCarryTheLibrarysText() {
    Torch torch = TorchFixture.torch();
    try (TorchTensor a = torch.zeros(ScalarType.FLOAT32, Device.CPU, 2, 3);
        TorchTensor b = torch.zeros(ScalarType.FLOAT32, Device.CPU, 5, 2);
        TorchTensor out = torch.zeros(ScalarType.FLOAT32, Device.CPU, 2, 2)) {
      NativeException failure =
          assertThrows(NativeException.class, () -> TorchGemm.mmInto(out, a, b));
      assertEquals("mm_out", failure.function());
      assertEquals(1, failure.code());
      TorchFixture.assertText(failure, "shapes cannot be multiplied (2x3 and 5x2)");
    }
  }

  @Test
  void outputIsNeverResized() {
    Torch torch = TorchFixture.torch();
    try (TorchTensor a = torch.zeros(ScalarType.FLOAT32, Device.CPU, 2, 3);
        TorchTensor b = torch.zeros(ScalarType.FLOAT32, Device.CPU, 3, 4);
        TorchTensor out = torch.zeros(ScalarType.FLOAT32, Device.CPU, 2, 5)) {
      IllegalArgumentException failure =
          assertThrows(IllegalArgumentException.class, () -> TorchGemm.mmInto(out, a, b));
      assertEquals(
          "the output is float32[2, 5]; the result has the shape [2, 4]", failure.getMessage());
    }
  }
}
