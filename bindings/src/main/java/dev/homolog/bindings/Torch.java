package dev.homolog.bindings;

import dev.homolog.bindings.gen.torch.TorchC;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.bindings.load.LoadedTorch;
import dev.homolog.bindings.load.NativeUnavailableException;
import dev.homolog.bindings.load.Refusal;
import dev.homolog.bindings.load.TorchLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * The libtorch of this process: makes tensors, sets threads, and hands out cuBLAS's handle. Any
 * thread.
 */
public final class Torch {
  private static Torch opened;

  private final LoadedTorch library;

  private Torch(LoadedTorch library) {
    this.library = library;
  }

  /**
   * Loads libtorch and tries every operator of this package once, on the CPU and, if there is one,
   * on the first GPU.
   *
   * @throws NativeUnavailableException with the reasons, if there is no libtorch that serves
   */
  public static synchronized Torch open(LoadOptions options) {
    LoadedTorch library = TorchLibrary.load(options);
    if (opened == null) {
      requireCodes(library);
      OperatorCheck.run(library, Device.CPU);
      if (library.cuda().isPresent()) {
        OperatorCheck.run(library, Device.cuda(0));
      }
      opened = new Torch(library);
    }
    return opened;
  }

  /** What is loaded, from where, and what was not and why. */
  public LoadedTorch library() {
    return library;
  }

  /** The first GPU, if CUDA was loaded. */
  public Optional<Device> gpu() {
    return library.cuda().map(cuda -> Device.cuda(0));
  }

  /** The native objects made through this package and not yet closed. */
  public static long liveHandles() {
    return LiveHandles.count();
  }

  // ---- tensors ----

  /** Not initialised, contiguous. */
  public TorchTensor empty(ScalarType dtype, Device device, long... sizes) {
    requireDevice(device);
    return TorchCalls.emptyStrided(dtype, device, sizes, Shapes.contiguous(sizes));
  }

  /** Contiguous, all elements 0. */
  public TorchTensor zeros(ScalarType dtype, Device device, long... sizes) {
    return empty(dtype, device, sizes).zero();
  }

  // ---- threads ----

  /** Threads that one operator of the CPU uses. */
  public int threads() {
    Scratch s = Scratch.get();
    TorchErrors.check(TorchC.torch_get_num_threads(s.out0), "torch_get_num_threads");
    return s.int0();
  }

  /**
   * Sets them, for operators called on this thread and on threads that have not called one yet. The
   * products of an OpenBLAS with threads of its own, which the embedded libtorch has, follow for
   * the whole process.
   */
  public void setThreads(int number) {
    if (number < 1) {
      throw new IllegalArgumentException(number + " threads");
    }
    Scratch.get();
    try {
      ThreadSetters.TORCH.invokeExact(number);
      if (ThreadSetters.OPENBLAS != null) {
        ThreadSetters.OPENBLAS.invokeExact(number);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native call cannot throw", e);
    }
  }

  /**
   * The two functions that no generated class has; each takes one int and returns nothing.
   *
   * <p>{@code at::set_num_threads(int)} is called by its C++ name, since libtorch has no C function
   * for it. That name of the Itanium ABI is unchanged since torch 1.0. {@code
   * openblas_set_num_threads} is OpenBLAS's, to which libtorch does not pass its number on.
   */
  private static final class ThreadSetters {
    private static final MethodHandle TORCH =
        find("_ZN2at15set_num_threadsEi")
            .orElseThrow(() ->
                new UnsupportedOperationException(
                    "this libtorch cannot set its number of threads; start the process with"
                        + " OMP_NUM_THREADS"));
    private static final MethodHandle OPENBLAS = find("openblas_set_num_threads").orElse(null);

    private static Optional<MethodHandle> find(String name) {
      return SymbolLookup.loaderLookup()
          .find(name)
          .map(address ->
              Linker.nativeLinker()
                  .downcallHandle(address, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT)));
    }
  }

  // ---- CUDA ----

  /**
   * libtorch's cublasHandle_t of the calling thread's current device and stream: not to be
   * destroyed.
   */
  public MemorySegment blasHandle() {
    requireCuda();
    Scratch s = Scratch.get();
    TorchErrors.check(
        TorchC.torch_get_current_cuda_blas_handle(s.out0), "torch_get_current_cuda_blas_handle");
    return s.pointer0();
  }

  private void requireDevice(Device device) {
    if (device.isCuda()) {
      requireGpu(device);
    }
  }

  private void requireGpu(Device device) {
    LoadedTorch.Cuda cuda = requireCuda();
    if (!device.isCuda() || device.index() >= cuda.gpus()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s is not one of the %d GPUs of this process", device, cuda.gpus()));
    }
  }

  private LoadedTorch.Cuda requireCuda() {
    return library
        .cuda()
        .orElseThrow(() -> new IllegalStateException("this process runs libtorch without CUDA"));
  }

  private static void requireCodes(LoadedTorch library) {
    boolean equal =
        Device.CPU.type() == TorchC.aoti_torch_device_type_cpu()
            && Device.cuda(0).type() == TorchC.aoti_torch_device_type_cuda()
            && ScalarType.BFLOAT16.code() == TorchC.aoti_torch_dtype_bfloat16()
            && ScalarType.FLOAT16.code() == TorchC.aoti_torch_dtype_float16()
            && ScalarType.FLOAT32.code() == TorchC.aoti_torch_dtype_float32()
            && ScalarType.FLOAT64.code() == TorchC.aoti_torch_dtype_float64()
            && ScalarType.UINT8.code() == TorchC.aoti_torch_dtype_uint8()
            && ScalarType.INT32.code() == TorchC.aoti_torch_dtype_int32()
            && ScalarType.INT64.code() == TorchC.aoti_torch_dtype_int64()
            && ScalarType.BOOL.code() == TorchC.aoti_torch_dtype_bool();
    if (!equal) {
      throw new NativeUnavailableException(
          new Refusal(
              library.source().label(),
              library.folder().toString(),
              "libtorch " + library.version() + " numbers dtypes or devices in a new way",
              "use a version that this Homolog was tested with"));
    }
  }
}
