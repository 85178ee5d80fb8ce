package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Elementwise operators against plain loops in double. */
@ExtendWith(TorchFixture.class)
class TorchPointwiseTest {
  private static final long SEED = 7;
  private static final double TOLERANCE = 1e-6;

  private static Matrix combine(Matrix a, Matrix b, DoubleBinaryOperator f) {
    Matrix result = Matrix.zeros(a.rows(), a.columns());
    for (int i = 0; i < result.values().length; i++) {
      result.values()[i] = f.applyAsDouble(a.values()[i], b.values()[i]);
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 702})
  void arithmetic(int n) {
    Random random = new Random(SEED + n);
    Matrix a = Matrix.random(3, n, random);
    Matrix b = Matrix.random(3, n, random);
    try (Guarded arena = new Guarded();
        TorchTensor ta = a.toFloat32(arena, n + 2);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor sum = TorchPointwise.add(ta, tb, 2);
        TorchTensor shifted = TorchPointwise.add(ta, 3);
        TorchTensor difference = TorchPointwise.sub(ta, tb, 0.5);
        TorchTensor product = TorchPointwise.mul(ta, tb);
        TorchTensor scaled = TorchPointwise.mul(ta, -1.5);
        TorchTensor ratio = TorchPointwise.div(ta, tb);
        TorchTensor out = Matrix.zeros(3, n).toFloat32(arena, n + 4)) {
      combine(a, b, (x, y) -> x + 2 * y).assertClose(sum, TOLERANCE, "add");
      a.map(x -> x + 3).assertClose(shifted, TOLERANCE, "add a number");
      combine(a, b, (x, y) -> x - 0.5 * y).assertClose(difference, TOLERANCE, "sub");
      combine(a, b, (x, y) -> x * y).assertClose(product, TOLERANCE, "mul");
      a.map(x -> -1.5 * x).assertClose(scaled, TOLERANCE, "mul by a number");
      combine(a, b, (x, y) -> x / y).assertClose(ratio, TOLERANCE, "div");
      TorchPointwise.mulInto(out, ta, tb);
      combine(a, b, (x, y) -> x * y).assertClose(out, TOLERANCE, "mul.out");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 13, 702})
  void inPlaceLeavesTheMemoryWhereItIs(int n) {
    Random random = new Random(SEED + n);
    Matrix a = Matrix.random(2, n, random);
    Matrix b = Matrix.random(2, n, random);
    try (Guarded arena = new Guarded();
        TorchTensor ta = a.toFloat32(arena, n + 2);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor row = tb.rows(1, 2)) {
      long address = ta.address().address();
      TorchPointwise.addInPlace(ta, tb, 1);
      combine(a, b, (x, y) -> x + y).assertClose(ta, TOLERANCE, "add in place");
      TorchPointwise.addInPlace(ta, tb, -1);
      a.assertClose(ta, 2 * TOLERANCE, "sub in place");
      TorchPointwise.mulInPlace(ta, tb);
      combine(a, b, (x, y) -> x * y).assertClose(ta, 4 * TOLERANCE, "mul in place");
      TorchPointwise.mulInPlace(ta, 3);
      combine(a, b, (x, y) -> 3 * x * y).assertClose(ta, 4 * TOLERANCE, "mul by a number");
      TorchPointwise.addInPlace(ta, row, 1);
      assertEquals(3 * a.at(0, 0) * b.at(0, 0) + b.at(1, 0), Matrix.of(ta).at(0, 0), 1e-5);
      assertEquals(address, ta.address().address());
    }
  }

  @Test
  void float32IsAddedIntoFloat64() {
    Matrix a = Matrix.random(5, 7, new Random(SEED));
    try (TorchTensor wide = Matrix.zeros(5, 7).map(x -> 1e9).to(ScalarType.FLOAT64);
        TorchTensor narrow = a.to(ScalarType.FLOAT32)) {
      TorchPointwise.addInPlace(wide, narrow, 1);
      a.map(x -> 1e9 + x).assertClose(wide, 1e-15, "float64 += float32");
    }
  }

  /** The complement of the error function by its series, good to 1e-12 below 3. */
  private static double erfc(double x) {
    double sum = x;
    double term = x;
    for (int n = 1; n < 200; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 1 - 2 / Math.sqrt(Math.PI) * sum;
  }

  @ParameterizedTest
  @EnumSource(TorchPointwise.Unary.class)
  void unary(TorchPointwise.Unary operator) {
    Matrix x = Matrix.random(3, 37, new Random(SEED)).map(v -> (float) (Math.abs(v) + 0.1));
    DoubleUnaryOperator f =
        switch (operator) {
          case RELU -> v -> v;
          case EXP -> Math::exp;
          case LOG1P -> Math::log1p;
          case SQRT -> Math::sqrt;
          case RECIPROCAL -> v -> 1 / v;
          case TANH -> Math::tanh;
          case ERFC -> TorchPointwiseTest::erfc;
          case LOGICAL_NOT -> v -> 0;
        };
    try (Arena arena = Arena.ofConfined();
        TorchTensor tx = x.toFloat32(arena);
        TorchTensor result = operator.of(tx)) {
      x.map(f).assertClose(result, 2e-6, operator.name());
      if (operator.hasInPlace()) {
        operator.inPlace(tx);
        x.map(f).assertClose(tx, 2e-6, operator + " in place");
      } else {
        assertEquals(ScalarType.BOOL, result.dtype());
        assertThrows(IllegalStateException.class, () -> operator.inPlace(tx));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(TorchPointwise.Binary.class)
  void binary(TorchPointwise.Binary operator) {
    Random random = new Random(SEED);
    Matrix a = Matrix.random(3, 37, random).map(v -> Math.round(2 * v));
    Matrix b = Matrix.random(3, 37, random).map(v -> Math.round(2 * v));
    DoubleBinaryOperator f =
        switch (operator) {
          case MAXIMUM -> Math::max;
          case MINIMUM -> Math::min;
          case GT -> (x, y) -> x > y ? 1 : 0;
          case GE -> (x, y) -> x >= y ? 1 : 0;
          case LT -> (x, y) -> x < y ? 1 : 0;
          case LE -> (x, y) -> x <= y ? 1 : 0;
          case EQ -> (x, y) -> x == y ? 1 : 0;
          case NE -> (x, y) -> x != y ? 1 : 0;
          case LOGICAL_AND -> (x, y) -> x != 0 && y != 0 ? 1 : 0;
        };
    try (Arena arena = Arena.ofConfined();
        TorchTensor ta = a.toFloat32(arena);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor result = operator.of(ta, tb)) {
      combine(a, b, f).assertClose(result, 0, operator.name());
    }
  }

  @Test
  void masks() {
    Matrix x = Matrix.random(4, 9, new Random(SEED));
    try (Arena arena = Arena.ofConfined();
        TorchTensor tx = x.toFloat32(arena);
        TorchTensor zero = TorchFixture.torch().zeros(ScalarType.FLOAT32, Device.CPU, 1);
        TorchTensor mask = TorchPointwise.Binary.GT.of(tx, zero);
        TorchTensor masked = TorchPointwise.mul(tx, mask);
        TorchTensor chosen = TorchPointwise.where(mask, tx, zero)) {
      x.map(v -> Math.max(v, 0)).assertClose(masked, 0, "mul by a mask");
      x.map(v -> Math.max(v, 0)).assertClose(chosen, 0, "where");
      TorchPointwise.maskedFillInPlace(tx, mask, -7);
      x.map(v -> v > 0 ? -7 : v).assertClose(tx, 0, "masked_fill_");
    }
  }
}
