package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static dev.homolog.core.checkpoint.TestFiles.prefixed;
import static dev.homolog.core.checkpoint.TestFiles.safetensors;
import static dev.homolog.core.checkpoint.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {
  private static final String DAMAGED =
      "; the file is damaged or not safetensors: fetch or save it again";

  @TempDir Path folder;

  static Stream<Arguments> malformedText() {
    return Stream.of(
        refused("empty file", new byte[0], "is empty"),
        refused("seven bytes", new byte[7], "is only 7 bytes long"),
        refused(
            "header of 2^40 bytes",
            prefixed(1L << 40, "{}".getBytes(StandardCharsets.UTF_8), 0),
            "header length: is 1099511627776 bytes, the format allows 100000000"),
        refused(
            "header one byte too long for the format",
            prefixed(100_000_001, "{}".getBytes(StandardCharsets.UTF_8), 0),
            "header length: is 100000001 bytes, the format allows 100000000"),
        refused(
            "negative length",
            prefixed(-1, "{}".getBytes(StandardCharsets.UTF_8), 0),
            "header length: is 18446744073709551615 bytes, the format allows 100000000"),
        refused(
            "truncated header",
            prefixed(100, "{}".getBytes(StandardCharsets.UTF_8), 0),
            "header length: is 100 bytes, but only 2 follow"),
        refused("no header", safetensors("", 8), "header: is empty"),
        refused(
            "leading space", safetensors(" {}", 0), "header: begins with byte 0x20, not with {"),
        refused(
            "byte order mark",
            safetensors("\ufeff{}", 0),
            "header: begins with byte 0xef, not with {"),
        refused("a list", safetensors("[]", 0), "header: begins with byte 0x5b, not with {"),
        refused(
            "not UTF-8",
            safetensors(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, 0),
            "header: is not UTF-8"),
        refused(
            "overlong UTF-8",
            safetensors(new byte[] {'{', '"', (byte) 0xc0, (byte) 0xaf, '"', ':', '1', '}'}, 0),
            "header: is not UTF-8"),
        refused(
            "UTF-8 that breaks off",
            safetensors(new byte[] {'{', '}', ' ', (byte) 0xc3}, 0),
            "header: is not UTF-8"),
        refused(
            "half a surrogate pair",
            safetensors("{\"__metadata__\":{\"k\":\"\\ud800\"}}", 0),
            "header: holds a string with half a surrogate pair"));
  }

  static Stream<Arguments> malformedJson() {
    return Stream.of(
        refused("not JSON", safetensors("{hello}", 0), "header: is not JSON (at line 1, column 2)"),
        refused(
            "JSON that breaks off",
            safetensors("{\"a\":{\"dtype\":", 0),
            "header: is not JSON (at line 1, column 15)"),
        refused("two values", safetensors("{} {}", 0), "header: holds more than one JSON value"),
        refused(
            "padding with zeros",
            safetensors("{}\0\0", 0),
            "header: is not JSON (at line 1, column 4)"),
        refused(
            "deep JSON",
            safetensors("{\"a\":" + "[".repeat(1_000_000), 0),
            "header: is nested more than 3 levels deep"),
        refused(
            "long name",
            safetensors("{\"" + "n".repeat(60_000) + "\":{}}", 0),
            "header: goes beyond the limits on JSON"
                + " (50000 characters a name, 1000 a number, 20000000 a string; 1000000 tokens)"));
  }

  static Stream<Arguments> malformedEntries() {
    return Stream.of(
        refused(
            "duplicate tensor",
            safetensors(
                "{" + entry("a", "U8", "[1]", 0, 1) + "," + entry("a", "U8", "[1]", 1, 2) + "}", 2),
            "header: key \"a\" is there twice"),
        refused(
            "duplicate key",
            safetensors("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0),
            "header: key \"dtype\" is there twice"),
        refused(
            "duplicate metadata",
            safetensors("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0),
            "header: key \"k\" is there twice"),
        refused(
            "metadata is a list",
            safetensors("{\"__metadata__\":[]}", 0),
            "__metadata__: is a list, expected an object"),
        refused(
            "metadata is null",
            safetensors("{\"__metadata__\":null}", 0),
            "__metadata__: is null, expected an object"),
        refused(
            "metadata holds a number",
            safetensors("{\"__metadata__\":{\"n\":7}}", 0),
            "__metadata__: key \"n\" is 7, expected a string"),
        refused("entry is a number", safetensors("{\"a\":1}", 0), "a: is 1, expected an object"),
        refused("no shape", safetensors("{\"a\":{\"dtype\":\"U8\"}}", 0), "a: shape is missing"),
        refused(
            "unknown key",
            safetensors(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"strides\":[]}}", 1),
            "a: has an unknown key \"strides\""),
        refused(
            "dtype is a number",
            safetensors("{\"a\":{\"dtype\":8,\"shape\":[],\"data_offsets\":[0,1]}}", 1),
            "a: dtype is 8, expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL",
            "; save the tensors in one of these"),
        refused(
            "unknown dtype",
            safetensors("{" + entry("a", "F8_E4M3", "[1]", 0, 1) + "}", 1),
            "a: dtype is \"F8_E4M3\","
                + " expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL",
            "; save the tensors in one of these"));
  }

  static Stream<Arguments> malformedShapes() {
    return Stream.of(
        refused(
            "shape is a number",
            safetensors("{" + entry("a", "U8", "1", 0, 1) + "}", 1),
            "a: shape is 1, expected a list"),
        refused(
            "negative shape",
            safetensors("{" + entry("a", "U8", "[-1]", 0, 1) + "}", 1),
            "a: shape holds -1, expected whole numbers from 0 to 2^63 - 1"),
        refused(
            "shape with a fraction",
            safetensors("{" + entry("a", "U8", "[1.0]", 0, 1) + "}", 1),
            "a: shape holds 1.0, expected whole numbers from 0 to 2^63 - 1"),
        refused(
            "shape beyond a long",
            safetensors("{" + entry("a", "U8", "[9223372036854775808]", 0, 1) + "}", 1),
            "a: shape holds 9223372036854775808, expected whole numbers from 0 to 2^63 - 1"),
        refused(
            "shape overflows",
            safetensors("{" + entry("a", "U8", "[4294967296,4294967296]", 0, 0) + "}", 0),
            "a: shape [4294967296, 4294967296] is too large to count in bytes"),
        refused(
            "bytes overflow",
            safetensors("{" + entry("a", "F32", "[4611686018427387904]", 0, 0) + "}", 0),
            "a: shape [4611686018427387904] is too large to count in bytes"),
        refused(
            "rank of 65",
            safetensors("{" + entry("a", "U8", "[" + "1,".repeat(64) + "1]", 0, 1) + "}", 1),
            "header: holds a list of more than 64 entries"));
  }

  static Stream<Arguments> malformedPlaces() {
    return Stream.of(
        refused(
            "three offsets",
            safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1),
            "a: data_offsets are [0, 1, 2], expected a begin and an end"),
        refused(
            "offsets the wrong way round",
            safetensors("{" + entry("a", "U8", "[1]", 1, 0) + "}", 1),
            "a: data_offsets are [1, 0], expected a begin and an end"),
        refused(
            "negative offset",
            safetensors("{" + entry("a", "U8", "[1]", -1, 0) + "}", 1),
            "a: data_offsets holds -1, expected whole numbers from 0 to 2^63 - 1"),
        refused(
            "offsets against shape",
            safetensors("{" + entry("a", "F16", "[2,3]", 0, 13) + "}", 13),
            "a: dtype F16 and shape [2, 3] make 12 bytes, but data_offsets [0, 13] span 13"),
        refused(
            "overlap",
            safetensors(
                "{" + entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[4]", 2, 6) + "}", 6),
            "b: begins at byte 2 of the data, where the tensors before it end at 4 (an overlap)"),
        refused(
            "gap",
            safetensors(
                "{" + entry("b", "U8", "[4]", 6, 10) + "," + entry("a", "U8", "[4]", 0, 4) + "}",
                10),
            "b: begins at byte 6 of the data, where the tensors before it end at 4 (a hole)"),
        refused(
            "gap at the beginning",
            safetensors("{" + entry("a", "U8", "[4]", 1, 5) + "}", 5),
            "a: begins at byte 1 of the data, where the tensors before it end at 0 (a hole)"),
        refused(
            "trailing bytes",
            safetensors("{" + entry("a", "U8", "[4]", 0, 4) + "}", 7),
            "data: 3 bytes follow the last tensor"),
        refused(
            "bytes without a tensor", safetensors("{}", 1), "data: 1 bytes follow the last tensor"),
        refused(
            "truncated data",
            safetensors("{" + entry("a", "F32", "[4]", 0, 16) + "}", 15),
            "a: data_offsets [0, 16] go beyond the file's 15 bytes of data"),
        refused(
            "control characters in a name",
            safetensors("{\"a\\n\\u001b[31mb\\u2028\":1}", 0),
            "a\ufffd\ufffd[31mb\ufffd: is 1, expected an object"),
        refused(
            "a very long name is cut",
            safetensors("{\"" + "n".repeat(300) + "\":1}", 0),
            "n".repeat(200) + "…: is 1, expected an object"));
  }

  private static Arguments refused(String label, byte[] file, String problem) {
    return refused(label, file, problem, DAMAGED);
  }

  private static Arguments refused(String label, byte[] file, String problem, String remedy) {
    return Arguments.of(label, file, problem + remedy);
  }

  private static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({
    "malformedText",
    "malformedJson",
    "malformedEntries",
    "malformedShapes",
    "malformedPlaces"
  })
  void malformedFileIsRefusedInOneLine(String label, byte[] bytes, String message) {
    Path file = write(folder.resolve("x.safetensors"), bytes);
    assertRefused(file + ": " + message, () -> SafetensorsFile.open(file).close());
  }

  @Test
  void everyTruncationOfARealFileIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(TestFiles.family().resolve("a/model.safetensors"));
    for (int length = 0; length < whole.length; length += 1 + length / 50) {
      Path file = write(folder.resolve("x.safetensors"), Arrays.copyOf(whole, length));
      assertThrows(InputException.class, () -> SafetensorsFile.open(file).close());
    }
  }

  /**
   * Flips bytes of a header: whatever comes of it, it is a file that opens or an InputException.
   */
  @Test
  void damagedHeadersNeverFailInAnotherWay() {
    byte[] whole =
        safetensors(
            "{\"__metadata__\":{\"k\":\"v\"},"
                + entry("a", "F32", "[2,3]", 0, 24)
                + ","
                + entry("b", "U8", "[3]", 24, 27)
                + "}",
            27);
    int refused = 0;
    for (int at = 0; at < whole.length - 27; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) (1 << bit);
        try {
          SafetensorsFile.open(write(folder.resolve("x.safetensors"), damaged)).close();
        } catch (InputException e) {
          refused++;
        }
      }
    }
    assertTrue(refused > 500, "refused " + refused);
  }

  @Test
  void missingFileAndFolderAreRefused() {
    Path missing = folder.resolve("none.safetensors");
    assertRefused(
        missing + ": no such file; give the path of a .safetensors file",
        () -> SafetensorsFile.open(missing).close());
    assertRefused(
        folder + ": is not a file; give the path of a .safetensors file",
        () -> SafetensorsFile.open(folder).close());
  }

  @Test
  void legalCornersOfTheFormatAreRead() {
    String header =
        "{"
            + entry("odd", "F32", "[1]", 3, 7)
            + ","
            + entry("bytes", "U8", "[3]", 0, 3)
            + ","
            + entry("scalar", "F16", "[]", 7, 9)
            + ","
            + entry("none", "F64", "[0,5]", 3, 3)
            + ",\"__metadata__\":{\"b\":\"2\",\"a\":\"\\u00e9\"}}   ";
    byte[] bytes = safetensors(header, 9);
    bytes[bytes.length - 3] = 0x3f; // the end of the F32 at an odd address: 0x3f...... is 0.5
    Path file = write(folder.resolve("x.safetensors"), bytes);
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertEquals(
          List.of("bytes", "none", "odd", "scalar"), List.copyOf(opened.tensors().keySet()));
      assertEquals(List.of("b", "a"), List.copyOf(opened.metadata().keySet()));
      assertEquals(Map.of("b", "2", "a", "é"), opened.metadata());
      StoredTensor odd = opened.tensor("odd");
      assertEquals(0.5f, odd.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
      assertEquals(new StoredTensor("odd", DType.F32, List.of(1L), odd.data()), odd);
      assertEquals(1, opened.tensor("scalar").elements());
      assertEquals(2, opened.tensor("scalar").data().byteSize());
      assertEquals(0, opened.tensor("none").elements());
      assertEquals(0, opened.tensor("none").data().byteSize());
      assertTrue(odd.data().isReadOnly());
      assertRefused(
          file + ": x: no such tensor; the file holds 4 others", () -> opened.tensor("x"));
    }
    Path empty = write(folder.resolve("y.safetensors"), safetensors("{}", 0));
    try (SafetensorsFile opened = SafetensorsFile.open(empty)) {
      assertEquals(Map.of(), opened.tensors());
      assertEquals(Map.of(), opened.metadata());
    }
  }

  @Test
  void useAfterCloseSaysSo() {
    Path file =
        write(
            folder.resolve("x.safetensors"),
            safetensors("{" + entry("a", "U8", "[4]", 0, 4) + "}", 4));
    SafetensorsFile opened = SafetensorsFile.open(file);
    MemorySegment data = opened.tensor("a").data();
    opened.close();
    opened.close();
    String message = file + " is closed; open it again to read from it";
    assertEquals(
        message, assertThrows(IllegalStateException.class, () -> opened.tensor("a")).getMessage());
    assertEquals(message, assertThrows(IllegalStateException.class, opened::tensors).getMessage());
    assertEquals(message, assertThrows(IllegalStateException.class, opened::sha256).getMessage());
    assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void fileCutWhileOpenIsRefusedAndInterruptsDoNoHarm() throws IOException {
    byte[] bytes = safetensors("{" + entry("a", "U8", "[4]", 0, 4) + "}", 4);
    Path file = write(folder.resolve("x.safetensors"), bytes);
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      Thread.currentThread().interrupt();
      assertEquals(4, opened.tensor("a").elements());
      assertTrue(Thread.interrupted());
      assertEquals(4, opened.tensor("a").elements());
      try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
        cut.setLength(bytes.length - 1);
      }
      String message =
          "%s: was %d bytes long when opened and is %d now; "
              .formatted(file, bytes.length, bytes.length - 1);
      assertRefused(
          message + "do not rewrite a file in use: open it again when it is complete",
          () -> opened.tensor("a"));
    }
  }

  @Test
  void interruptedThreadCannotOpen() {
    Path file = write(folder.resolve("x.safetensors"), safetensors("{}", 0));
    Thread.currentThread().interrupt();
    assertRefused(
        file
            + ": cannot be read (java.nio.channels.ClosedByInterruptException);"
            + " check its permissions",
        () -> SafetensorsFile.open(file).close());
    assertTrue(Thread.interrupted());
  }

  @Test
  void filesThatAreRefusedAreNotKeptOpen() throws IOException {
    Path self = Path.of("/proc/self/fd");
    assumeTrue(Files.isDirectory(self));
    Path file = write(folder.resolve("x.safetensors"), safetensors("{}", 1));
    long before = count(self, file);
    for (int i = 0; i < 20; i++) {
      assertThrows(InputException.class, () -> SafetensorsFile.open(file).close());
    }
    assertEquals(before, count(self, file));
  }

  private static long count(Path descriptors, Path file) throws IOException {
    try (Stream<Path> open = Files.list(descriptors)) {
      return open.filter(
              d -> {
                try {
                  return Files.isSameFile(d, file);
                } catch (IOException e) {
                  return false;
                }
              })
          .count();
    }
  }
}
