package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.bindings.gen.cublas.CublasC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The argument layout of every cuBLAS call, on any machine: the library is replaced by methods that
 * multiply by columns in double, called through the generated handles as cuBLAS is.
 */
@ExtendWith(TorchFixture.class)
class CublasTest {
  private static final long SEED = 17;
  private static final long HANDLE = 0x1234;
  private static int nextStatus;

  @BeforeAll
  static void replaceCublas(@TempDir Path folder) throws Exception {
    assertFalse(Cublas.isLoaded());
    assertThrows(IllegalStateException.class, CublasTest::borrowed);
    FakeCuda.load(folder.resolve("libcublas.so"), CublasC.class);
    FakeCuda.answer(CublasC.class, CublasTest.class, MethodHandles.lookup());
  }

  // ---- what stands for cuBLAS ----

  private static int status(MemorySegment handle) {
    int status = handle.address() == HANDLE ? nextStatus : 7;
    nextStatus = 0;
    return status;
  }

  static int cublasGetVersion_v2(MemorySegment handle, MemorySegment out) {
    out.reinterpret(4).set(ValueLayout.JAVA_INT, 0, 130200);
    return status(handle);
  }

  static MemorySegment cublasGetStatusName(int status) {
    return status == 14 ? MemorySegment.NULL : FakeCuda.text("NAME_" + status);
  }

  static MemorySegment cublasGetStatusString(int status) {
    return FakeCuda.text("text of " + status);
  }

  private static final int R_32F = 0;
  private static final int R_64F = 1;
  private static final int R_16BF = 14;
  private static final int COMPUTE_32F = 68;
  private static final int COMPUTE_64F = 70;

  private static double get(MemorySegment data, int type, long index) {
    MemorySegment all = data.reinterpret(Long.MAX_VALUE);
    return switch (type) {
      case R_32F -> all.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case R_64F -> all.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
      case R_16BF -> Float.intBitsToFloat(all.getAtIndex(ValueLayout.JAVA_SHORT, index) << 16);
      default -> throw new IllegalArgumentException("type " + type);
    };
  }

