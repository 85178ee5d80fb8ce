package dev.homolog.bindings;

import dev.homolog.bindings.gen.cublas.CublasC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;

/**
 * libtorch's cuBLAS handle ({@link Torch#blasHandle}), which runs on the stream that is current in
 * libtorch.
 *
 * <p>cuBLAS stores matrices by columns. A row-major matrix [r, c] with row stride s is, seen by
 * columns, its transpose [c, r] with leading dimension s: {@link #accumulateTransposed} does that
 * translation. One thread at a time.
 */
public final class Cublas implements AutoCloseable {
  private MemorySegment handle;

  /** alpha and beta, read by cuBLAS before a call returns: its pointer mode is that of the host. */
  private final MemorySegment scalars = Arena.ofAuto().allocate(16, 8);

  private Cublas(MemorySegment handle) {
    this.handle = handle;
  }

  /** Whether cuBLAS is in this process, with all functions that are used here. */
  public static boolean isLoaded() {
    SymbolLookup lookup = SymbolLookup.loaderLookup();
    return Arrays.stream(CublasC.class.getDeclaredClasses())
        .allMatch(function -> lookup.find(function.getSimpleName()).isPresent());
  }

  /** libtorch's handle, which stays libtorch's. */
  public static Cublas borrow(MemorySegment handle) {
    requireLoaded();
    return new Cublas(handle);
  }

  private static void requireLoaded() {
    if (!isLoaded()) {
      throw new IllegalStateException("cuBLAS is not loaded in this process");
    }
  }

  private MemorySegment handle() {
    if (handle == null) {
      throw new IllegalStateException("the cuBLAS handle is closed");
    }
    return handle;
  }

  /** 10000 · major + 100 · minor + patch. */
  public int version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(CublasC.cublasGetVersion_v2(handle(), out), "cublasGetVersion");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * A matrix stored by columns.
   *
   * @param data address on the device
   * @param type of its elements
   * @param ld elements from one column to the next
   * @param transposed whether it takes part transposed
   */
  public record Matrix(MemorySegment data, ScalarType type, int ld, boolean transposed) {}

  /**
   * c [m, n] = beta · c + alpha · a [m, k] · b [k, n], by columns. Sums are in float32 for a and b
   * of float32, bfloat16 and float16, and in float64 for float64.
   */
  public void gemmEx(int m, int n, int k, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
    requireGemm(m, n, k, a, b, c);
    boolean wide = a.type() == ScalarType.FLOAT64;
    setScalars(wide, alpha, beta);
    int compute = wide ? CublasC.CUBLAS_COMPUTE_64F() : CublasC.CUBLAS_COMPUTE_32F();
    check(
        CublasC.cublasGemmEx(
            handle(),
            operation(a),
            operation(b),
            m,
            n,
            k,
            scalars,
            a.data(),
            type(a.type()),
            a.ld(),
            b.data(),
            type(b.type()),
            b.ld(),
            scalars.asSlice(8),
            c.data(),
            type(c.type()),
            c.ld(),
            compute,
            CublasC.CUBLAS_GEMM_DEFAULT()),
        "cublasGemmEx");
  }

