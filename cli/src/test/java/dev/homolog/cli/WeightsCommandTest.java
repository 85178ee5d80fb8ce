package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code homolog weights} leaves and says; the numbers are checked where they are made.
 * Everything is of two layers of 5 neurons, of which neuron 2 of layer 0 reads nothing.
 */
class WeightsCommandTest {
  private static final String TABLES =
      "composition histograms neighbours neurons vocabulary weight_moments";

  @TempDir private static Path folder;
  private static Path model;
  private static Cli.Outcome outcome;
  private static RunFolder run;

  @BeforeAll
  static void weights() throws IOException {
    model = Cli.model(folder.resolve("a"), 5, 1);
    outcome = weights(model, "run", "--threads", "2");
    run = RunFolder.open(folder.resolve("run"));
  }

  private static Cli.Outcome weights(Path model, String out, String... more) {
    List<String> args = List.of("weights", "--model", model + "", "--backend", "vector", "--out");
    return Cli.run(Cli.join(Cli.join(args, folder.resolve(out) + ""), more));
  }

  @Test
  void saysWhatItDid() {
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertEquals(1, outcome.err().size(), outcome.err()::toString);
    assertTrue(outcome.err().getFirst().startsWith("homolog: vector: "));
    assertTrue(outcome.out().startsWith("Model a: weights of 10 neurons in 2 layers, folded, in "));
    assertTrue(outcome.out().strip().endsWith("Tables and study.json: " + folder.resolve("run")));
  }

  @Test
  void tablesAndColumns() throws IOException {
    List<String> files = new ArrayList<>();
    List.of(TABLES.split(" ")).forEach(name -> files.add(name + ".parquet"));
    files.add("study.json");
    assertEquals(files.stream().sorted().toList(), Cli.names(run.path()));
    assertEquals("layer neuron kind rank other_layer other_neuron cosine", columns("neighbours"));
    assertEquals("layer neuron space rank token text cosine", columns("vocabulary"));
    assertEquals("layer neuron kind rank head_layer head composition", columns("composition"));
    assertEquals("layer neuron of count mean var skew kurt", columns("weight_moments"));
    assertEquals("what low high count", columns("histograms"));
    assertEquals(
        "layer neuron w_in_norm w_out_norm input_bias in_out_sim l2_penalty"
            + " vocab_mean vocab_var vocab_skew vocab_kurt"
            + " vocab_dot_mean vocab_dot_var vocab_dot_skew vocab_dot_kurt",
        columns("neurons"));
  }

  private static String columns(String table) {
    return String.join(" ", run.read(table).schema().keySet());
  }

  /** Every neuron, but none where a vector is 0. */
  @Test
  void rows() {
    assertEquals(10, run.read("neurons").rows());
    assertTrue(Double.isNaN(run.read("neurons").doubles("in_out_sim").get(2)));
    assertEquals(0, run.read("neurons").doubles("w_in_norm").get(2), 1e-12);
    // in_in: 9 with 8 others; in_out: 9 with 9; out_in: 9 with 8 and one with 9; out_out: 10 with
    // 9.
    assertEquals(2 * (9 * 8 + 9 * 9 + 9 * 8 + 9 + 10 * 9), run.read("neighbours").rows());
    assertEquals(200 * (2 * 9 + 2 * 10), run.read("vocabulary").rows());
    // Four heads in all.
    assertEquals(4 * (3 * 10 + 9), run.read("composition").rows());
    assertEquals(8 * 10, run.read("weight_moments").rows());
    assertEquals(400, run.read("histograms").rows());
  }

  @Test
  void tokensHaveTheirText() {
    Table table = run.read("vocabulary");
    String text = null;
    for (int i = 0; i < table.rows(); i++) {
      if (table.ints("token").get(i) == 0) {
        text = table.texts("text").get(i);
      }
    }
    assertEquals("<|endoftext|>", text);
  }

  @Test
  void manifest() {
    JsonNode json = Json.of(run, "study");
    assertEquals("weights", json.at("/command").asText());
    assertEquals("folded", json.at("/processing").asText());
    assertEquals("a", json.at("/models/0/name").asText());
    assertTrue(json.at("/models/0/sha256/model.safetensors").asText().matches("[0-9a-f]{64}"));
    assertEquals("homolog: " + json.at("/backend").asText(), outcome.err().getFirst());
    assertEquals("fp32 with fp64 sums", json.at("/precision").asText());
    assertEquals(model + "", json.at("/options/model").asText());
    assertEquals(2, json.at("/options/threads").asInt());
    assertEquals(10, json.at("/result/neurons").asInt());
    assertTrue(json.at("/plan/host_bytes").asLong() > json.at("/plan/bytes/held before").asLong());
    assertTrue(json.at("/plan/flops/weight tables").asDouble() > 0);
    List<String> phases = new ArrayList<>();
    json.at("/phases").forEach(phase -> phases.add(phase.at("/name").asText()));
    assertEquals(
        "[files, weights, neighbours, vocabulary, neurons, composition, moments, histograms]",
        phases.toString());
  }

