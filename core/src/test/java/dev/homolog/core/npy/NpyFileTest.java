package dev.homolog.core.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyFileTest {
  private static final String CONVERT =
      "; convert it: numpy.save(path, numpy.ascontiguousarray(array, dtype='<f4')), or '<i4' for tokens";

  private static final Path GOLDEN =
      Path.of(System.getProperty("homolog.testResources"), "tokens", "npy.json");

  @TempDir Path folder;

  @Test
  void readsWhatNumpyWrites() throws IOException {
    for (int version = 1; version <= 3; version++) {
      try (NpyFile npy = NpyFile.open(numpy("i4 version " + version))) {
        assertEquals(DType.I32, npy.dtype());
        assertEquals(List.of(2L, 3L), npy.shape());
        assertEquals(6, npy.elements());
        assertArrayEquals(
            new int[] {0, 1, 2, 3, 4, 5}, npy.data().toArray(ValueLayout.JAVA_INT_UNALIGNED));
      }
    }
    try (NpyFile npy = NpyFile.open(numpy("i8"))) {
      assertArrayEquals(
          new long[] {0, -5, 1L << 40}, npy.data().toArray(ValueLayout.JAVA_LONG_UNALIGNED));
    }
    try (NpyFile npy = NpyFile.open(numpy("f2"))) {
      assertEquals(DType.F16, npy.dtype());
      assertEquals(
          -2.0f, Float.float16ToFloat(npy.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2)));
    }
    try (NpyFile npy = NpyFile.open(numpy("f4"))) {
      assertEquals(List.of(3L), npy.shape());
      assertArrayEquals(
          new float[] {1.5f, Float.NaN, Float.NEGATIVE_INFINITY},
          npy.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
    }
    try (NpyFile npy = NpyFile.open(numpy("f8"))) {
      assertEquals(List.of(1L, 1L, 1L), npy.shape());
      assertEquals(1e300, npy.data().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0));
    }
    try (NpyFile npy = NpyFile.open(numpy("scalar"))) {
      assertEquals(List.of(), npy.shape());
      assertEquals(7, npy.data().get(ValueLayout.JAVA_INT_UNALIGNED, 0));
    }
    try (NpyFile npy = NpyFile.open(numpy("empty"))) {
      assertEquals(List.of(0L, 4L), npy.shape());
      assertEquals(0, npy.data().byteSize());
    }
  }

  @Test
  void refusesWhatItCannotRead() throws IOException {
    assertRefused(numpy("bad fortran"), "header: columns first (fortran_order)" + CONVERT);
    String known = " is none of <f2, <f4, <f8, <i4, <i8, <u2, <u4" + CONVERT;
    assertRefused(numpy("bad big-endian"), "header: element type '>i4'" + known);
    try (NpyFile npy = NpyFile.open(numpy("bad unsigned"))) {
      assertEquals(DType.I16, npy.dtype());
      assertEquals(true, npy.unsigned());
    }
    assertRefused(numpy("bad bool"), "header: element type '|b1'" + known);
    assertRefused(numpy("bad fields"), "header: elements with fields" + CONVERT);
  }

  @Test
  void refusesWrongBytes() throws IOException {
    String save = "; write it with numpy.save";
    Path none = folder.resolve("none.npy");
    assertRefused(none, "no such file; give the path of a .npy file");
    assertRefused(folder, "not a file; give the path of a .npy file");
    byte[] good = file(1, 0, "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", 24);
    try (NpyFile npy = NpyFile.open(write(good))) {
      assertEquals(List.of(2L, 3L), npy.shape());
    }
    for (int length = 0; length < 10; length++) {
      assertRefused(write(java.util.Arrays.copyOf(good, length)), "not a .npy file" + save);
    }
    assertRefused(
        write("PK\3\4 an archive".getBytes(StandardCharsets.US_ASCII)), "not a .npy file" + save);
    assertRefused(
        write(java.util.Arrays.copyOf(good, good.length - 1)),
        "shape [2, 3]: needs 24 bytes, but 23 follow" + save);
    assertRefused(
        write(java.util.Arrays.copyOf(good, good.length + 1)),
        "shape [2, 3]: needs 24 bytes, but 25 follow" + save);
    assertRefused(
        write(java.util.Arrays.copyOf(good, 40)),
        "header: 60 bytes long, more than the file has or may have" + save);
    assertRefused(write(file(4, 0, "", 0)), "version 4.0 of .npy" + save);
    assertRefused(write(file(1, 1, "", 0)), "version 1.1 of .npy" + save);
    byte[] huge = file(2, 0, "{}", 0);
    huge[11] = (byte) 0xFF;
    assertRefused(
        write(huge), "header: 4278190083 bytes long, more than the file has or may have" + save);
  }

  @Test
  void refusesBadHeaders() throws IOException {
    assertHeader("", "malformed header at character 1");
    assertHeader("__import__('os').system('x')", "malformed header at character 0");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False}",
        "a key of descr, fortran_order and shape is missing");
    assertHeader(
        "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': ()}",
        "key 'descr' twice");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (), 'x': 1}", "unknown key 'x'");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': 0, 'shape': ()}", "malformed header at character 34");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (3)}",
        "malformed header at character 52");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (-3,)}",
        "malformed header at character 51");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2}",
        "malformed header at character 55");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (9999999999999999999,)}",
        "malformed header at character 70");
    assertHeader(
        "{'descr': '<i4', 'fortran_order': False, 'shape': ()} 5",
        "malformed header at character 54");
    assertRefused(
        write(
            file(
                1,
                0,
                "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999, 99999999999)}",
                4)),
        "shape: more elements than can be counted; write it with numpy.save");
  }

  private void assertHeader(String header, String problem) throws IOException {
    assertRefused(write(file(3, 0, header, 4)), "header: " + problem + CONVERT);
  }

  @Test
  void writesWhatItReads() throws IOException {
    Path file = folder.resolve("out.npy");
    MemorySegment values = MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6});
    NpyFile.write(file, DType.F32, List.of(3L, 2L), values);
    NpyFile.write(file, DType.F32, List.of(6L), values); // in place of the first
    try (NpyFile npy = NpyFile.open(file)) {
      assertEquals(DType.F32, npy.dtype());
      assertEquals(List.of(6L), npy.shape());
      assertEquals(-1, values.mismatch(npy.data()));
    }
    assertEquals(0, (Files.size(file) - 24) % 64);
    try (NpyWriter writer = NpyWriter.create(file, DType.I32, List.of(2L, 2L))) {
      writer.append(MemorySegment.ofArray(new int[] {1, 2, 3}));
      assertEquals(
          file + ": 4 bytes fewer than its shape",
          assertThrows(IllegalStateException.class, writer::commit).getMessage());
      assertEquals(
          file + ": 4 bytes more than its shape",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> writer.append(MemorySegment.ofArray(new int[] {4, 5})))
              .getMessage());
    }
    try (NpyFile npy = NpyFile.open(file);
        Stream<Path> left = Files.list(folder)) {
      assertEquals(DType.F32, npy.dtype(), "not committed, not changed");
      assertEquals(1, left.count(), "no temporary file is left");
    }
    Path nowhere = folder.resolve("none/out.npy");
    assertEquals(
        nowhere + ": cannot be written: ",
        assertThrows(
                HomologException.class,
                () -> NpyFile.write(nowhere, DType.I32, List.of(1L), values))
            .getMessage()
            .substring(0, nowhere.toString().length() + 21));
    assertThrows(
        IllegalArgumentException.class,
        () -> NpyWriter.create(folder.resolve("b.npy"), DType.BF16, List.of(1L)));
    assertFalse(Files.exists(folder.resolve("b.npy")));
  }

  /** What stands for another file of the user's is neither written to nor replaced. */
  @Test
  void aLinkIsNotReplaced() throws IOException {
    Path mine = Files.writeString(folder.resolve("mine"), "x");
    Path link = Files.createSymbolicLink(folder.resolve("l.npy"), mine);
    Path nowhere = Files.createSymbolicLink(folder.resolve("d.npy"), folder.resolve("no"));
    Path directory = Files.createDirectory(folder.resolve("f.npy"));
    MemorySegment values = MemorySegment.ofArray(new int[1]);
    for (Path target : List.of(link, nowhere, directory)) {
      assertEquals(
          target
              + ": cannot be written: is a "
              + (target.equals(directory) ? "folder" : "link")
              + ", which is not replaced",
          assertThrows(
                  HomologException.class,
                  () -> NpyFile.write(target, DType.I32, List.of(1L), values))
              .getMessage());
    }
    assertEquals("x", Files.readString(mine));
    assertFalse(Files.exists(folder.resolve("no")));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(4, left.count(), "no temporary file is left");
    }
  }

  @Test
  void closesTwice() throws IOException {
    NpyFile npy = NpyFile.open(numpy("i8"));
    npy.close();
    npy.close();
    assertThrows(IllegalStateException.class, () -> npy.data().get(ValueLayout.JAVA_BYTE, 0));
  }

  private void assertRefused(Path file, String message) {
    assertEquals(
        file + ": " + message,
        assertThrows(InputException.class, () -> NpyFile.open(file).close()).getMessage());
  }

  private Path numpy(String name) throws IOException {
    String encoded = new ObjectMapper().readTree(GOLDEN.toFile()).get(name).textValue();
    return write(Base64.getDecoder().decode(encoded));
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.npy"), bytes);
  }

  private static byte[] file(int major, int minor, String header, int data) {
    byte[] text = (header + "\n").getBytes(StandardCharsets.US_ASCII);
    int start = major == 1 ? 10 : 12;
    byte[] bytes = new byte[start + text.length + data];
    byte[] magic = {
      (byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, (byte) minor, (byte) text.length
    };
    System.arraycopy(magic, 0, bytes, 0, magic.length);
    System.arraycopy(text, 0, bytes, start, text.length);
    return bytes;
  }
}
