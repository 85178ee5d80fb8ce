package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.github.luben.zstd.Zstd;
import dev.homolog.core.HomologException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NativeAccessTest {
  @Test
  void namesTheModule() {
    assertEquals(
        "the tokenizer needs native code: start Java with"
            + " --enable-native-access=ai.djl.tokenizers",
        NativeAccess.refusal(TokenizersLibrary.class.getModule(), "the tokenizer"));
    assertEquals(
        "x: zstd needs native code: start Java with"
            + " --enable-native-access=com.github.luben.zstd_jni",
        NativeAccess.refusal(Zstd.class.getModule(), "x: zstd"));
    assertEquals(
        "zstd needs native code: start Java with --enable-native-access=ALL-UNNAMED",
        NativeAccess.refusal(ClassLoader.getSystemClassLoader().getUnnamedModule(), "zstd"));
  }

  /** Another JVM, for leave once given cannot be taken back. */
  @Test
  void aJvmWithoutLeaveIsToldTheFlag() throws IOException, InterruptedException {
    assertEquals(
        List.of(
            "the tokenizer needs native code: start Java with --enable-native-access=ALL-UNNAMED"),
        run());
    assertEquals(List.of("4096 tokens"), run("--enable-native-access=ALL-UNNAMED"));
  }

  private static List<String> run(String... flags) throws IOException, InterruptedException {
    String here = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    // The jars of the module path as a class path, and the tests that surefire patched in.
    String path =
        Stream.of(
                System.getProperty("jdk.module.path", ""),
                System.getProperty("java.class.path", ""),
                Path.of("target", "test-classes").toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
    List<String> command =
        Stream.of(
                Stream.of(here, "--illegal-native-access=deny"),
                Stream.of(flags),
                Stream.of(
                    "-Dslf4j.internal.verbosity=ERROR",
                    "-cp",
                    path,
                    Program.class.getName(),
                    Golden.FAMILY.resolve("tokenizer.json").toString()))
            .flatMap(s -> s)
            .toList();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.lines().toList();
  }

  /** What the other JVM runs. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      try {
        System.out.println(Tokenizer.of(Path.of(arguments[0])).vocabularySize() + " tokens");
      } catch (HomologException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
