package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.HomologException;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("x.safetensors");
  }

  @Test
  void whatIsWrittenIsReadBack() {
    byte[] noise = new byte[1001];
    new Random(7).nextBytes(noise);
    double[] doubles = {Math.PI, -0.0, Double.MIN_VALUE};
    try (Arena arena = Arena.ofConfined()) {
      // An odd address, and pieces that a chunk of 64 bytes does not divide.
      MemorySegment odd = arena.allocate(noise.length + 1).asSlice(1);
      odd.copyFrom(MemorySegment.ofArray(noise));
      new SafetensorsWriter(file, 64)
          .metadata("format", "pt")
          .metadata("ünï\n", "\"\\ \u0001 😀")
          .tensor("bytes", DType.U8, List.of(7L, 143L), odd)
          .tensor("none", DType.F32, List.of(3L, 0L), MemorySegment.NULL)
          .tensor("scalar", DType.F16, List.of(), MemorySegment.ofArray(new short[] {0x3c00}))
          .tensor("line\nbreak", DType.F64, List.of(3L), MemorySegment.ofArray(doubles))
          .tensor(
              "pieces",
              DType.BOOL,
              List.of(1001L),
              () -> Stream.of(odd.asSlice(0, 1), odd.asSlice(1, 0), odd.asSlice(1)))
          .write();
    }
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertEquals(
          List.of("line\nbreak", "none", "scalar", "bytes", "pieces"),
          List.copyOf(read.tensors().keySet()));
      assertEquals(Map.of("format", "pt", "ünï\n", "\"\\ \u0001 😀"), read.metadata());
      assertArrayEquals(noise, read.tensor("bytes").data().toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(noise, read.tensor("pieces").data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(List.of(7L, 143L), read.tensor("bytes").shape());
      assertEquals(List.of(), read.tensor("scalar").shape());
      assertEquals(List.of(3L, 0L), read.tensor("none").shape());
      for (StoredTensor tensor : read.tensors().values()) {
        assertEquals(0, tensor.data().address() % tensor.dtype().bytes(), tensor.name());
      }
      assertArrayEquals(
          doubles, read.tensor("line\nbreak").data().toArray(ValueLayout.JAVA_DOUBLE));
    }
  }

  @Test
  void emptyFileIsLegalAndSameInputMakesSameBytes() throws IOException {
    new SafetensorsWriter(file).write();
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertEquals(Map.of(), read.tensors());
    }
    byte[] first = Files.readAllBytes(file);
    new SafetensorsWriter(file).write();
    assertArrayEquals(first, Files.readAllBytes(file));
  }

  /** The reference writer once zeroed the data when it saved over its own mapped source. */
  @Test
  void mappedSourceMayBeOverwritten() {
    writeEarlier();
    try (SafetensorsFile source = SafetensorsFile.open(file)) {
      StoredTensor t = source.tensor("earlier");
      new SafetensorsWriter(file)
          .tensor("a", t.dtype(), t.shape(), t.data())
          .tensor("b", t.dtype(), t.shape(), t.data())
          .write();
      assertEquals(42, source.tensor("earlier").data().get(ValueLayout.JAVA_BYTE, 0));
    }
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertEquals(42, read.tensor("b").data().get(ValueLayout.JAVA_BYTE, 0));
    }
  }

  @Test
  void interruptedWriterLeavesTheEarlierFile() throws IOException {
    byte[] earlier = writeEarlier();
    MemorySegment part = MemorySegment.ofArray(new byte[100]);

    SafetensorsWriter failing =
        writer(() ->
            Stream.of(1, 2)
                .map(i -> {
                  if (i == 2) {
                    throw new IllegalStateException("source failed");
                  }
                  return part;
                }));
    assertEquals(
        "source failed", assertThrows(IllegalStateException.class, failing::write).getMessage());
    assertOnly(earlier);

    assertEquals(
        file + ": t: dtype U8 and shape [200] make 200 bytes, but 100 were given",
        assertThrows(IllegalArgumentException.class, writer(() -> Stream.of(part))::write)
            .getMessage());
    assertOnly(earlier);

    assertEquals(
        file + ": t: its pieces exceed 200 bytes",
        assertThrows(
                IllegalArgumentException.class, writer(() -> Stream.of(part, part, part))::write)
            .getMessage());
    assertOnly(earlier);

    SafetensorsWriter interrupted =
        writer(() -> {
          Thread.currentThread().interrupt();
          return Stream.of(part, part);
        });
    HomologException e = assertThrows(HomologException.class, interrupted::write);
    assertTrue(Thread.interrupted());
    assertEquals(
        file
            + ": could not be written (java.nio.channels.ClosedByInterruptException);"
            + " free space and check permissions",
        e.getMessage());
    assertOnly(earlier);
  }

  private SafetensorsWriter writer(Supplier<Stream<MemorySegment>> pieces) {
    return new SafetensorsWriter(file).tensor("t", DType.U8, List.of(200L), pieces);
  }

  private byte[] writeEarlier() {
    new SafetensorsWriter(file)
        .tensor("earlier", DType.I8, List.of(1L), MemorySegment.ofArray(new byte[] {42}))
        .write();
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The earlier file is as it was and no temporary file is left. */
  private void assertOnly(byte[] earlier) throws IOException {
    assertArrayEquals(earlier, Files.readAllBytes(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void illegalInputIsRefused() {
    SafetensorsWriter writer = new SafetensorsWriter(file).metadata("k", "v");
    MemorySegment four = MemorySegment.ofArray(new byte[4]);
    writer.tensor("a", DType.F32, List.of(1L), four);
    assertIllegal("a: is there already", () -> writer.tensor("a", DType.F32, List.of(1L), four));
    assertIllegal("k: metadata is there already", () -> writer.metadata("k", "w"));
    assertIllegal("\ud800: metadata is not valid Unicode", () -> writer.metadata("\ud800", ""));
    assertIllegal(
        "__metadata__: illegal name",
        () -> writer.tensor("__metadata__", DType.F32, List.of(1L), four));
    assertIllegal(
        "\udc00: illegal name", () -> writer.tensor("\udc00", DType.U8, List.of(4L), four));
    assertIllegal(
        "b: dtype F32 and shape [2] make 8 bytes, but 4 were given",
        () -> writer.tensor("b", DType.F32, List.of(2L), four));
    assertIllegal("b: illegal shape [-1]", () -> writer.tensor("b", DType.F32, List.of(-1L), four));
    assertIllegal(
        "b: shape [4611686018427387904, 4] is too large to count in bytes",
        () -> writer.tensor("b", DType.F32, List.of(1L << 62, 4L), four));
  }

  private void assertIllegal(String message, Executable executable) {
    assertEquals(
        file + ": " + message,
        assertThrows(IllegalArgumentException.class, executable).getMessage());
  }

  @Test
  void folderMustExist() {
    Path inside = folder.resolve("none").resolve("x.safetensors");
    assertRefused(
        inside + ": its folder does not exist; give the name of a file in an existing folder",
        () -> new SafetensorsWriter(inside).write());
    assertRefused(
        folder + ": is a folder; give the name of a file in an existing folder",
        () -> new SafetensorsWriter(folder).write());
  }

  /** Writes 2 GiB and 1 KiB. */
  @Test
  void segmentBeyondTwoGibibytes() throws IOException {
    long size = (1L << 31) + 1024;
    Path sparse = folder.resolve("sparse");
    try (RandomAccessFile source = new RandomAccessFile(sparse.toFile(), "rw");
        Arena arena = Arena.ofShared()) {
      source.setLength(size);
      MemorySegment data = source.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
      data.set(ValueLayout.JAVA_BYTE, size - 1, (byte) 5);
      data.set(ValueLayout.JAVA_BYTE, Integer.MAX_VALUE, (byte) 6);
      new SafetensorsWriter(file).tensor("big", DType.U8, List.of(size), data).write();
    }
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      MemorySegment data = read.tensor("big").data();
      assertEquals(size, data.byteSize());
      assertEquals(5, data.get(ValueLayout.JAVA_BYTE, size - 1));
      assertEquals(6, data.get(ValueLayout.JAVA_BYTE, Integer.MAX_VALUE));
      assertEquals(64, read.sha256().length());
    }
  }
}
