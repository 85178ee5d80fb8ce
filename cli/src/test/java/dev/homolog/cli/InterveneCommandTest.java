package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.tokens.NpyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Interventions as a user has them. */
class InterveneCommandTest {
  @TempDir private static Path folder;
  private static Path model;
  private static Path text;

  @BeforeAll
  static void inputs() throws IOException {
    model = Cli.model(folder.resolve("m"), 5, 1);
    text = Cli.text(folder.resolve("text.txt"));
  }

  private static List<String> args(String... more) {
    List<String> args =
        List.of("intervene", "--model", model + "", "--text", text + "", "--backend", "vector");
    return Cli.join(args, more);
  }

  /** Averages over counted positions of what hooks on transformers gave for family model a. */
  @Test
  void saysWhatTransformersSay() {
    Path tokens = folder.resolve("golden.npy");
    try (var golden = SafetensorsFile.open(Cli.FAMILY.resolve("golden.safetensors"))) {
      StoredTensor ids = golden.tensor("input_ids");
      NpyFile.write(tokens, DType.I32, ids.shape(), ids.data());
    }
    Path out = folder.resolve("golden");
    Cli.Outcome outcome =
        Cli.run(
            "intervene",
            "--model",
            Cli.FAMILY + "/a",
            "--tokens",
            tokens + "",
            "--backend",
            "vector",
            "--out",
            out + "",
            "--neuron",
            "1.7",
            "--mode",
            "fix",
            "--value",
            "-0.17",
            "3");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    JsonNode json = RunFolder.open(out).readJson("intervention");
    try (var golden = SafetensorsFile.open(Cli.FAMILY.resolve("interventions.safetensors"));
        var of = SafetensorsFile.open(Cli.FAMILY.resolve("golden.safetensors"))) {
      Tensor ids = Tensor.wrap(of.tensor("input_ids").data(), DType.I32, 2, 32);
      agrees(ids, golden.tensor("nominal"), json.get("nominal"));
      agrees(ids, golden.tensor("fix"), json.at("/values/1"));
    }
    assertEquals(-0.17, json.at("/values/0/value").asDouble());
    assertEquals(3, json.at("/values/1/value").asDouble());
    assertEquals(2, json.get("values").size());
    assertTrue(outcome.out().contains("averages over 60 positions"), outcome.out());
  }

  private static void agrees(Tensor ids, StoredTensor stored, JsonNode found) {
    Tensor golden = Tensor.wrap(stored.data(), stored.dtype(), 64, 4);
    double[] sums = new double[5];
    int count = 0;
    for (int t = 0; t < 64; t++) {
      if (t % 32 < 31 && ids.get(t / 32, t % 32) != 0) {
        double rank = golden.get(t, 2);
        double[] of = {golden.get(t, 0), golden.get(t, 1), rank, 1 / (rank + 1), golden.get(t, 3)};
        for (int i = 0; i < 5; i++) {
          sums[i] += of[i];
        }
        count++;
      }
    }
    String[] names = {"loss", "entropy", "rank", "recip_rank", "scale"};
    for (int i = 0; i < 5; i++) {
      assertEquals(sums[i] / count, found.get(names[i]).asDouble(), 1e-4, names[i]);
    }
  }

