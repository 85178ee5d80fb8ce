package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Kernels under test beside the oracle, and random tensors for both: in memory that ends at a page
 * that cannot be read, on views in the middle of larger tensors.
 */
abstract class KernelsFixture {
  private static final long SEED = 20261123;

  final Random random = new Random(SEED);
  final Kernels scalar = oracle();
  Kernels kernels;
  Arena arena;

  /** New kernels on several threads; closed by the test. */
  abstract Kernels open();

  /** Runs after all that a test made is closed. */
  void closed() {}

  @BeforeEach
  void openAll() {
    kernels = open();
    arena = new Guarded();
  }

  @AfterEach
  void close() {
    arena.close();
    kernels.close();
    closed();
  }

  Kernels.Columns columns(int n, int constant) {
    Tensor inverse = random(DType.F64, 1, n);
    if (constant >= 0) {
      inverse.set(0, constant, Double.NaN);
    }
    return new Kernels.Columns(on(random(DType.F64, 1, n)), on(inverse));
  }

  Tensor emptySums(int n) {
    Tensor sums = Tensor.allocate(arena, DType.F64, 6, n);
    sums.rows(4, 5).fill(Double.POSITIVE_INFINITY);
    sums.rows(5, 6).fill(Double.NEGATIVE_INFINITY);
    return sums;
  }

  /** A single-precision matrix in the middle of a larger one, where the kernels are. */
  Tensor view(int rows, int cols) {
    return on(random(DType.F32, rows + 2, cols + 5)).rows(1, rows + 1).columns(3, cols + 3);
  }

  /** A weight as a checkpoint would give it, at an odd address. */
  Tensor weight(DType dtype, int rows, int cols) {
    Tensor values = random(dtype, rows, cols);
    long bytes = values.size() * dtype.bytes();
    MemorySegment odd = arena.allocate(bytes + 1).asSlice(1);
    MemorySegment.copy(values.data(), 0, odd, 0, bytes);
    List<Long> shape = List.of((long) rows, (long) cols);
    return kernels.weight(arena, new StoredTensor("w", dtype, shape, odd), rows, cols);
  }

  Tensor on(Tensor host) {
    return kernels.fromHost(arena, host);
  }

  Tensor host(Tensor there) {
    return kernels.toHost(arena, there);
  }

  /** The scalar kernels, which are given copies of what is not on the host. */
  private Kernels oracle() {
    ScalarKernels scalar = new ScalarKernels();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (_, method, arguments) ->
                method.invoke(scalar, Arrays.stream(arguments).map(this::brought).toArray()));
  }

  private Object brought(Object argument) {
    return switch (argument) {
      case Tensor tensor -> host(tensor);
      case Kernels.Columns columns ->
          new Kernels.Columns(host(columns.mean()), host(columns.inverse()));
      case null -> null;
      default -> argument;
    };
  }

  Tensor random(DType dtype, int rows, int cols) {
    Tensor t = Tensor.allocate(arena, dtype, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        t.set(i, j, random.nextGaussian());
      }
    }
    return t;
  }

  Tensor copy(Tensor there, DType dtype) {
    Tensor t = host(there);
    Tensor copy = Tensor.allocate(arena, dtype, t.rows(), t.cols());
    for (int i = 0; i < t.rows(); i++) {
      for (int j = 0; j < t.cols(); j++) {
        copy.set(i, j, t.get(i, j));
      }
    }
    return copy;
  }

  void assertClose(Tensor expected, Tensor there, double tolerance) {
    Tensor actual = host(there);
    assertEquals(expected.rows(), actual.rows());
    assertEquals(expected.cols(), actual.cols());
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.cols(); j++) {
        double e = expected.get(i, j);
        double a = actual.get(i, j);
        if (!(Double.isNaN(e) && Double.isNaN(a))) {
          assertEquals(
              e,
              a,
              tolerance * Math.max(1, Math.abs(e)),
              "[" + i + ", " + j + "] of " + actual + ", seed " + SEED);
        }
      }
    }
  }
}
