package dev.homolog.bindings;

import dev.homolog.bindings.gen.cublas.CublasC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A cuBLAS handle: its own, or libtorch's ({@link Torch#blasHandle}), which runs on the stream that
 * is current in libtorch.
 *
 * <p>cuBLAS stores matrices by columns. A row-major matrix [r, c] with row stride s is, seen by
 * columns, its transpose [c, r] with leading dimension s: {@link #accumulateTransposed} does that
 * translation. One thread at a time.
 */
public final class Cublas implements AutoCloseable {
  private final boolean owned;
  private MemorySegment handle;

  /** alpha and beta, read by cuBLAS before a call returns: its pointer mode is that of the host. */
  private final MemorySegment scalars = Arena.ofAuto().allocate(16, 8);

  private Cublas(MemorySegment handle, boolean owned) {
    this.handle = handle;
    this.owned = owned;
    if (owned) {
      LiveHandles.made();
    }
  }

  /** Whether cuBLAS is in this process, with all functions that are used here. */
  public static boolean isLoaded() {
    SymbolLookup lookup = SymbolLookup.loaderLookup();
    return Arrays.stream(CublasC.class.getDeclaredClasses())
        .allMatch(function -> lookup.find(function.getSimpleName()).isPresent());
  }

  /** A new handle on the calling thread's current device, which this object destroys. */
  public static Cublas create() {
    requireLoaded();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(CublasC.cublasCreate_v2(out), "cublasCreate");
      return new Cublas(out.get(ValueLayout.ADDRESS, 0), true);
    }
  }

  /** libtorch's handle, which stays libtorch's. */
  public static Cublas borrow(MemorySegment handle) {
    requireLoaded();
    return new Cublas(handle, false);
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

  /** The stream that calls run on. Resets the workspace. */
  public void setStream(MemorySegment stream) {
    check(CublasC.cublasSetStream_v2(handle(), stream), "cublasSetStream");
  }

  public MemorySegment stream() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(CublasC.cublasGetStream_v2(handle(), out), "cublasGetStream");
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /**
   * Memory of the device for calls to use, so that reruns are equal bit for bit; null pointer and 0
   * for cuBLAS's own.
   */
  public void setWorkspace(MemorySegment memory, long bytes) {
    check(CublasC.cublasSetWorkspace_v2(handle(), memory, bytes), "cublasSetWorkspace");
  }

  /** Which shortcuts calls may take. */
  public enum MathMode {
    /** Those that keep the precision of the compute type; no TF32. */
    DEFAULT,
    /** None: only what the compute type says, step by step. */
    PEDANTIC,
    /** As the default, and split sums are added in full precision too. */
    FULL_PRECISION_REDUCTION
  }

  public void setMathMode(MathMode mode) {
    int code =
        switch (mode) {
          case DEFAULT -> CublasC.CUBLAS_DEFAULT_MATH();
          case PEDANTIC -> CublasC.CUBLAS_PEDANTIC_MATH();
          case FULL_PRECISION_REDUCTION ->
              CublasC.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION();
        };
    check(CublasC.cublasSetMathMode(handle(), code), "cublasSetMathMode");
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

  /** As {@link #gemmEx}, count times, each matrix so many elements after the one before. */
  public void gemmStridedBatchedEx(
      int m, int n, int k, double alpha, Batch a, Batch b, double beta, Batch c, int count) {
    requireGemm(m, n, k, a.first(), b.first(), c.first());
    boolean wide = a.first().type() == ScalarType.FLOAT64;
    setScalars(wide, alpha, beta);
    int compute = wide ? CublasC.CUBLAS_COMPUTE_64F() : CublasC.CUBLAS_COMPUTE_32F();
    check(
        CublasC.cublasGemmStridedBatchedEx(
            handle(),
            operation(a.first()),
            operation(b.first()),
            m,
            n,
            k,
            scalars,
            a.first().data(),
            type(a.first().type()),
            a.first().ld(),
            a.stride(),
            b.first().data(),
            type(b.first().type()),
            b.first().ld(),
            b.stride(),
            scalars.asSlice(8),
            c.first().data(),
            type(c.first().type()),
            c.first().ld(),
            c.stride(),
            count,
            compute,
            CublasC.CUBLAS_GEMM_DEFAULT()),
        "cublasGemmStridedBatchedEx");
  }

  /** Matrices of one shape, stride elements apart. */
  public record Batch(Matrix first, long stride) {}

  /** As {@link #gemmEx}, all in float32. */
  public void sgemm(int m, int n, int k, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
    requireGemm(m, n, k, a, b, c);
    setScalars(false, alpha, beta);
    check(
        CublasC.cublasSgemm_v2(
            handle(),
            operation(a),
            operation(b),
            m,
            n,
            k,
            scalars,
            a.data(),
            a.ld(),
            b.data(),
            b.ld(),
            scalars.asSlice(8),
            c.data(),
            c.ld()),
        "cublasSgemm");
  }

  /** As {@link #gemmEx}, all in float64. */
  public void dgemm(int m, int n, int k, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
    requireGemm(m, n, k, a, b, c);
    setScalars(true, alpha, beta);
    check(
        CublasC.cublasDgemm_v2(
            handle(),
            operation(a),
            operation(b),
            m,
            n,
            k,
            scalars,
            a.data(),
            a.ld(),
            b.data(),
            b.ld(),
            scalars.asSlice(8),
            c.data(),
            c.ld()),
        "cublasDgemm");
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
      throw new IllegalArgumentException("aᵀ · b of %s and %s".formatted(a, b));
    }
    TorchGemm.requireShape(c, new long[] {a.size(1), b.size(1)});
    ScalarType sum = a.dtype() == ScalarType.FLOAT64 ? ScalarType.FLOAT64 : ScalarType.FLOAT32;
    if (c.dtype() != sum) {
      throw new IllegalArgumentException("the sums of %s are not %s".formatted(a, c));
    }
    // By columns: cᵀ [m, n] = bᵀ [m, rows] · a [rows, n], where b's rows are columns already and
    // a's must be turned.
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
      throw new IllegalArgumentException("a · b of %s and %s".formatted(a, b));
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

  /** A row-major matrix, or a view of one that is turned and must be turned back. */
  private static Matrix eitherMajor(TorchTensor tensor) {
    if (tensor.rawStrides()[1] == 1) {
      return rowMajor(tensor, false);
    }
    try (TorchTensor turned = tensor.t()) {
      return rowMajor(turned, true);
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
      throw new IllegalArgumentException("gemm of %d × %d × %d".formatted(m, n, k));
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
          "leading dimension %d of a matrix of %d rows".formatted(matrix.ld(), rows));
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

  /** Destroys the handle if it is this object's. Closing twice is allowed. */
  @Override
  public void close() {
    if (handle == null) {
      return;
    }
    MemorySegment last = handle;
    handle = null;
    if (owned) {
      LiveHandles.gone();
      check(CublasC.cublasDestroy_v2(last), "cublasDestroy");
    }
  }
}
