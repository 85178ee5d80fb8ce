package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Roles as a user asks for them, alone and in a study. */
class RolesCommandTest {
  @TempDir private static Path folder;
  private static Path model;
  private static Path text;

  @BeforeAll
  static void inputs() throws IOException {
    model = Cli.model(folder.resolve("m"), 20, 1);
    text = Cli.text(folder.resolve("text.txt"));
  }

  private static List<String> args(String... more) {
    List<String> args =
        List.of("roles", "--model", model + "", "--text", text + "", "--backend", "vector");
    return Cli.join(Cli.join(args, "--format", "csv", "--max-tokens", "160"), more);
  }

  @Test
  void theTables() throws IOException {
    Path out = folder.resolve("run");
    Cli.Outcome outcome = Cli.run(args("--out", out + ""));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    List<String> files = List.of("attention.csv", "entropy.csv", "prediction.csv", "study.json");
    assertEquals(files, Cli.names(out));
    RunFolder run = RunFolder.open(out);
    Table prediction = run.read("prediction");
    assertEquals(40, prediction.rows());
    assertEquals(1, prediction.ints("layer").get(39));
    Table entropy = run.read("entropy");
    assertEquals(6 + 6 + 20, entropy.rows());
    Table attention = run.read("attention");
    // The two heads of layer 1 and the neurons of layer 0; rows of 32 from position 8 on.
    assertEquals(2 * 20, attention.rows());
    for (int i = 0; i < 40; i++) {
      assertEquals(0, attention.ints("layer").get(i));
      assertEquals(1, attention.ints("head_layer").get(i));
      assertEquals(5 * (32 - 8), attention.longs("positions").get(i));
    }
    assertEquals(
        List.of("homolog: " + out + " holds this run, finished; nothing is done"),
        Cli.run(args("--out", out + "", "--resume")).err());
    JsonNode study = Json.of(run, "study");
    assertEquals("roles", study.get("command").asText());
    assertEquals(8, study.at("/options/after").asInt());
    assertEquals("folded", study.get("processing").asText());
    assertTrue(outcome.out().contains("20 random neurons of the same layers"), outcome.out());
  }

  /** The same tables, to the last bit, in a study with the same batches. */
  @Test
  void aStudyHasThemToo() throws IOException {
    Path alone = folder.resolve("alone");
    assertEquals(0, Cli.run(args("--out", alone + "", "--batch", "2")).code());
    Path other = Cli.model(folder.resolve("other"), 7, 2);
    Path out = folder.resolve("study");
    Cli.Outcome outcome =
        Cli.run(
            "study",
            "--reference",
            model + "",
            "--other",
            other + "",
            "--text",
            text + "",
            "--backend",
            "vector",
            "--format",
            "csv",
            "--max-tokens",
            "160",
            "--batch",
            "2",
            "--roles",
            "--out",
            out + "");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    for (String name : List.of("attention.csv", "entropy.csv", "prediction.csv")) {
      assertEquals(
          Files.readString(alone.resolve(name)), Files.readString(out.resolve(name)), name);
    }
    JsonNode study = Json.of(RunFolder.open(out), "study");
    assertTrue(study.at("/options/roles").asBoolean());
    assertEquals(Json.of(RunFolder.open(alone), "study").get("result"), study.get("roles"));
  }

  /** Weights as stored choose others; one position of each row is ablated. */
  @Test
  void rawWeightsAndOnePosition() throws IOException {
    Path folded = folder.resolve("folded");
    assertEquals(0, Cli.run(args("--out", folded + "")).code());
    Path out = folder.resolve("raw");
    Cli.Outcome outcome =
        Cli.run(args("--out", out + "", "--processing", "raw", "--position", "9"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    RunFolder run = RunFolder.open(out);
    JsonNode study = Json.of(run, "study");
    assertEquals("raw", study.get("processing").asText());
    assertEquals(9, study.at("/options/after").asInt());
    assertTrue(study.at("/options/one_position").asBoolean());
    assertEquals(5, run.read("attention").longs("positions").get(0));
    double raw = run.read("prediction").doubles("vocab_var").get(0);
    double before = RunFolder.open(folded).read("prediction").doubles("vocab_var").get(0);
    assertTrue(Math.abs(raw - before) > 1e-6, raw + " " + before);
  }

  @Test
  void refusals() {
    refused("--after: -1; give a position from 0 on; see homolog roles --help", "--after", "-1");
    refused("--position: -1; give a position from 0 on; see homolog roles --help", "--position=-1");
    refused("--position: 32, but rows have 32 tokens; give less than that", "--position", "32");
    refused(
        "--position: given beside --after; leave one of them out; see homolog roles --help",
        "--position",
        "3",
        "--after",
        "4");
    refused("--after: 32, but rows have 32 tokens; give less than that", "--after", "32");
    Cli.Outcome outcome =
        Cli.run(
            "correlate",
            "--reference",
            model + "",
            "--other",
            model + "/.",
            "--text",
            text + "",
            "--roles");
    assertEquals(
        List.of(
            "homolog: --roles: roles are looked for in a whole study only; leave it out; see"
                + " homolog correlate --help"),
        outcome.err());
    assertEquals(2, outcome.code());
  }

  private static void refused(String line, String... more) {
    Path out = folder.resolve("refused");
    Cli.Outcome outcome = Cli.run(Cli.join(args(more), "--out", out + ""));
    assertEquals("homolog: " + line, outcome.err().getLast());
    assertEquals(2, outcome.code());
    assertEquals("", outcome.out());
    assertFalse(Files.exists(out));
  }
}
