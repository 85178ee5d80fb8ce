package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.bindings.gen.cudart.CudartC;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The calls of the CUDA runtime, answered by methods of this class through the generated handles.
 */
@ExtendWith(TorchFixture.class)
class CudaRuntimeTest {
  private static CudaRuntime cuda;
  private static int nextStatus;
  private static int forgotten;

  @BeforeAll
  static void replaceCuda(@TempDir Path folder) throws Exception {
    assertTrue(CudaRuntime.loaded().isEmpty());
    FakeCuda.load(folder.resolve("libcudart.so"), CudartC.class);
    FakeCuda.answer(CudartC.class, CudaRuntimeTest.class, MethodHandles.lookup());
    cuda = CudaRuntime.loaded().orElseThrow();
  }

  private static int putInt(MemorySegment out, int value) {
    out.reinterpret(4).set(ValueLayout.JAVA_INT, 0, value);
    return status();
  }

  private static int status() {
    int status = nextStatus;
    nextStatus = 0;
    return status;
  }

  static int cudaRuntimeGetVersion(MemorySegment out) {
    return putInt(out, 13020);
  }

  static int cudaDriverGetVersion(MemorySegment out) {
    return putInt(out, 13030);
  }

  static int cudaDeviceGetAttribute(MemorySegment out, int attribute, int device) {
    return putInt(out, attribute == 75 ? 9 : attribute == 76 ? 0 : 100 * device + attribute);
  }

  static int cudaGetDeviceProperties(MemorySegment out, int device) {
    out.reinterpret(256).setString(0, "Test GPU " + device);
    return status();
  }

  static int cudaMemGetInfo(MemorySegment free, MemorySegment total) {
    free.reinterpret(8).set(ValueLayout.JAVA_LONG, 0, 1L << 33);
    total.reinterpret(8).set(ValueLayout.JAVA_LONG, 0, 1L << 36);
    return status();
  }

  static MemorySegment cudaGetErrorName(int status) {
    return FakeCuda.text("cudaError" + status);
  }

  static MemorySegment cudaGetErrorString(int status) {
    return FakeCuda.text("text of " + status);
  }

  static int cudaGetLastError() {
    forgotten++;
    return 0;
  }

  @Test
  void whatItSaysOfDevices() {
    assertEquals("Test GPU 1", cuda.deviceName(1));
    assertEquals(90, cuda.computeCapability(0));
    assertEquals(116, cuda.multiprocessors(1));
    assertEquals(new CudaRuntime.Memory(1L << 33, 1L << 36), cuda.memory());
    assertEquals(13020, cuda.runtimeVersion());
    assertEquals(13030, cuda.driverVersion());
  }

  @Test
  void failuresCarryCudasText() {
    nextStatus = 100;
    int before = forgotten;
    NativeException failure = assertThrows(NativeException.class, () -> cuda.memory());
    assertEquals("cudaMemGetInfo failed with 100: cudaError100, text of 100", failure.getMessage());
    assertEquals(before + 1, forgotten);
    nextStatus = 2;
    assertEquals(2, assertThrows(NativeException.class, () -> cuda.driverVersion()).code());
  }
}
