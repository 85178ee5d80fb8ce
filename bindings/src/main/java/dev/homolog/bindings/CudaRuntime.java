package dev.homolog.bindings;

import dev.homolog.bindings.gen.cudart.CudartC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/** The CUDA runtime of this process. Any thread; the current device is a thread's own. */
public final class CudaRuntime {
  private static final long MAX_TEXT = 4096;

  /** Larger than cudaDeviceProp of any version; the name is its first field in all of them. */
  private static final long PROPERTIES_BYTES = 1 << 14;

  private static final long NAME_BYTES = 256;

  private CudaRuntime() {}

  /** The runtime, if a libtorch with CUDA has loaded it with all functions that are used here. */
  public static Optional<CudaRuntime> loaded() {
    SymbolLookup lookup = SymbolLookup.loaderLookup();
    return Arrays.stream(CudartC.class.getDeclaredClasses())
            .allMatch(function -> lookup.find(function.getSimpleName()).isPresent())
        ? Optional.of(new CudaRuntime())
        : Optional.empty();
  }

  /** Free and total bytes of a GPU. */
  public record Memory(long free, long total) {}

  /** Number of GPUs; throws, with CUDA's reason, if there is none. */
  public int deviceCount() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(CudartC.cudaGetDeviceCount(out), "cudaGetDeviceCount");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  public int device() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(CudartC.cudaGetDevice(out), "cudaGetDevice");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  public void setDevice(int device) {
    check(CudartC.cudaSetDevice(device), "cudaSetDevice");
  }

  /** What a GPU is called: "NVIDIA H100 80GB HBM3". */
  public String deviceName(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment properties = arena.allocate(PROPERTIES_BYTES, 16);
      check(CudartC.cudaGetDeviceProperties(properties, device), "cudaGetDeviceProperties");
      return properties.asSlice(0, NAME_BYTES).getString(0);
    }
  }

  /** Major · 10 + minor: 90 for Hopper. */
  public int computeCapability(int device) {
    return 10 * attribute(CudartC.cudaDevAttrComputeCapabilityMajor(), device)
        + attribute(CudartC.cudaDevAttrComputeCapabilityMinor(), device);
  }

  public int multiprocessors(int device) {
    return attribute(CudartC.cudaDevAttrMultiProcessorCount(), device);
  }

  private static int attribute(int attribute, int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(CudartC.cudaDeviceGetAttribute(out, attribute, device), "cudaDeviceGetAttribute");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** Of the calling thread's current device. */
  public Memory memory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG, 2);
      check(CudartC.cudaMemGetInfo(out, out.asSlice(8)), "cudaMemGetInfo");
      return new Memory(
          out.getAtIndex(ValueLayout.JAVA_LONG, 0), out.getAtIndex(ValueLayout.JAVA_LONG, 1));
    }
  }

  /** 1000 · major + 10 · minor. */
  public int runtimeVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(CudartC.cudaRuntimeGetVersion(out), "cudaRuntimeGetVersion");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** 1000 · major + 10 · minor of the newest CUDA that the driver supports; 0 without a driver. */
  public int driverVersion() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(CudartC.cudaDriverGetVersion(out), "cudaDriverGetVersion");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** Memory of the current device that libtorch does not know of; the caller frees it. */
  public MemorySegment malloc(long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(CudartC.cudaMalloc(out, bytes), "cudaMalloc");
      LiveHandles.made();
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  public void free(MemorySegment memory) {
    check(CudartC.cudaFree(memory), "cudaFree");
    LiveHandles.gone();
  }

  /** Copies between host and devices; waits. */
  public void copy(MemorySegment target, MemorySegment source, long bytes) {
    check(CudartC.cudaMemcpy(target, source, bytes, CudartC.cudaMemcpyDefault()), "cudaMemcpy");
  }

  /** Copies in the order of a stream; both sides stay as they are until it was waited for. */
  public void copyAsync(
      MemorySegment target, MemorySegment source, long bytes, MemorySegment stream) {
    check(
        CudartC.cudaMemcpyAsync(target, source, bytes, CudartC.cudaMemcpyDefault(), stream),
        "cudaMemcpyAsync");
  }

  public void synchronize(MemorySegment stream) {
    check(CudartC.cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  }

  public void synchronizeDevice() {
    check(CudartC.cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  /** A point in a stream's work, for timing. */
  public Event event() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(CudartC.cudaEventCreate(out), "cudaEventCreate");
      return new Event(out.get(ValueLayout.ADDRESS, 0));
    }
  }

  /** Owns a cudaEvent_t. One thread at a time; closing twice is allowed. */
  public static final class Event implements AutoCloseable {
    private MemorySegment handle;

    private Event(MemorySegment handle) {
      this.handle = handle;
      LiveHandles.made();
    }

    private MemorySegment handle() {
      if (handle == null) {
        throw new IllegalStateException("the event is closed");
      }
      return handle;
    }

    /** Marks where the stream's work stands now. */
    public void record(MemorySegment stream) {
      check(CudartC.cudaEventRecord(handle(), stream), "cudaEventRecord");
    }

    /** Waits until the stream has come to the mark. */
    public void synchronize() {
      check(CudartC.cudaEventSynchronize(handle()), "cudaEventSynchronize");
    }

    /** Milliseconds from an earlier mark to this one; both were waited for. */
    public float millisecondsSince(Event earlier) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT);
        check(
            CudartC.cudaEventElapsedTime(out, earlier.handle(), handle()), "cudaEventElapsedTime");
        return out.get(ValueLayout.JAVA_FLOAT, 0);
      }
    }

    @Override
    public void close() {
      if (handle != null) {
        MemorySegment last = handle;
        handle = null;
        LiveHandles.gone();
        check(CudartC.cudaEventDestroy(last), "cudaEventDestroy");
      }
    }
  }

  private static void check(int status, String function) {
    if (status != 0) {
      String name = CudartC.cudaGetErrorName(status).reinterpret(MAX_TEXT).getString(0);
      String text = CudartC.cudaGetErrorString(status).reinterpret(MAX_TEXT).getString(0);
      // Errors that do not break the device are forgotten, so that they are not reported again by a
      // later call.
      CudartC.cudaGetLastError();
      throw new NativeException(function, status, name + ", " + text);
    }
  }
}
