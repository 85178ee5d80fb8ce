package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What finished runs leave and say: a study in Parquet, and its correlations alone in CSV. */
class StudyCommandTest {
  private static final int REFERENCE = 10;
  private static final Map<String, Integer> OTHERS = Map.of("b", 10, "c", 14);
  private static final int TOP = 3;
  private static final List<String> NOT_IN_CORRELATE =
      List.of("mean", "var", "skew", "kurt", "sparsity", "position_information");
  private static final String OF_WEIGHTS =
      "w_in_norm w_out_norm input_bias in_out_sim l2_penalty"
          + " vocab_mean vocab_var vocab_skew vocab_kurt"
          + " vocab_dot_mean vocab_dot_var vocab_dot_skew vocab_dot_kurt";

  @TempDir private static Path folder;
  private static List<String> input;
  private static Cli.Outcome study;
  private static Cli.Outcome correlate;
  private static RunFolder parquet;
  private static RunFolder csv;

  @BeforeAll
  static void run() throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path b = Cli.model(folder.resolve("b"), 5, 2);
    Path c = Cli.model(folder.resolve("c"), 7, 3);
    Path text = Cli.text(folder.resolve("text.txt"));
    input =
        List.of("--reference", a + "", "--other", b + "", "--other", c + "", "--text", text + "");
    List<String> args =
        Cli.join(
            input,
            "--max-tokens",
            "200",
            "--top",
            TOP + "",
            "--threads",
            "2",
            "--backend",
            "vector");
    study = Cli.run(Cli.join(Cli.join(List.of("study"), args), "--out", folder + "/s"));
    correlate =
        Cli.run(
            Cli.join(
                Cli.join(List.of("correlate"), args), "--out", folder + "/x/c", "--format", "csv"));
    parquet = RunFolder.open(folder.resolve("s"));
    csv = RunFolder.open(folder.resolve("x/c"));
  }

  @Test
  void saysWhichBackendAndNothingElse() {
    assertEquals(0, study.code());
    assertEquals(0, correlate.code());
    assertEquals(1, study.err().size(), study.err()::toString);
    String line = study.err().getFirst();
    assertTrue(line.startsWith("homolog: vector: ") && line.contains("2 threads"), line);
    assertTrue(line.contains("fp32") && line.endsWith("(asked for by name)"), line);
    assertEquals(study.err(), correlate.err());
  }

  @Test
  void files() throws IOException {
    assertEquals(
        List.of(
            "all_but_one.parquet",
            "by_other.parquet",
            "comparison.parquet",
            "composition.parquet",
            "convergence.parquet",
            "depths.parquet",
            "examples.parquet",
            "explanations.parquet",
            "histograms.parquet",
            "homologs.parquet",
            "matches.parquet",
            "neighbours.parquet",
            "neuron_histograms.parquet",
            "neurons.parquet",
            "positions.parquet",
            "report.html",
            "study.json",
            "subsets.parquet",
            "tokens.parquet",
            "vocabulary.parquet",
            "weight_moments.parquet"),
        Cli.names(parquet.path()));
    assertEquals(
        List.of("histograms.csv", "matches.csv", "neurons.csv", "report.html", "study.json"),
        Cli.names(csv.path()));
  }

  private static final String OF_FAMILIES = "family family_feature family_score runner_up margin";

  @Test
  void columns() {
    assertEquals(
        "layer neuron mean var skew kurt sparsity position_information post_mean post_var post_skew post_kurt max_corr mean_corr min_corr"
            + " max_baseline mean_baseline min_baseline baseline_sd excess_corr universal"
            + " r_mean r_var r_skew r_kurt "
            + OF_FAMILIES
            + " "
            + OF_WEIGHTS,
        columns("neurons"));
    assertEquals(
        "layer neuron other direction rank other_layer other_neuron correlation",
        columns("matches"));
    assertEquals("what other low high count", columns("histograms"));
    assertEquals("layer neuron rank token text mean max count source", columns("tokens"));
    assertEquals("layer neuron position mean max count", columns("positions"));
    assertEquals("layer neuron subset mean max count", columns("subsets"));
    assertEquals("layer neuron low high count", columns("neuron_histograms"));
    assertEquals(
        "other step neurons universal mean_corr median_corr mean_baseline homologs",
        columns("by_other"));
    assertEquals(
        "group model layer neuron mean_correlation cohesion family agreement", columns("homologs"));
    assertEquals(
        "share tokens neurons change_q50 change_q90 change_q99 change_max universal",
        columns("convergence"));
  }

  private static String columns(String table) {
    return String.join(" ", parquet.read(table).schema().keySet());
  }

  @Test
  void neurons() {
    Table table = parquet.read("neurons");
    assertEquals(REFERENCE, table.rows());
    int constant = 2;
    for (int i = 0; i < REFERENCE; i++) {
      assertEquals(i / 5, table.ints("layer").get(i));
      assertEquals(i % 5, table.ints("neuron").get(i));
      double max = table.doubles("max_corr").get(i);
      double mean = table.doubles("mean_corr").get(i);
      assertEquals(i == constant, Double.isNaN(max));
      assertEquals(i == constant, Double.isNaN(table.doubles("excess_corr").get(i)));
      if (i != constant) {
        assertTrue(max >= mean && mean >= table.doubles("min_corr").get(i));
        double baseline = table.doubles("mean_baseline").get(i);
        double excess = table.doubles("excess_corr").get(i);
        assertEquals(mean - baseline, excess, 1e-12);
        assertEquals(excess > 0.5, table.booleans("universal").get(i));
      } else {
        assertEquals(0, table.doubles("post_var").get(i));
        assertFalse(table.booleans("universal").get(i));
      }
    }
  }

  @Test
  void matches() {
    Table table = parquet.read("matches");
    Table neurons = parquet.read("neurons");
    Map<String, TreeMap<Integer, Double>> byNeuron = new TreeMap<>();
    for (int i = 0; i < table.rows(); i++) {
      String other = table.texts("other").get(i);
      boolean out = table.texts("direction").get(i).equals("out");
      int theirs = OTHERS.get(other) / 2;
      int match = table.ints("other_neuron").get(i);
      assertTrue(table.ints("neuron").get(i) < (out ? 5 : theirs));
      assertTrue(match < (out ? theirs : 5) && table.ints("other_layer").get(i) < 2);
      assertEquals(match < 0, Double.isNaN(table.doubles("correlation").get(i)));
      String key =
          String.join(
              " ",
              other,
              table.texts("direction").get(i),
              table.ints("layer").get(i) + "",
              table.ints("neuron").get(i) + "");
      byNeuron
          .computeIfAbsent(key, _ -> new TreeMap<>())
          .put(table.ints("rank").get(i), table.doubles("correlation").get(i));
    }
    assertEquals(2 * REFERENCE + 10 + 14, byNeuron.size());
    for (TreeMap<Integer, Double> ranks : byNeuron.values()) {
      assertEquals(List.of(-3, -2, -1, 1, 2, 3), List.copyOf(ranks.keySet()));
      assertFalse(ranks.get(1) < ranks.get(2) || ranks.get(2) < ranks.get(3));
      assertFalse(ranks.get(-1) > ranks.get(-2) || ranks.get(-2) > ranks.get(-3));
      assertFalse(ranks.get(3) < ranks.get(-1));
    }
    for (int i = 0; i < REFERENCE; i++) {
      double b = byNeuron.get("b out " + i / 5 + " " + i % 5).get(1);
      double c = byNeuron.get("c out " + i / 5 + " " + i % 5).get(1);
      assertEquals(Math.max(b, c), neurons.doubles("max_corr").get(i));
      assertEquals((b + c) / 2, neurons.doubles("mean_corr").get(i), 1e-12);
    }
    assertEquals(greatest(byNeuron, "b out"), greatest(byNeuron, "b back"));
    assertEquals(greatest(byNeuron, "c out"), greatest(byNeuron, "c back"));
  }

  /** The groups as the table of matches has them: best out, and best back again, above 0.1. */
  @Test
  void homologsAreMutualBestMatches() {
    List<String> low = List.of("--threshold", "0.1", "--out", folder + "/low");
    List<String> args = Cli.join(input, "--max-tokens", "200", "--backend", "vector");
    assertEquals(0, Cli.run(Cli.join(Cli.join(List.of("study"), args), low)).code());
    RunFolder run = RunFolder.open(folder.resolve("low"));
    Table matches = run.read("matches");
    Map<String, String> best = new TreeMap<>();
    Map<String, Double> correlations = new TreeMap<>();
    for (int i = 0; i < matches.rows(); i++) {
      if (matches.ints("rank").get(i) == 1) {
        String other = matches.texts("other").get(i);
        String from = matches.texts("direction").get(i).equals("out") ? "a" : other;
        String key = from + ">" + (from.equals("a") ? other : "a") + " " + name(matches, i, "");
        best.put(key, name(matches, i, "other_"));
        correlations.put(key, matches.doubles("correlation").get(i));
      }
    }
    List<String> expected = new ArrayList<>();
    int group = 0;
    for (int neuron = 0; neuron < REFERENCE; neuron++) {
      String mine = neuron / 5 + "." + neuron % 5;
      List<String> members = new ArrayList<>();
      for (String other : List.of("b", "c")) {
        String match = best.get("a>" + other + " " + mine);
        boolean mutual = mine.equals(best.get(other + ">a " + match));
        if (mutual && correlations.get("a>" + other + " " + mine) > 0.1) {
          members.add(other + " " + match);
        }
      }
      if (!members.isEmpty()) {
        expected.add(group + " a " + mine);
        for (String member : members) {
          expected.add(group + " " + member);
        }
        group++;
      }
    }
    Table homologs = run.read("homologs");
    List<String> actual = new ArrayList<>();
    for (int i = 0; i < homologs.rows(); i++) {
      String model = homologs.texts("model").get(i);
      actual.add(homologs.ints("group").get(i) + " " + model + " " + name(homologs, i, ""));
    }
    assertEquals(expected, actual);
    assertTrue(group > 0);
  }

  private static String name(Table table, int row, String prefix) {
    return table.ints(prefix + "layer").get(row) + "." + table.ints(prefix + "neuron").get(row);
  }

  private static double greatest(Map<String, TreeMap<Integer, Double>> byNeuron, String start) {
    return byNeuron.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(start))
        .mapToDouble(entry -> entry.getValue().get(1))
        .filter(r -> !Double.isNaN(r))
        .max()
        .orElseThrow();
  }

  @Test
  void histograms() {
    Table table = parquet.read("histograms");
    assertEquals(200, table.rows());
    Map<String, Long> counts = new TreeMap<>();
    for (int i = 0; i < table.rows(); i++) {
      counts.merge(table.texts("other").get(i), table.longs("count").get(i), Long::sum);
    }
    assertEquals(Map.of("b", 9L * 9, "c", 9L * 13), counts); // constant neurons have no r
    assertEquals(-1, table.doubles("low").get(0));
    assertEquals(1, table.doubles("high").get(199));
  }

  @Test
  void tokensOfTheChosen() {
    Table table = parquet.read("tokens");
    assertTrue(table.rows() > 0);
    assertTrue(Arrays.asList(table.texts("text").toArray()).contains(" saw"));
  }

  @Test
  void manifest() {
    JsonNode json = Json.of(parquet, "study");
    assertEquals("study", json.at("/command").asText());
    assertEquals("correlate", Json.of(csv, "study").at("/command").asText());
    assertEquals(3, json.at("/models").size());
    assertEquals("reference", json.at("/models/0/role").asText());
    assertEquals("c", json.at("/models/2/name").asText());
    assertEquals(1, json.at("/models/0/constant_neurons").asInt());
    for (JsonNode model : json.at("/models")) {
      assertTrue(model.at("/sha256/model.safetensors").asText().matches("[0-9a-f]{64}"));
      assertTrue(model.at("/sha256/config.json").asText().matches("[0-9a-f]{64}"));
    }
    assertEquals(192, json.at("/tokens/read").asInt()); // 200 cut to whole rows
    assertEquals(192, json.at("/tokens/kept").asInt() + json.at("/tokens/filtered").asInt());
    assertEquals("homolog: " + json.at("/backend").asText(), study.err().getFirst());
    assertTrue(json.at("/resumed_from_token").isNull());
    Map<String, String> options = new TreeMap<>();
    json.at("/options").properties().forEach(e -> options.put(e.getKey(), e.getValue().asText()));
    options.keySet().removeAll(List.of("reference", "other", "text", "out"));
    assertEquals(
        "{all_pairs=false, allow_equal=false, backend=vector, baseline=rotation, baseline_draws=1, batch=6, by_subset=false, format=parquet,"
            + " max_tokens=200, method=exact, precision=fp32, processing=folded, roles=false, seed=0, similarity=pearson, threads=2, threshold=0.5, top=3}",
        options.toString());
    List<String> phases = new ArrayList<>();
    json.at("/phases").forEach(phase -> phases.add(phase.at("/name").asText()));
    assertEquals(
        List.of(
            "lineage",
            "tokens",
            "features",
            "pilot",
            "calibration",
            "sums",
            "activations",
            "correlations",
            "explanations",
            "baseline",
            "checkpoints",
            "close-up",
            "weights"),
        phases);
    assertTrue(json.at("/phases/6/tokens_per_second").asDouble() > 0);
  }

  @Test
  void csvSaysTheSame() throws IOException {
    for (String name : List.of("neurons", "matches", "histograms")) {
      Table x = parquet.read(name);
      Table y = csv.read(name);
      assertEquals(x.rows(), y.rows());
      List<String> both = new ArrayList<>(x.schema().keySet());
      both.removeAll(NOT_IN_CORRELATE);
      both.removeAll(List.of(OF_WEIGHTS.split(" ")));
      both.removeAll(List.of(OF_FAMILIES.split(" ")));
      assertEquals(both, List.copyOf(y.schema().keySet()));
    }
    for (String column : List.of("max_corr", "excess_corr", "post_kurt", "r_skew")) {
      assertArrayEquals(
          parquet.read("neurons").doubles(column).toArray(),
          csv.read("neurons").doubles(column).toArray());
    }
    assertArrayEquals(
        parquet.read("matches").doubles("correlation").toArray(),
        csv.read("matches").doubles("correlation").toArray());
    assertArrayEquals(
        parquet.read("matches").texts("other").toArray(),
        csv.read("matches").texts("other").toArray());
    String constant = Files.readAllLines(csv.path().resolve("neurons.csv")).get(3);
    assertTrue(constant.startsWith("0,2,") && constant.contains(",,"), constant);
  }

  @Test
  void summary() {
    for (String part :
        List.of(
            "Model a: 10 neurons in 2 layers, compared with b, c",
            "Read 192 tokens",
            "Constant neurons, which have no correlation: 1",
            "Universal:",
            "0.5",
            "L0 ",
            "L1 ",
            "The 9 best, with their match in each other model:",
            "fires most on",
            "' saw'",
            "Tables and study.json: " + folder.resolve("s"))) {
      assertTrue(study.out().contains(part), () -> part + " is not in\n" + study.out());
    }
    assertFalse(correlate.out().contains("fires most on"));
  }

  /** Seconds and speed of the second line are those that the run has written down. */
  @Test
  void summaryOfTime() {
    JsonNode json = Json.of(parquet, "study");
    double seconds = 0;
    for (JsonNode phase : json.at("/phases")) {
      seconds += phase.at("/seconds").asDouble();
    }
    Matcher line =
        Pattern.compile("document at ([0-9,]+) tokens/s through all models; ([0-9]+) s in all\n")
            .matcher(study.out());
    assertTrue(line.find(), study.out());
    double speed = Double.parseDouble(line.group(1).replace(",", ""));
    assertEquals(json.at("/phases/6/tokens_per_second").asDouble(), speed, 1);
    assertEquals(seconds, Double.parseDouble(line.group(2)), 1);
  }

  @Test
  void moreMatchesThanNeurons() {
    Path out = folder.resolve("all");
    List<String> args =
        Cli.join(Cli.join(List.of("correlate", "--backend", "vector"), input), "--out", out + "");
    assertEquals(0, Cli.run(Cli.join(args, "--top", "1000", "--max-tokens", "64")).code());
    Table table = RunFolder.open(out).read("matches");
    assertEquals(2 * 2 * (10 * 10 + 10 * 14), table.rows());
    for (int i = 0; i < table.rows(); i++) {
      boolean none = table.ints("other_layer").get(i) == -1;
      assertEquals(none, table.ints("other_neuron").get(i) == -1);
      assertEquals(none, Double.isNaN(table.doubles("correlation").get(i)));
    }
  }

  @Test
  void wholePathsWhereNamesAreEqual() throws IOException {
    Path twin = Cli.model(folder.resolve("twin/b"), 5, 4);
    Path out = folder.resolve("twins");
    List<String> args = Cli.join(List.of("correlate", "--backend", "vector"), input);
    args = Cli.join(args, "--other", twin + "", "--max-tokens", "64", "--out", out + "");
    assertEquals(0, Cli.run(args).code());
    List<String> others =
        Arrays.stream(RunFolder.open(out).read("matches").texts("other").toArray())
            .distinct()
            .toList();
    assertEquals(List.of(folder.resolve("b") + "", "c", twin + ""), others);
  }

  @Test
  void withoutBaseline() {
    Path out = folder.resolve("none");
    List<String> args = Cli.join(List.of("correlate", "--backend", "vector"), input);
    args = Cli.join(args, "--baseline", "none", "--max-tokens", "64", "--out", out + "");
    Cli.Outcome outcome = Cli.run(args);
    assertEquals(0, outcome.code());
    assertTrue(outcome.out().contains("No baseline was asked for"));
    Table table = RunFolder.open(out).read("neurons");
    assertTrue(Double.isNaN(table.doubles("excess_corr").get(0)));
    assertFalse(Double.isNaN(table.doubles("mean_corr").get(0)));
  }

  @Test
  void doctor() {
    Cli.Outcome outcome = Cli.run("doctor");
    assertEquals(0, outcome.code());
    assertEquals(List.of(), outcome.err());
    for (String part : List.of("Java", "machine", "vector", "scalar", "auto     takes ")) {
      assertTrue(outcome.out().contains(part), outcome.out());
    }
  }

  @Test
  void help() {
    for (String command : List.of("study", "correlate", "weights", "tokenize", "demo", "doctor")) {
      Cli.Outcome outcome = Cli.run(command, "--help");
      assertEquals(0, outcome.code());
      assertEquals(List.of(), outcome.err());
      assertTrue(outcome.out().contains("Usage: homolog " + command));
    }
  }
}
