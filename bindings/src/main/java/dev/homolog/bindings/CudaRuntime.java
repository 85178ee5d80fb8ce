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

  /** Streaming multiprocessors of a GPU. */
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

  private static void check(int status, String function) {
    if (status != 0) {
      String name = NativeText.read(CudartC.cudaGetErrorName(status));
      String text = NativeText.read(CudartC.cudaGetErrorString(status));
      // Errors that do not break the device are forgotten, so that they are not reported again by a
      // later call.
      CudartC.cudaGetLastError();
      throw new NativeException(function, status, name + ", " + text);
    }
  }
}