  /**
   * c [n, m] = beta · c + aᵀ · b of row-major a [rows, n] and b [rows, m]: the update of cross
   * products. a and b are of one dtype; c is float32, or float64 if they are. Columns may be slices
   * of wider rows.
   */
  public void accumulateTransposed(TorchTensor c, TorchTensor a, TorchTensor b, double beta) {
    TorchGemm.requireSameDevice(c, a);
    TorchGemm.requireSameDevice(c, b);
    if (a.dim() != 2 || b.dim() != 2 || a.size(0) != b.size(0) || a.dtype() != b.dtype()) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, "aᵀ · b of %s and %s", a, b));
    }
    TorchGemm.requireShape(c, new long[] {a.size(1), b.size(1)});
    ScalarType sum = a.dtype() == ScalarType.FLOAT64 ? ScalarType.FLOAT64 : ScalarType.FLOAT32;
    if (c.dtype() != sum) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "the sums of %s are not %s", a, c));
    }
    // By columns: cᵀ [m, n] = bᵀ [m, rows] · a [rows, n], where b's rows are columns already and
    // a's must be transposed.
    gemmEx(
        Math.toIntExact(b.size(1)),
        Math.toIntExact(a.size(1)),
        Math.toIntExact(a.size(0)),
        1,
        rowMajor(b, false),
        rowMajor(a, true),
        beta,
        rowMajor(c, false));
  }

  /**
   * out [m, n] = beta · out + a [m, k] · b [k, n], row-major; a and b of one dtype, each possibly a
   * transposed view. out is float32, or float64 if they are.
   */
  public void multiply(TorchTensor out, TorchTensor a, TorchTensor b, double beta) {
    TorchGemm.requireSameDevice(out, a);
    TorchGemm.requireSameDevice(out, b);
    if (a.dim() != 2 || b.dim() != 2 || a.size(1) != b.size(0) || a.dtype() != b.dtype()) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, "a · b of %s and %s", a, b));
    }
    TorchGemm.requireShape(out, new long[] {a.size(0), b.size(1)});
    // By columns: outᵀ [n, m] = bᵀ [n, k] · aᵀ [k, m], where rows are columns already.
    gemmEx(
        Math.toIntExact(b.size(1)),
        Math.toIntExact(a.size(0)),
        Math.toIntExact(a.size(1)),
        1,
        eitherMajor(b),
        eitherMajor(a),
        beta,
        rowMajor(out, false));
  }

  /** A row-major matrix, or a transposed view of one. */
  private static Matrix eitherMajor(TorchTensor tensor) {
    if (tensor.rawStrides()[1] == 1) {
      return rowMajor(tensor, false);
    }
    try (TorchTensor upright = tensor.t()) {
      return rowMajor(upright, true);
    }
  }

  private static Matrix rowMajor(TorchTensor tensor, boolean transposed) {
    long[] strides = tensor.rawStrides();
    if (strides[1] != 1) {
      throw new IllegalArgumentException("the rows of " + tensor + " are not contiguous");
    }
    // A single row may have any stride; cuBLAS wants a leading dimension that a column fits into.
    long ld = Math.max(strides[0], Math.max(1, tensor.size(1)));
    return new Matrix(tensor.address(), tensor.dtype(), Math.toIntExact(ld), transposed);
  }

  private static void requireGemm(int m, int n, int k, Matrix a, Matrix b, Matrix c) {
    if (m < 0 || n < 0 || k < 0) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "gemm of %d × %d × %d", m, n, k));
    }
    requireLd(a, a.transposed() ? k : m);
    requireLd(b, b.transposed() ? n : k);
    requireLd(c, m);
    if (c.transposed()) {
      throw new IllegalArgumentException("the result of a gemm cannot be transposed");
    }
  }

  private static void requireLd(Matrix matrix, int rows) {
    if (matrix.ld() < Math.max(1, rows)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "leading dimension %d of a matrix of %d rows", matrix.ld(), rows));
    }
  }

  private static int operation(Matrix matrix) {
    return matrix.transposed() ? CublasC.CUBLAS_OP_T() : CublasC.CUBLAS_OP_N();
  }

  private static int type(ScalarType dtype) {
    return switch (dtype) {
      case FLOAT32 -> CublasC.CUDA_R_32F();
      case FLOAT64 -> CublasC.CUDA_R_64F();
      case BFLOAT16 -> CublasC.CUDA_R_16BF();
      case FLOAT16 -> CublasC.CUDA_R_16F();
      case UINT8, INT32, INT64, BOOL -> throw new IllegalArgumentException("a gemm of " + dtype);
    };
  }

  private void setScalars(boolean wide, double alpha, double beta) {
    if (wide) {
      scalars.set(ValueLayout.JAVA_DOUBLE, 0, alpha);
      scalars.set(ValueLayout.JAVA_DOUBLE, 8, beta);
    } else {
      scalars.set(ValueLayout.JAVA_FLOAT, 0, (float) alpha);
      scalars.set(ValueLayout.JAVA_FLOAT, 8, (float) beta);
    }
  }

  private static void check(int status, String function) {
    if (status != 0) {
      String name = NativeText.read(CublasC.cublasGetStatusName(status));
      String text = NativeText.read(CublasC.cublasGetStatusString(status));
      throw new NativeException(function, status, name + ", " + text);
    }
  }

  /** Gives the handle back; it stays libtorch's. Closing twice is allowed. */
  @Override
  public void close() {
    handle = null;
  }
}
