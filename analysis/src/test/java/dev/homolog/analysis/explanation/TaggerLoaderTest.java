package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The models of English under a class loader of their own, as in notebooks, servers and Spark: in a
 * JVM whose system loader knows one class. The tags are those under the system loader of this one.
 */
class TaggerLoaderTest {
  @TempDir Path folder;

  @Test
  void modelsAreFoundByTheirOwnLoader() throws Exception {
    String file = Isolated.class.getName().replace('.', '/') + ".class";
    Files.createDirectories(folder.resolve(file).getParent());
    try (var in = Isolated.class.getClassLoader().getResourceAsStream(file)) {
      Files.write(folder.resolve(file), in.readAllBytes());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-cp", folder.toString(), Isolated.class.getName()));
    for (String property : List.of("jdk.module.path", "java.class.path")) {
      for (String path : System.getProperty(property, "").split(File.pathSeparator)) {
        if (!path.isEmpty() && Files.exists(Path.of(path))) {
          command.add(Path.of(path).toAbsolutePath().toString());
        }
      }
    }
    command.add(Path.of("target", "test-classes").toAbsolutePath().toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    assertEquals(new Program().call(), output.lines().toList().getLast(), output);
  }

  /** What the other JVM starts. */
  static final class Isolated {
    private Isolated() {}

    public static void main(String[] paths) throws Exception {
      List<URL> urls = new ArrayList<>();
      for (String path : paths) {
        urls.add(new File(path).toURI().toURL());
      }
      URLClassLoader loader =
          new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
      Class<?> program =
          loader.loadClass("dev.homolog.analysis.explanation.TaggerLoaderTest$Program");
      System.out.println(((Callable<?>) program.getDeclaredConstructor().newInstance()).call());
    }
  }

  /** What is run under the loader; of it, the other JVM knows a type of Java. */
  public static final class Program implements Callable<String> {
    @Override
    public String call() {
      List<String> tags = new ArrayList<>();
      for (EnglishTagger.Word word : new EnglishTagger().tag("The cat sleeps.")) {
        tags.add(EnglishTagger.TAGS.get(word.tag()));
      }
      return String.join(" ", tags);
    }
  }
}
