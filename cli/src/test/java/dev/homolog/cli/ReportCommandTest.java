package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page at the end of a run, and written anew. */
class ReportCommandTest {
  @TempDir private static Path folder;
  private static Path run;
  private static Path page;

  @BeforeAll
  static void correlate() throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path b = Cli.model(folder.resolve("b"), 5, 2);
    Path text = Cli.text(folder.resolve("text.txt"));
    run = folder.resolve("run");
    page = run.resolve("report.html");
    Cli.Outcome outcome =
        Cli.run(
            List.of(
                "correlate",
                "--reference",
                a + "",
                "--other",
                b + "",
                "--text",
                text + "",
                "--max-tokens",
                "200",
                "--backend",
                "vector",
                "--format",
                "csv",
                "--out",
                run + ""));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertTrue(outcome.out().contains("To look at: " + page), outcome.out());
  }

  @Test
  void isWrittenAnewTheSame() throws IOException {
    String first = Files.readString(page);
    Files.delete(page);
    Cli.Outcome outcome = Cli.run("report", run + "");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertEquals("Report: " + page + "\n", outcome.out());
    assertEquals(first, Files.readString(page));
    assertEquals(0, Cli.run("report", run + "", "--neurons", "1.4").code());
    assertNotEquals(first, Files.readString(page));
  }

  @Test
  void wrongArgumentsAreRefusedInOneLine() throws IOException {
    Path none = folder.resolve("none");
    refused(2, none + ": does not exist; name the folder of a finished run", none + "");
    refused(
        2,
        folder + ": holds no finished run (no study.json); name the folder of a finished run",
        folder + "");
    refused(
        2,
        "--neurons: x is no neuron; give layer and neuron, such as 3.117",
        run + "",
        "--neurons",
        "x");
    refused(
        2,
        "--neurons: 2.0 is not in the reference; its layers are 0 to 1, its neurons 0 to 4",
        run + "",
        "--neurons",
        "2.0");
    Path bare = Files.createDirectory(folder.resolve("bare"));
    Files.writeString(bare.resolve("study.json"), "{}");
    refused(1, bare + ": has no table neurons; run the command that writes it", bare + "");
    assertFalse(Files.exists(bare.resolve("report.html")));
  }

  private static void refused(int code, String line, String... args) {
    Cli.Outcome outcome = Cli.run(Cli.join(List.of("report"), args));
    assertEquals(code, outcome.code());
    assertEquals(1, outcome.err().size(), outcome.err()::toString);
    assertTrue(outcome.err().getFirst().startsWith("homolog: " + line), outcome.err()::toString);
    assertEquals("", outcome.out());
  }
}
