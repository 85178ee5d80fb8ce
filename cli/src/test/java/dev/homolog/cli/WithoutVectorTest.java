package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  private static Cli.Outcome run(List<String> args) throws Exception {
    return Cli.process(folder, List.of(), args);
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
