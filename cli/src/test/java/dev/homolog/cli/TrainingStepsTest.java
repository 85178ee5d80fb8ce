package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training steps as other models, planted: the reference's own weights, with less noise the later
 * the step, in two trainings whose folders are called alike.
 */
class TrainingStepsTest {
  private static final int LAYERS = 4;
  private static final int M = 512;

  /** In deviations of the weights of W_in. */
  private static final double[] NOISE = {8, 1.5, 0.7, 0.2};

  private static final int[] STEPS = {0, 512, 1000, 20000};
  private static final int[] ORDER = {2, 0, 3, 1};
  private static final String NAME = "transformer.h.%d.mlp.c_fc.weight";

  @TempDir private static Path folder;
  private static RunFolder run;
  private static Cli.Outcome outcome;
  private static Table byOther;

  @BeforeAll
  static void study() throws IOException {
    List<String> others = new ArrayList<>();
    for (int i : ORDER) {
      others.add(noisy(folder.resolve("one/step" + STEPS[i]), NOISE[i]) + "");
    }
    for (int i = 0; i < 2; i++) {
      others.add(noisy(folder.resolve("two/step" + STEPS[i]), NOISE[i]) + "");
    }
    others.add(Cli.FAMILY.resolve("b") + "");
    // The steps of the second training are copies of those of the first.
    List<String> args = Cli.join(List.of("study", "--allow-equal", "--other"), others);
    args = Cli.join(args, common());
    outcome = Cli.run(Cli.join(args, "--out", folder + "/run"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    run = RunFolder.open(folder.resolve("run"));
    byOther = run.read("by_other");
  }

  private static List<String> common() {
    String text = Cli.FAMILY.resolve("validation.jsonl.zst") + "";
    List<String> input = List.of("--reference", Cli.FAMILY.resolve("a") + "", "--text", text);
    return Cli.join(
        input, "--max-tokens", "4096", "--threshold", "0.3", "--top", "1", "--backend", "vector");
  }

  private static Path noisy(Path folder, double noise) throws IOException {
    Files.createDirectories(folder);
    for (String name : Cli.names(Cli.FAMILY.resolve("a"))) {
      Files.copy(Cli.FAMILY.resolve("a").resolve(name), folder.resolve(name));
    }
    Random random = new Random(7);
    for (int layer = 0; layer < LAYERS; layer++) {
      Cli.weights(folder, NAME.formatted(layer), data -> add(data, noise, random));
    }
    return folder;
  }

  /** The family's weights are in half precision. */
  private static void add(MemorySegment weights, double noise, Random random) {
    short[] halves = weights.toArray(ValueLayout.JAVA_SHORT);
    double squares = 0;
    for (short half : halves) {
      float value = Float.float16ToFloat(half);
      squares += value * value;
    }
    double deviation = Math.sqrt(squares / halves.length);
    for (int i = 0; i < halves.length; i++) {
      double noisy = Float.float16ToFloat(halves[i]) + noise * deviation * random.nextGaussian();
      halves[i] = Float.floatToFloat16((float) noisy);
    }
    weights.copyFrom(MemorySegment.ofArray(halves));
  }

  @Test
  void moreNeuronsAreFoundTheLaterTheStep() {
    int[] rows = {1, 3, 0, 2};
    for (int i = 1; i < 4; i++) {
      for (String column : List.of("universal", "homologs")) {
        int before = byOther.ints(column).get(rows[i - 1]);
        int after = byOther.ints(column).get(rows[i]);
        assertTrue(before < after, column + " " + i + ": " + before + " then " + after);
      }
      for (String column : List.of("mean_corr", "median_corr")) {
        double before = byOther.doubles(column).get(rows[i - 1]);
        assertTrue(before < byOther.doubles(column).get(rows[i]), column + " " + i);
      }
    }
  }

  @Test
  void namesAndStepsAreThoseOfTheFolders() {
    List<Long> steps = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < byOther.rows(); i++) {
      steps.add(byOther.longs("step").get(i));
      names.add(byOther.texts("other").get(i));
    }
    assertEquals(List.of(1000L, 0L, 20000L, 512L, 0L, 512L, -1L), steps);
    String one = folder + "/one/";
    String two = folder + "/two/";
    assertEquals(
        List.of(
            "step1000",
            one + "step0",
            "step20000",
            one + "step512",
            two + "step0",
            two + "step512",
            "b"),
        names);
    for (String table : List.of("matches", "histograms")) {
      assertEquals(
          new HashSet<>(names),
          new HashSet<>(Arrays.asList(run.read(table).texts("other").toArray())));
    }
    names.add("a");
    assertTrue(
        new HashSet<>(names)
            .containsAll(Arrays.asList(run.read("homologs").texts("model").toArray())));
  }

  /** All steps were made from the reference, and b was not. */
  @Test
  void lineageIsNamed() throws IOException {
    String one = folder + "/one/";
    String two = folder + "/two/";
    String same = ". Their neurons match because they are the same neurons.";
    String steps = " are training steps of one model, related by intent" + same;
    List<String> expected =
        List.of(
            one + "step0, " + two + "step0 have the same weights" + same,
            one + "step512, " + two + "step512 have the same weights" + same,
            "step1000, " + one + "step0, step20000, " + one + "step512" + steps,
            two + "step0, " + two + "step512" + steps,
            "a, step1000, "
                + (one + "step0, step20000, " + one + "step512, " + two + "step0, " + two)
                + "step512 are related: initialised or fine-tuned from one another, or steps of one"
                + " training"
                + same);
    List<String> notes = new ArrayList<>();
    Json.of(run, "study").at("/lineage/notes").forEach(note -> notes.add(note.asText()));
    assertEquals(expected, notes);
    assertTrue(outcome.out().lines().toList().containsAll(expected), outcome.out()::toString);
  }

  /** From the table of matches, counted another way. */
  @Test
  void countsAreThoseOfTheMatches() {
    Table matches = run.read("matches");
    for (int row = 0; row < byOther.rows(); row++) {
      String other = byOther.texts("other").get(row);
      double[] out = new double[LAYERS * M];
      int[] best = new int[LAYERS * M];
      int[] back = new int[LAYERS * M];
      for (int i = 0; i < matches.rows(); i++) {
        if (matches.ints("rank").get(i) == 1 && matches.texts("other").get(i).equals(other)) {
          int neuron = matches.ints("layer").get(i) * M + matches.ints("neuron").get(i);
          int match = matches.ints("other_layer").get(i) * M + matches.ints("other_neuron").get(i);
          if (matches.texts("direction").get(i).equals("out")) {
            best[neuron] = match;
            out[neuron] = matches.doubles("correlation").get(i);
          } else {
            back[neuron] = match;
          }
        }
      }
      long homologs =
          IntStream.range(0, LAYERS * M)
              .filter(i -> out[i] > 0.3 && best[i] >= 0 && back[best[i]] == i)
              .count();
      assertEquals(homologs, byOther.ints("homologs").get(row));
      double[] sorted = Arrays.stream(out).filter(r -> !Double.isNaN(r)).sorted().toArray();
      assertEquals(LAYERS * M, sorted.length);
      assertEquals(sorted.length, byOther.ints("neurons").get(row));
      double median = (sorted[LAYERS * M / 2 - 1] + sorted[LAYERS * M / 2]) / 2;
      assertEquals(median, byOther.doubles("median_corr").get(row));
      double mean = Arrays.stream(sorted).average().orElseThrow();
      assertEquals(mean, byOther.doubles("mean_corr").get(row), 1e-12);
    }
  }

  /** A study with one other model alone judges by that model alone. */
  @Test
  void aloneItIsTheSame() {
    Path out = folder.resolve("alone");
    List<String> args = Cli.join(List.of("study", "--other", folder + "/one/step1000"), common());
    assertEquals(0, Cli.run(Cli.join(args, "--out", out + "")).code());
    Table neurons = RunFolder.open(out).read("neurons");
    boolean[] universal = neurons.booleans("universal").toArray();
    int count = (int) IntStream.range(0, universal.length).filter(i -> universal[i]).count();
    Table alone = RunFolder.open(out).read("by_other");
    assertEquals(count, alone.ints("universal").get(0));
    assertArrayEquals(
        new double[] {alone.doubles("mean_corr").get(0), alone.doubles("median_corr").get(0)},
        new double[] {byOther.doubles("mean_corr").get(0), byOther.doubles("median_corr").get(0)});
  }

  @Test
  void theSummaryHasThemInOrder() {
    List<String> lines =
        outcome.out().lines().filter(l -> l.matches(" +[0-9,]+ .*step\\d+")).toList();
    List<String> steps = lines.stream().map(line -> line.strip().split(" ")[0]).toList();
    assertEquals(List.of("0", "512", "1,000", "20,000", "0", "512"), steps);
    assertTrue(lines.get(2).endsWith("  step1000") && lines.get(4).endsWith("two/step0"));
    int universal = byOther.ints("universal").get(0);
    assertTrue(lines.get(2).matches(" +1,000 +" + universal + " .*"), lines.get(2));
    assertEquals(2, outcome.out().split("Training steps", -1).length - 1);
  }
}
