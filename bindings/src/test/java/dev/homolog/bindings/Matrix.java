package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/**
 * A matrix of plain Java doubles, the oracle of the tests. Values are those that its dtype can
 * hold.
 */
record Matrix(int rows, int columns, double[] values) {
  static Matrix zeros(int rows, int columns) {
    return new Matrix(rows, columns, new double[rows * columns]);
  }

  static Matrix random(int rows, int columns, Random random) {
    Matrix matrix = zeros(rows, columns);
    for (int i = 0; i < matrix.values.length; i++) {
      matrix.values[i] = (float) random.nextGaussian();
    }
    return matrix;
  }

  double at(int row, int column) {
    return values[row * columns + column];
  }

  void set(int row, int column, double value) {
    values[row * columns + column] = value;
  }

  Matrix map(DoubleUnaryOperator f) {
    Matrix result = zeros(rows, columns);
    for (int i = 0; i < values.length; i++) {
      result.values[i] = f.applyAsDouble(values[i]);
    }
    return result;
  }

  Matrix transposed() {
    Matrix result = zeros(columns, rows);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        result.set(j, i, at(i, j));
      }
    }
    return result;
  }

  Matrix times(Matrix other) {
    Matrix result = zeros(rows, other.columns);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < other.columns; j++) {
        double sum = 0;
        for (int k = 0; k < columns; k++) {
          sum += at(i, k) * other.at(k, j);
        }
        result.set(i, j, sum);
      }
    }
    return result;
  }

  Matrix plus(Matrix other, double factor) {
    Matrix result = zeros(rows, columns);
    for (int i = 0; i < values.length; i++) {
      result.values[i] = values[i] + factor * other.values[i];
    }
    return result;
  }

  /** A tensor over memory of the arena with these values in float32. */
  TorchTensor toFloat32(Arena arena) {
    return toFloat32(arena, columns);
  }

  /** The same with rows stride elements apart, starting in the middle of a larger segment. */
  TorchTensor toFloat32(Arena arena, int stride) {
    long offset = stride == columns ? 0 : 5;
    long length = offset + (long) (rows - 1) * stride + columns;
    MemorySegment data = arena.allocate(4 * length, 4).asSlice(4 * offset);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * stride + j, (float) at(i, j));
      }
    }
    return TorchTensor.wrap(
        data, ScalarType.FLOAT32, new long[] {rows, columns}, new long[] {stride, 1});
  }

  /** A tensor of libtorch's own. */
  TorchTensor to(ScalarType dtype) {
    try (Arena arena = Arena.ofConfined();
        TorchTensor here = toFloat32(arena)) {
      return TorchPointwise.to(here, dtype);
    }
  }

  /** Reads a tensor of any dtype and strides. */
  static Matrix of(TorchTensor tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(Math.max(8, 8 * tensor.elements()), 8);
      try (TorchTensor copy = TorchTensor.wrap(data, ScalarType.FLOAT64, tensor.sizes())) {
        copy.copyFrom(tensor);
      }
      int columns = tensor.dim() == 0 ? 1 : (int) tensor.size(-1);
      double[] values = data.asSlice(0, 8 * tensor.elements()).toArray(ValueLayout.JAVA_DOUBLE);
      return new Matrix(columns == 0 ? 0 : values.length / columns, columns, values);
    }
  }

  /** Asserts that a tensor has these values, each within tolerance · (1 + its size). */
  void assertClose(TorchTensor actual, double tolerance, String what) {
    Matrix found = of(actual);
    assertEquals(values.length, found.values.length, what);
    for (int i = 0; i < values.length; i++) {
      double bound = tolerance * (1 + Math.abs(values[i]));
      assertEquals(values[i], found.values[i], bound, what + " element " + i);
    }
  }
}
