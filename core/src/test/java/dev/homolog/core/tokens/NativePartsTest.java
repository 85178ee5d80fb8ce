package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.homolog.core.HomologException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Folders that the native parts of libraries cannot be unpacked into, or not be run from. */
@EnabledOnOs(OS.LINUX)
class NativePartsTest {
  private static final String REMEDY =
      "; set HOMOLOG_CACHE to a folder of your own that programs may be run from";

  @TempDir Path folder;

  @Test
  void neitherTheCacheNorTheTemporaryFolderCanBeWritten() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Path cache = file.resolve("cache");
    String problem =
        "'s native part cannot be unpacked: neither "
            + cache
            + " nor "
            + file.resolve("gone")
            + " can be written";
    assertEquals(
        List.of("the tokenizer" + problem + REMEDY, "zstd" + problem + REMEDY),
        run(List.of(), cache, file.resolve("gone")));
  }

  @Test
  void theTemporaryFolderIsNotNeeded() throws Exception {
    assertEquals(
        List.of("4096 tokens", "1 document"),
        run(List.of(), folder.resolve("cache"), folder.resolve("gone")));
  }

  @Test
  void noProgramMayBeRunFromTheCache() throws Exception {
    Path mounted = Files.createDirectory(folder.resolve("mounted"));
    List<String> lines = run(mount(mounted, "noexec"), mounted, mounted);
    assertEquals(2, lines.size(), lines::toString);
    assertTrue(
        lines.getFirst().startsWith("the tokenizer's native library does not load: "),
        lines::toString);
    assertTrue(
        lines.getLast().startsWith("zstd's native library does not load: "), lines::toString);
    assertTrue(lines.stream().allMatch(line -> line.endsWith(REMEDY)), lines::toString);
  }

  @Test
  void theDiskIsFull() throws Exception {
    Path mounted = Files.createDirectory(folder.resolve("mounted"));
    List<String> lines = run(mount(mounted, "size=100k"), mounted, mounted);
    assertEquals(
        List.of(
            "the tokenizer's native part cannot be unpacked: No space left on device" + REMEDY,
            "zstd's native part cannot be unpacked: No space left on device" + REMEDY),
        lines);
  }

  /** A command in front of another, for which a folder is a file system of its own in memory. */
  private static List<String> mount(Path at, String options) throws Exception {
    List<String> in = List.of("unshare", "--user", "--map-root-user", "--mount", "sh", "-c");
    String mount = "mount -t tmpfs -o mode=700," + options + " tmpfs '" + at + "'";
    List<String> attempt = new ArrayList<>(in);
    attempt.add(mount);
    int status;
    try {
      status = new ProcessBuilder(attempt).start().waitFor();
    } catch (IOException e) {
      status = -1;
    }
    assumeTrue(status == 0, "nothing can be mounted here");
    List<String> front = new ArrayList<>(in);
    front.add(mount + " && exec \"$0\" \"$@\"");
    return front;
  }

  private static List<String> run(List<String> front, Path cache, Path temporary) throws Exception {
    List<String> command = new ArrayList<>(front);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Djava.io.tmpdir=" + temporary);
    command.add("-XX:-UsePerfData");
    String path =
        Stream.of(
                System.getProperty("jdk.module.path", ""),
                Path.of("target", "test-classes").toAbsolutePath().toString(),
                System.getProperty("java.class.path"))
            .filter(part -> !part.isEmpty())
            .reduce((a, b) -> a + ":" + b)
            .orElseThrow();
    command.addAll(List.of("-cp", path, Program.class.getName(), cache.toString()));
    command.add(Golden.FAMILY.resolve("a/tokenizer.json").toString());
    command.add(Golden.VALIDATION.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOMOLOG_CACHE", cache.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output
        .lines()
        .filter(line -> !line.startsWith("SLF4J") && !line.startsWith("WARNING"))
        .toList();
  }

  /** Opens a tokenizer and a zstd file, then lists what is left of a folder that was begun. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) throws IOException {
      try {
        System.out.println(Tokenizer.of(Path.of(arguments[1])).vocabularySize() + " tokens");
      } catch (HomologException e) {
        System.out.println(e.getMessage());
      }
      try (ZstdFile zstd = ZstdFile.open(Path.of(arguments[2]), 1 << 27)) {
        System.out.println(zstd.read() == '{' ? "1 document" : "another file");
      } catch (HomologException e) {
        System.out.println(e.getMessage());
      }
      if (Files.isDirectory(Path.of(arguments[0]))) {
        try (Stream<Path> left = Files.list(Path.of(arguments[0]))) {
          left.filter(file -> file.getFileName().toString().contains(".new-"))
              .forEach(System.out::println);
        }
      }
    }
  }
}
