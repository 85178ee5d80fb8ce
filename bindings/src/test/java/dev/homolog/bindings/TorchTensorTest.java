package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.bindings.gen.torch.TorchC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who owns what, and what each misuse says. */
@ExtendWith(TorchFixture.class)
class TorchTensorTest {
  private static MemorySegment counting(Arena arena, int length) {
    MemorySegment data = arena.allocate(4L * length, 4);
    for (int i = 0; i < length; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
    }
    return data;
  }

  @Test
  void wrapsWithoutACopy() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = counting(arena, 12);
      try (TorchTensor tensor = TorchTensor.wrap(data, ScalarType.FLOAT32, 3, 4)) {
        assertEquals(data.address(), tensor.address().address());
        assertEquals(ScalarType.FLOAT32, tensor.dtype());
        assertEquals(Device.CPU, tensor.device());
        assertArrayEquals(new long[] {3, 4}, tensor.sizes());
        assertArrayEquals(new long[] {4, 1}, tensor.strides());
        assertEquals(12, tensor.elements());
        TorchPointwise.mulInPlace(tensor, 10);
        assertEquals(110, data.getAtIndex(ValueLayout.JAVA_FLOAT, 11));
      }
    }
  }

  @Test
  void viewsShareAndOutliveTheirBase() {
    TorchTensor base = TorchFixture.torch().zeros(ScalarType.FLOAT32, Device.CPU, 4, 6);
    TorchTensor columns = base.columns(2, 5);
    TorchTensor row = columns.rows(1, 2);
    TorchTensor transposed = row.t();
    assertFalse(columns.isContiguous());
    base.close();
    columns.close();
    row.fill(7);
    assertArrayEquals(new long[] {3, 1}, transposed.sizes());
    assertArrayEquals(new long[] {1, 6}, transposed.strides());
    assertEquals(7, Matrix.of(transposed).at(2, 0));
    row.close();
    transposed.close();
  }

  @Test
  void expandRepeatsWithoutACopy() {
    try (Arena arena = Arena.ofConfined();
        TorchTensor row = TorchTensor.wrap(counting(arena, 3), ScalarType.FLOAT32, 1, 3);
        TorchTensor rows = row.expand(4, 3)) {
      assertArrayEquals(new long[] {0, 1}, rows.strides());
      assertEquals(2, Matrix.of(rows).at(3, 2));
      assertThrows(IllegalArgumentException.class, () -> row.expand(4, 5));
    }
  }

  @Test
  void viewsStayInside() {
    try (TorchTensor base = TorchFixture.torch().zeros(ScalarType.FLOAT32, Device.CPU, 4, 6);
        TorchTensor lower = base.rows(2, 4)) {
      assertThrows(IndexOutOfBoundsException.class, () -> base.rows(0, 5));
      assertThrows(IndexOutOfBoundsException.class, () -> base.rows(-1, 2));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> lower.view(new long[] {3, 6}, new long[] {6, 1}, 0));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> lower.view(new long[] {1, 6}, new long[] {6, 1}, -13));
      assertThrows(
          IllegalArgumentException.class,
          () -> base.view(new long[] {2, 2}, new long[] {-1, 1}, 0));
      assertThrows(IllegalArgumentException.class, () -> base.reshape(5, 5));
      try (TorchTensor none = base.rows(4, 4)) {
        assertEquals(0, none.elements());
        assertEquals(0, Matrix.of(none).rows());
      }
    }
  }

  @Test
  void useAfterCloseAndDoubleClose() {
    TorchTensor tensor = TorchFixture.torch().zeros(ScalarType.FLOAT32, Device.CPU, 2, 2);
    tensor.close();
    tensor.close();
    assertTrue(tensor.isClosed());
    assertEquals("closed tensor", tensor.toString());
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class, () -> TorchGemm.accumulate(tensor, tensor, tensor));
    assertEquals("the tensor is closed", failure.getMessage());
    assertThrows(IllegalStateException.class, tensor::sizes);
    assertThrows(IllegalStateException.class, tensor::t);
  }

  @Test
  void closedArenaUnderALiveTensorIsSeen() {
    Arena arena = Arena.ofShared();
    TorchTensor tensor = TorchTensor.wrap(counting(arena, 4), ScalarType.FLOAT32, 2, 2);
    TorchTensor view = tensor.t();
    arena.close();
    IllegalStateException failure =
        assertThrows(IllegalStateException.class, () -> TorchPointwise.add(tensor, 1));
    assertEquals(
        "the memory under the tensor is gone: the arena of its segment is closed",
        failure.getMessage());
    assertThrows(IllegalStateException.class, () -> TorchPointwise.Unary.EXP.of(view));
    assertThrows(IllegalStateException.class, view::address);
    view.close();
    tensor.close();
  }

  @Test
  void confinedMemoryIsItsThreadsAlone() throws InterruptedException {
    try (Arena arena = Arena.ofConfined()) {
      TorchTensor tensor = TorchTensor.wrap(counting(arena, 4), ScalarType.FLOAT32, 2, 2);
      String[] found = new String[2];
      Thread thread =
          Thread.ofPlatform()
              .start(() -> {
                found[0] =
                    assertThrows(WrongThreadException.class, () -> TorchPointwise.add(tensor, 1))
                        .getMessage();
                found[1] = tensor.toString();
                tensor.close();
              });
      thread.join();
      assertEquals(
          "the segment under the tensor belongs to another thread: its arena is confined",
          found[0]);
      assertEquals("tensor of another thread", found[1]);
      assertTrue(tensor.isClosed());
    }
  }

  /** An OpenBLAS with threads of its own does not hear of libtorch's number. */
  @Test
  void threadsAreSetInOpenBlasToo() throws Throwable {
    Optional<MemorySegment> getter = SymbolLookup.loaderLookup().find("openblas_get_num_threads");
    assertEquals(System.getProperty("homolog.testLibtorch") == null, getter.isPresent());
    if (getter.isPresent()) {
      Torch torch = TorchFixture.torch();
      MethodHandle threads =
          Linker.nativeLinker()
              .downcallHandle(getter.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT));
      int before = torch.threads();
      torch.setThreads(1);
      assertEquals(1, (int) threads.invokeExact());
      torch.setThreads(before);
      assertEquals(before, (int) threads.invokeExact());
    }
  }

  @Test
  void readOnlyMemoryIsNotWritten(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("weights");
    Files.write(file, new byte[64]);
    try (Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 64, arena);
      try (TorchTensor tensor = TorchTensor.wrap(mapped, ScalarType.FLOAT32, 4, 4);
          TorchTensor view = tensor.rows(1, 3);
          TorchTensor sum = TorchPointwise.add(view, 1)) {
        assertEquals(mapped.address(), tensor.address().address());
        assertEquals(1, Matrix.of(sum).at(1, 3));
        IllegalStateException failure =
            assertThrows(IllegalStateException.class, () -> view.fill(1));
        assertEquals(
            "the tensor cannot be written to: its segment is read-only", failure.getMessage());
        assertThrows(IllegalStateException.class, () -> TorchPointwise.Unary.RELU.inPlace(tensor));
        assertThrows(
            IllegalStateException.class, () -> TorchGemm.accumulate(tensor, tensor, tensor));
      }
    }
  }

  @Test
  void wrongSegmentsAreRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(64, 8);
      assertThrows(
          IllegalArgumentException.class,
          () -> TorchTensor.wrap(MemorySegment.ofArray(new float[16]), ScalarType.FLOAT32, 4, 4));
      assertThrows(
          IllegalArgumentException.class,
          () -> TorchTensor.wrap(data.asSlice(2), ScalarType.FLOAT32, 2));
      IllegalArgumentException failure =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  TorchTensor.wrap(data, ScalarType.FLOAT32, new long[] {4, 4}, new long[] {5, 1}));
      assertEquals(
          "[4, 4] with strides [5, 1] needs 76 bytes; the segment has 64", failure.getMessage());
    }
  }

  @Test
  void copiesConvert() {
    Torch torch = TorchFixture.torch();
    try (Arena arena = Arena.ofConfined();
        TorchTensor source = TorchTensor.wrap(counting(arena, 6), ScalarType.FLOAT32, 2, 3);
        TorchTensor target = torch.empty(ScalarType.FLOAT64, Device.CPU, 3, 2);
        TorchTensor transposed = target.t();
        TorchTensor copy = transposed.copyFrom(source).copy();
        TorchTensor rounded = TorchPointwise.to(copy, ScalarType.BFLOAT16)) {
      assertEquals(5, Matrix.of(target).at(2, 1));
      assertEquals(5, Matrix.of(copy).at(1, 2));
      assertEquals(ScalarType.BFLOAT16, rounded.dtype());
    }
  }

  @Test
  void threadsAndGradMode() throws InterruptedException {
    Torch torch = TorchFixture.torch();
    int before = torch.threads();
    torch.setThreads(1);
    assertEquals(1, torch.threads());
    torch.setThreads(before);
    assertThrows(IllegalArgumentException.class, () -> torch.setThreads(0));
    boolean[] mode = {true};
    Thread thread = Thread.ofPlatform().start(() -> mode[0] = gradMode());
    thread.join();
    assertFalse(mode[0]);
  }

  /** Whether operators of this thread record gradients once it has made a call. */
  private static boolean gradMode() {
    Scratch.get();
    return TorchC.aoti_torch_grad_mode_is_enabled();
  }

  @Test
  void withoutCudaItsMethodsSaySo() {
    Torch torch = TorchFixture.torch();
    assertTrue(torch.gpu().isEmpty());
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class, () -> torch.zeros(ScalarType.FLOAT32, Device.cuda(0), 2));
    assertEquals("this process runs libtorch without CUDA", failure.getMessage());
    assertThrows(IllegalStateException.class, torch::blasHandle);
  }
}
