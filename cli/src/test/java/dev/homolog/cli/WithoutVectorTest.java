package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command in a JVM of its own that lacks the module of the Vector API, and may not call
 * libtorch.
 */
class WithoutVectorTest {
  private static final String REMEDY = "start java with --add-modules jdk.incubator.vector";

  @TempDir private static Path folder;
  private static List<String> correlate;

  @BeforeAll
  static void inputs() throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path b = Cli.model(folder.resolve("b"), 5, 2);
    Path tokens = Cli.tokens(folder.resolve("t.npy"), new int[][] {{0, 5, 6}, {0, 7, 8}});
    correlate =
        List.of("correlate", "--reference", a + "", "--other", b + "", "--tokens", tokens + "");
  }

  /** Starts Java as ./homolog does, with the jars and folders of this test. */
  private static Cli.Outcome run(List<String> args) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-p", modulePath(), "-cp", System.getProperty("java.class.path")));
    command.add(
        "--enable-native-access="
            + "dev.homolog.cli,ai.djl.tokenizers,com.github.luben.zstd_jni,duckdb.jdbc");
    command.addAll(List.of("-m", "dev.homolog.cli/dev.homolog.cli.Main"));
    command.addAll(args);
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return new Cli.Outcome(process.exitValue(), Files.readString(out), Files.readAllLines(err));
  }

  private static String modulePath() {
    String path = System.getProperty("jdk.module.path");
    Path[] entries =
        Arrays.stream(path.split(File.pathSeparator)).map(Path::of).toArray(Path[]::new);
    assertTrue(ModuleFinder.of(entries).find("dev.homolog.cli").isPresent());
    return path;
  }

  @Test
  void autoTakesScalarAndSaysWhatToAdd() throws Exception {
    Path run = folder.resolve("run");
    Cli.Outcome outcome = run(Cli.join(correlate, "--out", run + "", "--format", "csv"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertEquals(1, outcome.err().size(), outcome.err()::toString);
    String line = outcome.err().getFirst();
    assertTrue(line.startsWith("homolog: scalar: ") && line.contains(REMEDY), line);
    assertTrue(Files.exists(run.resolve("study.json")));
  }

  @Test
  void vectorByNameStops() throws Exception {
    Path run = folder.resolve("refused");
    Cli.Outcome outcome = run(Cli.join(correlate, "--out", run + "", "--backend", "vector"));
    assertEquals(2, outcome.code());
    assertEquals(1, outcome.err().size(), outcome.err()::toString);
    String line = outcome.err().getFirst();
    assertTrue(line.startsWith("homolog: --backend vector: ") && line.contains(REMEDY), line);
    assertTrue(Files.notExists(run));
  }

  @Test
  void doctorSaysWhatToAdd() throws Exception {
    Cli.Outcome outcome = run(List.of("doctor"));
    assertEquals(0, outcome.code());
    assertEquals(List.of(), outcome.err());
    assertTrue(outcome.out().contains("not there; " + REMEDY), outcome.out());
    assertTrue(outcome.out().contains("takes scalar"), outcome.out());
  }
}
