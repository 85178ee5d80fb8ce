package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files that are as large as they may be, made of what takes the most memory to read. {@link #main}
 * opens them in as small a heap as Java is given.
 */
class BombTest {
  /** Of a safetensors header; the format allows 100 MB. */
  private static final int HEADER = 99_999_900;

  private static final int HEADER_IN_BUILD = 8_000_000;

  @TempDir Path folder;

  /** A model's files, and a part of the line that refuses it. */
  private record Bomb(String name, Map<String, byte[]> files, String problem) {}

  static List<String> names() {
    return List.of("header", "metadata", "shape", "config", "index", "entries", "memo", "strings");
  }

  private static Bomb bomb(String name, int header) {
    return switch (name) {
      case "header" ->
          safetensors(
              name, header, "{", i -> "\"%d\":{},".formatted(i), "goes beyond the limits on JSON");
      case "metadata" ->
          safetensors(
              name,
              header,
              "{\"__metadata__\":{",
              i -> "\"%d\":\"\",".formatted(i),
              "goes beyond the limits on JSON");
      case "shape" ->
          safetensors(name, header, "{\"a\":[", i -> "{},", "a list of more than 64 entries");
      case "config" ->
          bomb(
              name,
              "config.json",
              repeat("{\"a\":[", i -> "[],", 16_000_000),
              "goes beyond the limits on JSON");
      case "index" ->
          bomb(
              name,
              "model.safetensors.index.json",
              repeat("{\"weight_map\":{", i -> "\"%d\":\"\",".formatted(i), 4_000_000),
              "is not JSON");
      case "entries" -> {
        StoredZip zip = new StoredZip();
        for (int i = 0; i < 60_000; i++) {
          zip.add("archive/" + i, new byte[0]);
        }
        yield bomb(name, "pytorch_model.bin", zip.bytes(), "data.pkl: is missing");
      }
      case "memo" ->
          pickle(name, ("(" + "}\u0094".repeat(9_000) + "t\u0094").repeat(20), "250000 opcodes");
      case "strings" ->
          pickle(
              name,
              ("X\0\0\1\0" + "x".repeat(1 << 16) + "\u0094").repeat(63),
              "ends with 63 values and 0 marks");
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Bomb safetensors(
      String name, int size, String begin, IntFunction<String> item, String problem) {
    byte[] header = repeat(begin, item, size);
    return bomb(name, "model.safetensors", TestFiles.safetensors(header, 0), problem);
  }

  private static Bomb pickle(String name, String program, String problem) {
    byte[] bytes = Pickles.archive("\u0080\4" + program + ".").bytes();
    return bomb(name, "pytorch_model.bin", bytes, problem);
  }

  private static Bomb bomb(String name, String file, byte[] bytes, String problem) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("config.json", TestFiles.TINY_JSON.getBytes(StandardCharsets.UTF_8));
    files.put(file, bytes);
    return new Bomb(name, files, problem);
  }

  private static byte[] repeat(String begin, IntFunction<String> item, int bytes) {
    StringBuilder text = new StringBuilder(begin);
    for (int i = 0; text.length() < bytes - 16; i++) {
      text.append(item.apply(i));
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @MethodSource("names")
  void bombIsRefusedInOneLine(String name) throws IOException {
    Bomb bomb = bomb(name, HEADER_IN_BUILD);
    for (var file : bomb.files.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
    String message = refusal(folder);
    assertTrue(message.contains(bomb.problem), message);
    assertEquals(1, message.lines().count());
  }

  private static String refusal(Path folder) {
    try (Checkpoint opened = HuggingFaceCheckpoint.open(folder)) {
      return fail("opened: " + opened.names());
    } catch (InputException e) {
      return e.getMessage();
    }
  }

  /**
   * Writes the bombs, or opens them and says how long each took to be refused.
   *
   * @param args "write" or "open", and a folder
   */
  public static void main(String[] args) throws IOException {
    for (String name : names()) {
      Path folder = Files.createDirectories(Path.of(args[1], name));
      if (args[0].equals("write")) {
        for (var file : bomb(name, HEADER).files.entrySet()) {
          Files.write(folder.resolve(file.getKey()), file.getValue());
        }
      } else {
        long start = System.nanoTime();
        String message = refusal(folder);
        System.out.printf("%.3f s  %s%n", (System.nanoTime() - start) / 1e9, message);
      }
    }
  }
}
