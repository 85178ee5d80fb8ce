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
  private static long stream;
  private static long workspaceBytes;
  private static int mathMode;
  private static int nextStatus;

  @BeforeAll
  static void replaceCublas(@TempDir Path folder) throws Exception {
    assertFalse(Cublas.isLoaded());
    assertThrows(IllegalStateException.class, Cublas::create);
    FakeCuda.load(folder.resolve("libcublas.so"), CublasC.class);
    FakeCuda.answer(CublasC.class, CublasTest.class, MethodHandles.lookup());
  }

  // ---- what stands for cuBLAS ----

  private static int status(MemorySegment handle) {
    int status = handle.address() == HANDLE ? nextStatus : 7;
    nextStatus = 0;
    return status;
  }

  static int cublasCreate_v2(MemorySegment out) {
    out.reinterpret(8).set(ValueLayout.JAVA_LONG, 0, HANDLE);
    return nextStatus;
  }

  static int cublasDestroy_v2(MemorySegment handle) {
    return status(handle);
  }

  static int cublasGetVersion_v2(MemorySegment handle, MemorySegment out) {
    out.reinterpret(4).set(ValueLayout.JAVA_INT, 0, 130200);
    return status(handle);
  }

  static int cublasSetStream_v2(MemorySegment handle, MemorySegment newStream) {
    stream = newStream.address();
    return status(handle);
  }

  static int cublasGetStream_v2(MemorySegment handle, MemorySegment out) {
    out.reinterpret(8).set(ValueLayout.JAVA_LONG, 0, stream);
    return status(handle);
  }

  static int cublasSetWorkspace_v2(MemorySegment handle, MemorySegment memory, long bytes) {
    workspaceBytes = memory.address() + bytes;
    return status(handle);
  }

  static int cublasSetMathMode(MemorySegment handle, int mode) {
    mathMode = mode;
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

  static int cublasSgemm_v2(
      MemorySegment handle,
      int transA,
      int transB,
      int m,
      int n,
      int k,
      MemorySegment alpha,
      MemorySegment a,
      int lda,
      MemorySegment b,
      int ldb,
      MemorySegment beta,
      MemorySegment c,
      int ldc) {
    multiply(
        transA,
        transB,
        m,
        n,
        k,
        get(alpha, R_32F, 0),
        a,
        R_32F,
        lda,
        b,
        R_32F,
        ldb,
        get(beta, R_32F, 0),
        c,
        R_32F,
        ldc);
    return status(handle);
  }

  static int cublasDgemm_v2(
      MemorySegment handle,
      int transA,
      int transB,
      int m,
      int n,
      int k,
      MemorySegment alpha,
      MemorySegment a,
      int lda,
      MemorySegment b,
      int ldb,
      MemorySegment beta,
      MemorySegment c,
      int ldc) {
    multiply(
        transA,
        transB,
        m,
        n,
        k,
        get(alpha, R_64F, 0),
        a,
        R_64F,
        lda,
        b,
        R_64F,
        ldb,
        get(beta, R_64F, 0),
        c,
        R_64F,
        ldc);
    return status(handle);
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

  static int cublasGemmStridedBatchedEx(
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
      long strideA,
      MemorySegment b,
      int typeB,
      int ldb,
      long strideB,
      MemorySegment beta,
      MemorySegment c,
      int typeC,
      int ldc,
      long strideC,
      int count,
      int compute,
      int algorithm) {
    int bytes = typeA == R_64F ? 8 : typeA == R_32F ? 4 : 2;
    for (int g = 0; g < count; g++) {
      int status =
          cublasGemmEx(
              handle,
              transA,
              transB,
              m,
              n,
              k,
              alpha,
              MemorySegment.ofAddress(a.address() + bytes * strideA * g),
              typeA,
              lda,
              MemorySegment.ofAddress(b.address() + bytes * strideB * g),
              typeB,
              ldb,
              beta,
              MemorySegment.ofAddress(c.address() + (typeC == R_64F ? 8 : 4) * strideC * g),
              typeC,
              ldc,
              compute,
              algorithm);
      if (status != 0) {
        return status;
      }
    }
    return 0;
  }

  // ---- the tests ----

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
      boolean turnA = (flags & 1) != 0;
      boolean turnB = (flags & 2) != 0;
      Matrix a = Matrix.random(turnA ? k : m, turnA ? m : k, random);
      Matrix b = Matrix.random(turnB ? n : k, turnB ? k : n, random);
      Matrix c = Matrix.random(m, n, random);
      Matrix product = (turnA ? a.transposed() : a).times(turnB ? b.transposed() : b);
      Matrix expected = product.map(x -> 0.5 * x).plus(c, 2);
      for (ScalarType dtype : new ScalarType[] {ScalarType.FLOAT32, ScalarType.FLOAT64}) {
        for (boolean ex : new boolean[] {true, false}) {
          try (Arena arena = Arena.ofConfined();
              Cublas cublas = Cublas.create()) {
            Cublas.Matrix ca = byColumns(a, dtype, a.rows() + 2, turnA, arena);
            Cublas.Matrix cb = byColumns(b, dtype, b.rows() + 1, turnB, arena);
            Cublas.Matrix cc = byColumns(c, dtype, m + 3, false, arena);
            if (ex) {
              cublas.gemmEx(m, n, k, 0.5, ca, cb, 2, cc);
            } else if (dtype == ScalarType.FLOAT32) {
              cublas.sgemm(m, n, k, 0.5, ca, cb, 2, cc);
            } else {
              cublas.dgemm(m, n, k, 0.5, ca, cb, 2, cc);
            }
            assertColumns(expected, cc, "flags " + flags + " " + dtype + " ex " + ex);
          }
        }
      }
    }
  }

  @Test
  void batches() {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofConfined();
        Cublas cublas = Cublas.create()) {
      // Two matrices side by side: the second starts a stride of ld · columns after the first.
      Matrix a = Matrix.random(3, 2 * 4, random);
      Matrix b = Matrix.random(4, 2 * 2, random);
      Cublas.Matrix ca = byColumns(a, ScalarType.FLOAT32, 3, false, arena);
      Cublas.Matrix cb = byColumns(b, ScalarType.FLOAT32, 5, false, arena);
      Cublas.Matrix cc = byColumns(Matrix.zeros(3, 2 * 2), ScalarType.FLOAT32, 4, false, arena);
      cublas.gemmStridedBatchedEx(
          3,
          2,
          4,
          1,
          new Cublas.Batch(ca, 12),
          new Cublas.Batch(cb, 10),
          0,
          new Cublas.Batch(cc, 8),
          2);
      Matrix expected = Matrix.zeros(3, 4);
      for (int g = 0; g < 2; g++) {
        for (int i = 0; i < 3; i++) {
          for (int j = 0; j < 2; j++) {
            double sum = 0;
            for (int p = 0; p < 4; p++) {
              sum += a.at(i, 4 * g + p) * b.at(p, 2 * g + j);
            }
            expected.set(i, 2 * g + j, sum);
          }
        }
      }
      assertColumns(expected, cc, "batch");
    }
  }

  @Test
  void crossProductsOfRowMajorTensors() {
    Random random = new Random(SEED);
    Matrix a = Matrix.random(9, 5, random);
    Matrix b = Matrix.random(9, 7, random);
    Matrix c = Matrix.random(5, 7, random);
    try (Arena arena = Arena.ofConfined();
        Cublas cublas = Cublas.borrow(MemorySegment.ofAddress(HANDLE));
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
  void handleAndItsState() {
    try (Cublas cublas = Cublas.create()) {
      assertEquals(130200, cublas.version());
      cublas.setStream(MemorySegment.ofAddress(77));
      assertEquals(77, cublas.stream().address());
      cublas.setWorkspace(MemorySegment.ofAddress(1000), 24);
      assertEquals(1024, workspaceBytes);
      cublas.setMathMode(Cublas.MathMode.PEDANTIC);
      assertEquals(2, mathMode);
      cublas.setMathMode(Cublas.MathMode.FULL_PRECISION_REDUCTION);
      assertEquals(16, mathMode);
      cublas.setMathMode(Cublas.MathMode.DEFAULT);
      assertEquals(0, mathMode);
    }
  }

  @Test
  void failuresCarryCublassText() {
    Cublas cublas = Cublas.create();
    nextStatus = 13;
    NativeException failure = assertThrows(NativeException.class, cublas::version);
    assertEquals("cublasGetVersion failed with 13: NAME_13, text of 13", failure.getMessage());
    nextStatus = 14;
    assertEquals("no text, text of 14", assertThrows(NativeException.class, cublas::stream).text());
    cublas.close();
    cublas.close();
    assertEquals(
        "the cuBLAS handle is closed",
        assertThrows(IllegalStateException.class, cublas::version).getMessage());
  }

  @Test
  void matricesThatDoNotFitAreRefused() {
    try (Cublas cublas = Cublas.create()) {
      Cublas.Matrix x = new Cublas.Matrix(MemorySegment.NULL, ScalarType.FLOAT32, 3, false);
      Cublas.Matrix turned = new Cublas.Matrix(MemorySegment.NULL, ScalarType.FLOAT32, 3, true);
      Cublas.Matrix whole = new Cublas.Matrix(MemorySegment.NULL, ScalarType.INT64, 3, false);
      assertThrows(IllegalArgumentException.class, () -> cublas.gemmEx(4, 1, 1, 1, x, x, 0, x));
      assertThrows(
          IllegalArgumentException.class, () -> cublas.gemmEx(3, 3, 4, 1, turned, x, 0, x));
      assertThrows(
          IllegalArgumentException.class, () -> cublas.gemmEx(3, 3, 3, 1, x, x, 0, turned));
      assertThrows(IllegalArgumentException.class, () -> cublas.gemmEx(-1, 3, 3, 1, x, x, 0, x));
      assertThrows(IllegalArgumentException.class, () -> cublas.gemmEx(3, 3, 3, 1, whole, x, 0, x));
    }
  }
}
