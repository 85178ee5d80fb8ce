package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --method sketch}, from the flags to what a run says. */
class SketchCommandTest {
  @TempDir private Path folder;
  private List<String> input;

  @BeforeEach
  void models() throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path b = Cli.model(folder.resolve("b"), 7, 2);
    Path text = Cli.text(folder.resolve("text.txt"));
    input =
        List.of(
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
            "--seed",
            "5");
  }

  private Cli.Outcome run(String command, String out, String... flags) {
    List<String> args = Cli.join(Cli.join(List.of(command), input), flags);
    Cli.Outcome outcome = Cli.run(Cli.join(args, "--out", folder.resolve(out) + ""));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    return outcome;
  }

  private JsonNode study(String out) {
    return Json.of(RunFolder.open(folder.resolve(out)), "study");
  }

  @Test
  void saysThatItEstimatesAndHowWell() throws IOException {
    String out = run("study", "s", "--method", "sketch", "--sketch-size", "1600").out();
    String line =
        "Each correlation is estimated, ± 0.0250 at most (standard error of a sketch of 1,600)";
    assertTrue(out.lines().anyMatch(line::equals), out);
    JsonNode json = study("s");
    assertEquals("sketch", json.path("method").asText());
    assertEquals("sketch", json.path("options").path("method").asText());
    assertEquals(1600, json.path("options").path("sketch_size").asInt());
    assertEquals(1600, json.path("sketch").path("size").asInt());
    assertEquals(5, json.path("sketch").path("seed").asInt());
    assertEquals(0.025, json.path("sketch").path("standard_error").asDouble(), 1e-15);
    assertFalse(Cli.names(folder.resolve("s")).contains("convergence.parquet"));
  }

  @Test
  void hasAUsualSize() {
    run("correlate", "c", "--method", "sketch", "--similarity", "cosine");
    assertEquals(32_768, study("c").path("sketch").path("size").asInt());
  }

  @Test
  void isNotTheUsualMethod() {
    String out = run("correlate", "e", "--method", "exact").out();
    assertFalse(out.contains("estimated"), out);
    JsonNode json = study("e");
    assertEquals("exact", json.path("method").asText());
    assertTrue(json.path("sketch").isMissingNode());
    assertTrue(json.path("options").path("sketch_size").isMissingNode());
  }
}