  /** A study has the same of all neurons, and the same tables of those that are chosen. */
  @Test
  void aStudySaysTheSame() throws IOException {
    Path other = Cli.model(folder.resolve("b"), 5, 2);
    Path text = Cli.text(folder.resolve("text.txt"));
    for (String processing : List.of("folded", "raw")) {
      List<String> args =
          List.of("study", "--reference", model + "", "--other", other + "", "--text", text + "");
      String name = "study-" + processing;
      args = Cli.join(args, "--backend", "vector", "--max-tokens", "200");
      args = Cli.join(args, "--processing", processing, "--out", folder.resolve(name) + "");
      Cli.Outcome done = Cli.run(args);
      assertEquals(0, done.code(), done.err()::toString);
      RunFolder study = RunFolder.open(folder.resolve(name));
      assertEquals(processing, Json.of(study, "study").at("/processing").asText());
      assertEquals(processing, Json.of(study, "study").at("/options/processing").asText());
      assertEquals(0, weights(model, processing, "--processing", processing).code());
      RunFolder alone = RunFolder.open(folder.resolve(processing));
      Table mine = study.read("neurons");
      Table same = alone.read("neurons");
      for (Column column : same.columns()) {
        if (column instanceof Column.Doubles numbers) {
          for (int i = 0; i < 10; i++) {
            assertEquals(numbers.get(i), mine.doubles(column.name()).get(i), column.name());
          }
        }
      }
      for (String table : List.of("neighbours", "vocabulary", "composition", "weight_moments")) {
        List<String> all = text(alone.read(table));
        List<String> chosen = text(study.read(table));
        assertTrue(chosen.size() > all.size() / 2 && chosen.size() < all.size(), table);
        assertTrue(all.containsAll(chosen), table);
      }
    }
  }

  private static List<String> text(Table table) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < table.rows(); i++) {
      StringBuilder row = new StringBuilder();
      for (Column column : table.columns()) {
        switch (column) {
          case Column.Ints ints -> row.append(ints.get(i));
          case Column.Longs longs -> row.append(longs.get(i));
          case Column.Doubles doubles -> row.append(doubles.get(i));
          case Column.Texts texts -> row.append(texts.get(i));
          default -> throw new AssertionError(column.name());
        }
        row.append(' ');
      }
      rows.add(row.toString());
    }
    return rows;
  }

  @Test
  void aGptNeoXWithoutTokenizer() throws IOException {
    Path neox = Cli.neox(folder.resolve("neox"), 3);
    Files.delete(neox.resolve("tokenizer.json"));
    Cli.Outcome done = weights(neox, "bare", "--format", "csv", "--processing", "raw");
    assertEquals(0, done.code(), done.err()::toString);
    RunFolder bare = RunFolder.open(folder.resolve("bare"));
    assertEquals("raw", Json.of(bare, "study").at("/processing").asText());
    Table neurons = bare.read("neurons");
    assertEquals(21, neurons.rows());
    assertEquals(
        200 * 4 * 21, Files.readAllLines(bare.path().resolve("vocabulary.csv")).size() - 1);
    assertTrue(Files.readAllLines(bare.path().resolve("vocabulary.csv")).get(1).contains(",,"));
  }

  // ---- refusals ----

  private static void refused(int code, String line, Cli.Outcome outcome) {
    assertEquals(code, outcome.code(), outcome.err()::toString);
    assertEquals("homolog: " + line, outcome.err().getLast());
  }

  @Test
  void whatCannotBe() throws IOException {
    refused(
        2,
        "--processing: no preset is called cooked; known: folded, raw; see homolog weights --help",
        weights(model, "no1", "--processing", "cooked"));
    refused(
        2,
        "Unknown options: '--context', '5'; see homolog weights --help",
        weights(model, "no2", "--context", "5"));
    refused(
        2,
        "Unknown options: '--precision', 'bf16'; see homolog weights --help",
        weights(model, "no3", "--precision", "bf16"));
    refused(
        2,
        "Missing required option: '--model=MODEL'; see homolog weights --help",
        Cli.run("weights"));
    Cli.Outcome small = weights(model, "no4", "--memory", "1m");
    assertEquals(2, small.code());
    String line = small.err().getLast();
    assertTrue(line.startsWith("homolog: --memory: 1,048,576 bytes, but the study needs "), line);
    refused(
        2,
        folder.resolve("run")
            + ": already holds a run; choose another --out; see homolog weights --help",
        weights(model, "run"));
    Path broken = Cli.model(folder.resolve("broken"), 5, 3);
    Files.writeString(broken.resolve("tokenizer.json"), "{");
    Cli.Outcome refusal = weights(broken, "no5");
    assertEquals(1, refusal.code());
    assertTrue(refusal.err().getLast().startsWith("homolog: " + broken + "/tokenizer.json: "));
    assertEquals(1, refusal.err().size());
    assertFalse(Files.exists(folder.resolve("no5")));
  }

  @Test
  void weightsThatAreNotFinite() throws IOException {
    Path odd = Cli.model(folder.resolve("odd"), 5, 3);
    Cli.weights(
        odd,
        "h.1.mlp.c_proj.weight",
        data -> data.setAtIndex(ValueLayout.JAVA_FLOAT, 3, Float.NaN));
    Cli.Outcome refusal = weights(odd, "no6");
    assertEquals(1, refusal.code());
    String line = refusal.err().getLast();
    assertTrue(
        line.startsWith("homolog: " + odd + "/model.safetensors: h.1.mlp.c_proj.weight: "), line);
  }
}
