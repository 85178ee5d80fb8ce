package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer under a class loader of its own, as in notebooks, servers and Spark. */
class OtherLoaderTest {
  @TempDir Path folder;

  private static List<Path> libraries() {
    return Stream.of(
            System.getProperty("jdk.module.path", ""),
            System.getProperty("java.class.path", ""),
            Path.of("target", "test-classes").toAbsolutePath().toString())
        .flatMap(path -> Arrays.stream(path.split(File.pathSeparator)))
        .filter(path -> !path.isEmpty())
        .map(Path::of)
        .filter(Files::exists)
        .toList();
  }

  private List<String> run(List<Path> libraries, String... flags) throws Exception {
    // Nothing but the program itself is on the class path; it finds the rest by its arguments.
    Path alone = folder.resolve("alone");
    String file = Isolated.class.getName().replace('.', '/') + ".class";
    Files.createDirectories(alone.resolve(file).getParent());
    try (var in = Isolated.class.getClassLoader().getResourceAsStream(file)) {
      Files.write(alone.resolve(file), in.readAllBytes());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", alone.toString(), Isolated.class.getName()));
    command.add(Golden.FAMILY.resolve("tokenizer.json").toString());
    libraries.forEach(path -> command.add(path.toString()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOMOLOG_CACHE", folder.resolve("cache").toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output
        .lines()
        .filter(line -> !line.startsWith("SLF4J") && !line.startsWith("WARNING"))
        .toList();
  }

  @Test
  void theTokenizerLoadsWhereNoOtherLoaderKnowsIt() throws Exception {
    assertEquals(List.of("4096 tokens"), run(libraries(), "-Djava.io.tmpdir=/nowhere"));
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      List<Path> parts = files.filter(file -> file.toString().endsWith(".so")).toList();
      assertEquals(
          List.of("libtokenizers.so"),
          parts.stream().map(file -> file.getFileName().toString()).toList());
      Files.write(parts.getFirst(), new byte[10]); // damaged, so it is unpacked anew
    }
    assertEquals(List.of("4096 tokens"), run(libraries()));
  }

  @Test
  void whatTheTokenizerLacksIsNamed() throws Exception {
    for (String jar : List.of("slf4j-api", "gson")) {
      List<Path> without =
          libraries().stream()
              .filter(path -> !path.getFileName().toString().startsWith(jar))
              .toList();
      List<String> lines = run(without);
      assertTrue(
          lines
                  .getFirst()
                  .equals("the tokenizer needs " + jar + ", which is not there; add its jar")
              || jar.equals("gson") && lines.equals(List.of("4096 tokens")),
          lines::toString);
      assertFalse(lines.getFirst().contains("HOMOLOG_CACHE"));
    }
  }

  /** What the other JVM runs. */
  static final class Isolated {
    private Isolated() {}

    public static void main(String[] arguments) throws Exception {
      List<URL> urls = new ArrayList<>();
      for (String path : arguments) {
        urls.add(new File(path).toURI().toURL());
      }
      URLClassLoader loader =
          new URLClassLoader(
              urls.subList(1, urls.size()).toArray(URL[]::new),
              ClassLoader.getPlatformClassLoader());
      Class<?> program = loader.loadClass("dev.homolog.core.tokens.NativeAccessTest$Program");
      var main = program.getDeclaredMethod("main", String[].class);
      main.setAccessible(true);
      main.invoke(null, (Object) new String[] {arguments[0]});
    }
  }
}