  private static void multiply(
      int transA,
      int transB,
      int m,
      int n,
      int k,
      double alpha,
      MemorySegment a,
      int typeA,
      int lda,
      MemorySegment b,
      int typeB,
      int ldb,
      double beta,
      MemorySegment c,
      int typeC,
      int ldc) {
    MemorySegment out = c.reinterpret(Long.MAX_VALUE);
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          long inA = transA == 0 ? i + (long) p * lda : p + (long) i * lda;
          long inB = transB == 0 ? p + (long) j * ldb : j + (long) p * ldb;
          sum += get(a, typeA, inA) * get(b, typeB, inB);
        }
        long at = i + (long) j * ldc;
        // By cuBLAS's rule c is not read where beta is 0.
        double value = alpha * sum + (beta == 0 ? 0 : beta * get(c, typeC, at));
        if (typeC == R_64F) {
          out.setAtIndex(ValueLayout.JAVA_DOUBLE, at, value);
        } else {
          out.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) value);
        }
      }
    }
  }

  static int cublasGemmEx(
      MemorySegment handle,
      int transA,
      int transB,
      int m,
      int n,
      int k,
      MemorySegment alpha,
      MemorySegment a,
      int typeA,
      int lda,
      MemorySegment b,
      int typeB,
      int ldb,
      MemorySegment beta,
      MemorySegment c,
      int typeC,
      int ldc,
      int compute,
      int algorithm) {
    int scalar = compute == COMPUTE_64F ? R_64F : R_32F;
    if (algorithm != -1 || (compute != COMPUTE_32F && compute != COMPUTE_64F)) {
      return 15;
    }
    multiply(
        transA,
        transB,
        m,
        n,
        k,
        get(alpha, scalar, 0),
        a,
        typeA,
        lda,
        b,
        typeB,
        ldb,
        get(beta, scalar, 0),
        c,
        typeC,
        ldc);
    return status(handle);
  }

  // ---- the tests ----

  private static Cublas borrowed() {
    return Cublas.borrow(MemorySegment.ofAddress(HANDLE));
  }

  /** A matrix by columns, with leading dimension ld. */
  private static Cublas.Matrix byColumns(
      Matrix x, ScalarType dtype, int ld, boolean transposed, Arena arena) {
    MemorySegment data = arena.allocate(8L * ld * x.columns(), 8);
    for (int i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        long at = i + (long) j * ld;
        if (dtype == ScalarType.FLOAT64) {
          data.setAtIndex(ValueLayout.JAVA_DOUBLE, at, x.at(i, j));
        } else {
          data.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) x.at(i, j));
        }
      }
    }
    return new Cublas.Matrix(data, dtype, ld, transposed);
  }

  private static void assertColumns(Matrix expected, Cublas.Matrix actual, String what) {
    int type = actual.type() == ScalarType.FLOAT64 ? R_64F : R_32F;
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.columns(); j++) {
        double found = get(actual.data(), type, i + (long) j * actual.ld());
        assertEquals(expected.at(i, j), found, 1e-5, what + " " + i + "," + j);
      }
    }
  }

  @Test
  void everyGemmWithEveryTranspose() {
    Random random = new Random(SEED);
    int m = 5;
    int n = 3;
    int k = 4;
    for (int flags = 0; flags < 4; flags++) {
      boolean transposeA = (flags & 1) != 0;
      boolean transposeB = (flags & 2) != 0;
      Matrix a = Matrix.random(transposeA ? k : m, transposeA ? m : k, random);
      Matrix b = Matrix.random(transposeB ? n : k, transposeB ? k : n, random);
      Matrix c = Matrix.random(m, n, random);
      Matrix product = (transposeA ? a.transposed() : a).times(transposeB ? b.transposed() : b);
      Matrix expected = product.map(x -> 0.5 * x).plus(c, 2);
      for (ScalarType dtype : new ScalarType[] {ScalarType.FLOAT32, ScalarType.FLOAT64}) {
        try (Arena arena = Arena.ofConfined();
            Cublas cublas = borrowed()) {
          Cublas.Matrix ca = byColumns(a, dtype, a.rows() + 2, transposeA, arena);
          Cublas.Matrix cb = byColumns(b, dtype, b.rows() + 1, transposeB, arena);
          Cublas.Matrix cc = byColumns(c, dtype, m + 3, false, arena);
          cublas.gemmEx(m, n, k, 0.5, ca, cb, 2, cc);
          assertColumns(expected, cc, "flags " + flags + " " + dtype);
        }
      }
    }
  }

  @Test
  void crossProductsOfRowMajorTensors() {
    Random random = new Random(SEED);
    Matrix a = Matrix.random(9, 5, random);
    Matrix b = Matrix.random(9, 7, random);
    Matrix c = Matrix.random(5, 7, random);
    try (Arena arena = Arena.ofConfined();
        Cublas cublas = borrowed();
        TorchTensor ta = a.toFloat32(arena, 11);
        TorchTensor tb = b.toFloat32(arena);
        TorchTensor tc = c.toFloat32(arena, 8)) {
      cublas.accumulateTransposed(tc, ta, tb, 1);
      c.plus(a.transposed().times(b), 1).assertClose(tc, 1e-5, "C += AtB in float32");
      try (TorchTensor a16 = TorchPointwise.to(ta, ScalarType.BFLOAT16);
          TorchTensor b16 = TorchPointwise.to(tb, ScalarType.BFLOAT16)) {
        cublas.accumulateTransposed(tc, a16, b16, 0);
        Matrix.of(a16).transposed().times(Matrix.of(b16)).assertClose(tc, 1e-5, "bfloat16");
      }
      try (TorchTensor a64 = TorchPointwise.to(ta, ScalarType.FLOAT64);
          TorchTensor b64 = TorchPointwise.to(tb, ScalarType.FLOAT64);
          TorchTensor c64 = c.to(ScalarType.FLOAT64)) {
        cublas.accumulateTransposed(c64, a64, b64, 1);
        c.plus(a.transposed().times(b), 1).assertClose(c64, 1e-14, "float64");
        assertThrows(
            IllegalArgumentException.class, () -> cublas.accumulateTransposed(tc, a64, b64, 1));
      }
      assertThrows(
          IllegalArgumentException.class, () -> cublas.accumulateTransposed(tc, tb, ta, 1));
    }
  }

  @Test
  void failuresCarryCublassText() {
    Cublas cublas = borrowed();
    nextStatus = 13;
    NativeException failure = assertThrows(NativeException.class, cublas::version);
    assertEquals("cublasGetVersion failed with 13: NAME_13, text of 13", failure.getMessage());
    nextStatus = 14;
    failure = assertThrows(NativeException.class, cublas::version);
    assertEquals("no text, text of 14", failure.text());
    assertEquals(130200, cublas.version());
    cublas.close();
    cublas.close();
    assertEquals(
        "the cuBLAS handle is closed",
        assertThrows(IllegalStateException.class, cublas::version).getMessage());
  }

  @Test
  void matricesThatDoNotFitAreRefused() {
    try (Cublas cublas = borrowed()) {
      Cublas.Matrix x = new Cublas.Matrix(MemorySegment.NULL, ScalarType.FLOAT32, 3, false);
      Cublas.Matrix transposed = new Cublas.Matrix(MemorySegment.NULL, ScalarType.FLOAT32, 3, true);
      Cublas.Matrix whole = new Cublas.Matrix(MemorySegment.NULL, ScalarType.INT64, 3, false);
      assertThrows(IllegalArgumentException.class, () -> cublas.gemmEx(4, 1, 1, 1, x, x, 0, x));
      assertThrows(
          IllegalArgumentException.class, () -> cublas.gemmEx(3, 3, 4, 1, transposed, x, 0, x));
      assertThrows(
          IllegalArgumentException.class, () -> cublas.gemmEx(3, 3, 3, 1, x, x, 0, transposed));
      assertThrows(IllegalArgumentException.class, () -> cublas.gemmEx(-1, 3, 3, 1, x, x, 0, x));
      assertThrows(IllegalArgumentException.class, () -> cublas.gemmEx(3, 3, 3, 1, whole, x, 0, x));
    }
  }
}