  @Test
  void theFolderHoldsWhatWasRun() throws IOException {
    Path out = folder.resolve("run");
    List<String> args =
        args(
            "--out",
            out + "",
            "--neuron",
            "0.3",
            "1.4",
            "--mode",
            "multiply",
            "--value",
            "0",
            "1",
            "2.5",
            "--freeze-scale",
            "--freeze-attention",
            "--max-tokens",
            "200",
            "--format",
            "csv",
            "--batch",
            "3");
    Cli.Outcome outcome = Cli.run(args);
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertEquals(List.of("intervention.json", "interventions.csv", "study.json"), Cli.names(out));
    RunFolder run = RunFolder.open(out);
    JsonNode json = run.readJson("intervention");
    assertEquals(json.get("nominal"), without(json.at("/values/1")), "times 1 is nothing");
    assertFalse(json.get("nominal").equals(without(json.at("/values/2"))));
    Table table = run.read("interventions");
    assertEquals(3, table.rows());
    for (int i = 0; i < 3; i++) {
      assertEquals(
          json.at("/values/" + i + "/loss").asDouble(), table.doubles("loss").get(i), 1e-12);
    }
    assertEquals(0, table.doubles("loss_change").get(1));
    JsonNode study = run.readJson("study");
    assertEquals("intervene", study.get("command").asText());
    assertEquals("0.3", study.at("/options/neuron/0").asText());
    assertEquals("multiply", study.at("/options/mode").asText());
    assertEquals(2.5, study.at("/options/value/2").asDouble());
    assertTrue(study.at("/options/freeze_scale").asBoolean());
    assertEquals(192, study.at("/tokens/read").asLong());
    // A batch has no say in it.
    Path other = folder.resolve("other");
    args = Cli.join(args.subList(0, 7), "--out", other + "");
    args = Cli.join(args, "--neuron", "0.3", "1.4", "--mode", "multiply", "--value", "0");
    outcome =
        Cli.run(Cli.join(args, "--freeze-scale", "--freeze-attention", "--max-tokens", "200"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    JsonNode again = RunFolder.open(other).readJson("intervention");
    assertEquals(json.at("/values/0/loss").asDouble(), again.at("/values/0/loss").asDouble(), 1e-6);
  }

  private static JsonNode without(JsonNode value) {
    com.fasterxml.jackson.databind.node.ObjectNode copy = value.deepCopy();
    copy.remove("value");
    return copy;
  }

  @Test
  void zeroTakesNoValue() {
    Path out = folder.resolve("zero");
    Cli.Outcome outcome = Cli.run(args("--out", out + "", "--neuron", "0.1", "--mode", "zero"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    JsonNode json = RunFolder.open(out).readJson("intervention");
    assertEquals(1, json.get("values").size());
    assertEquals(0, json.at("/values/0/value").asDouble());
  }

  /** Before the non-linearity and after it: f(0.7) in place of 0.7, at some positions only. */
  @Test
  void sitesAndPositions() {
    double x = 0.7;
    double activated =
        0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    JsonNode pre = loss("pre", "--site", "mlp_pre", "--value", x + "", "--positions", "3-");
    JsonNode post = loss("post", "--value", activated + "", "--positions", "3-");
    assertEquals(post.get("loss").asDouble(), pre.get("loss").asDouble(), 1e-6);
    JsonNode all = loss("all", "--value", activated + "", "--positions", "0-");
    assertEquals(loss("unsaid", "--value", activated + ""), all);
    assertTrue(Math.abs(all.get("loss").asDouble() - post.get("loss").asDouble()) > 1e-6);

    // there.
    JsonNode one = loss("one", "--value", activated + "", "--positions", "31");
    assertEquals(
        RunFolder.open(folder.resolve("one")).readJson("intervention").at("/nominal/loss"),
        one.get("loss"),
        "the last position of a row predicts nothing");
  }

  private static JsonNode loss(String name, String... more) {
    Path out = folder.resolve(name);
    List<String> args = args("--out", out + "", "--neuron", "1.2", "--mode", "fix");
    Cli.Outcome outcome = Cli.run(Cli.join(args, more));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    return RunFolder.open(out).readJson("intervention").at("/values/0");
  }

  @Test
  void refusesNeurons() {
    refused(
        2,
        "--neuron: there is no neuron 2.0; the model has layers 0 to 1 of neurons 0 to 4",
        "--neuron",
        "2.0",
        "--mode",
        "zero");
    refused(
        2,
        "--neuron: there is no neuron 1.5; the model has layers 0 to 1 of neurons 0 to 4",
        "--neuron",
        "0.1",
        "1.5",
        "--mode",
        "zero");
    String form = " is no neuron; give layer and neuron, such as 3.117" + HELP;
    refused(2, "--neuron: 1" + form, "--neuron", "1", "--mode", "zero");
    refused(2, "--neuron: x1.2" + form, "--neuron", "x1.2", "--mode", "zero");
    refused(
        2,
        "--neuron: 0.1 is given twice; leave one out" + HELP,
        "--neuron",
        "0.1",
        "0.1",
        "--mode",
        "zero");
  }

  @Test
  void refusesPositions() {
    for (String positions : List.of("5-3", "x", "-4", "")) {
      refused(
          2,
          "--positions: "
              + positions
              + " is no range of positions; give such as 64, 64-127 or 64-"
              + HELP,
          "--neuron",
          "0.1",
          "--mode",
          "zero",
          "--positions=" + positions);
    }
    refused(
        2,
        "--positions: 32-, but rows have 32 tokens; give less than that",
        "--neuron",
        "0.1",
        "--mode",
        "zero",
        "--positions",
        "32-");
    refused(
        1,
        "text: in rows of 2 no token is followed by one that counts (BOS and EOS do not); give a"
            + " longer --context, or more text",
        "--neuron",
        "0.1",
        "--mode",
        "zero",
        "--context",
        "2");
  }

  @Test
  void refusesActivations() {
    refused(
        1,
        model
            + ": neuron 0.1: with its activation changed, a prediction is not finite in rows from 0"
            + " on in fp32 with fp64 sums; give a smaller value, or --backend scalar, which computes in double",
        "--neuron",
        "0.1",
        "--mode",
        "fix",
        "--value",
        "1e300");
    refused(
        2,
        "--mode: no mode is called set; known: zero, fix, threshold, relu, multiply" + HELP,
        "--neuron",
        "0.1",
        "--mode",
        "set");
    refused(
        2,
        "--value: --mode fix needs one; give a number" + HELP,
        "--neuron",
        "0.1",
        "--mode",
        "fix");
    refused(
        2,
        "--value: --mode relu takes none; leave it out" + HELP,
        "--neuron",
        "0.1",
        "--mode",
        "relu",
        "--value",
        "1");
    refused(
        2,
        "--value: NaN; give a finite number" + HELP,
        "--neuron",
        "0.1",
        "--mode",
        "fix",
        "--value",
        "NaN");
  }

  @Test
  void refusesOtherFlags() {
    refused(
        2,
        "--site: no site is called out; known: mlp_post, mlp_pre" + HELP,
        "--neuron",
        "0.1",
        "--mode",
        "zero",
        "--site",
        "out");
    refused(
        2,
        "--memory: batches of 1 rows take",
        "--neuron",
        "0.1",
        "--mode",
        "zero",
        "--memory",
        "1m",
        "--batch",
        "1");
    refused(
        2,
        "--format: there is no format xml; choose one of parquet, csv" + HELP,
        "--neuron",
        "0.1",
        "--mode",
        "zero",
        "--format",
        "xml");
  }

  private static final String HELP = "; see homolog intervene --help";

  private static void refused(int code, String line, String... more) {
    Path out = folder.resolve("refused");
    Cli.Outcome outcome = Cli.run(Cli.join(args(more), "--out", out + ""));
    assertTrue(outcome.err().getLast().startsWith("homolog: " + line), outcome.err()::toString);
    // Before a late refusal stands the line that names the backend.
    assertTrue(outcome.err().size() <= 2, outcome.err()::toString);
    assertEquals(code, outcome.code());
    assertEquals("", outcome.out());
    assertFalse(Files.exists(out));
  }
}
