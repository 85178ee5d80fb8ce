package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables about shared neurons, counted anew from the tables of matches, neurons and homologs. */
class SharedNeuronsTest {
  private static final double THRESHOLD = 0.45;
  private static final int D_MLP = 512;

  @TempDir static Path folder;
  private static RunFolder run;

  /** Best match of each neuron of the reference in each other model. */
  private static final Map<String, int[]> LAYER = new HashMap<>();

  private static final Map<String, double[]> BEST = new HashMap<>();

  @BeforeAll
  static void study() {
    Path out = folder.resolve("run");
    Cli.Outcome outcome =
        Cli.run(
            "study",
            "--reference",
            Cli.FAMILY.resolve("a").toString(),
            "--other",
            Cli.FAMILY.resolve("b").toString(),
            Cli.FAMILY.resolve("c").toString(),
            Cli.FAMILY.resolve("d").toString(),
            "--text",
            Cli.FAMILY.resolve("validation.jsonl.zst").toString(),
            "--max-tokens",
            "4096",
            "--baseline",
            "gaussian",
            "--threshold",
            String.valueOf(THRESHOLD),
            "--top",
            "1",
            "--backend",
            "vector",
            "--out",
            out.toString());
    assertEquals(0, outcome.code(), outcome.err()::toString);
    run = RunFolder.open(out);
    Table matches = run.read("matches");
    for (int row = 0; row < matches.rows(); row++) {
      if (matches.ints("rank").get(row) == 1 && matches.texts("direction").get(row).equals("out")) {
        String other = matches.texts("other").get(row);
        int id = matches.ints("layer").get(row) * D_MLP + matches.ints("neuron").get(row);
        LAYER.computeIfAbsent(other, _ -> new int[4 * D_MLP])[id] =
            matches.ints("other_layer").get(row);
        BEST.computeIfAbsent(other, _ -> new double[4 * D_MLP])[id] =
            matches.doubles("correlation").get(row);
      }
    }
  }

  @Test
  void depthsCountWhereBestMatchesLie() {
    Table depths = run.read("depths");
    assertEquals(3 * 4 * 4, depths.rows());
    Table neurons = run.read("neurons");
    long universal = 0;
    for (int row = 0; row < depths.rows(); row++) {
      int[] layers = LAYER.get(depths.texts("other").get(row));
      int all = 0;
      int shared = 0;
      for (int id = 0; id < layers.length; id++) {
        boolean here =
            id / D_MLP == depths.ints("layer").get(row)
                && layers[id] == depths.ints("other_layer").get(row);
        all += here ? 1 : 0;
        shared += here && neurons.booleans("universal").get(id) ? 1 : 0;
      }
      assertEquals(all, depths.ints("neurons").get(row));
      assertEquals(shared, depths.ints("universal").get(row));
      universal += shared;
    }
    assertTrue(universal > 30, universal + " universal, counted in three models");
  }

  /** The Gaussian law's median is every neuron's baseline. */
  @Test
  void allButOneIsMissingInOneModel() {
    JsonNode chance = Json.of(run, "study").at("/chance");
    Map<String, Double> baseline = new HashMap<>();
    chance.forEach(of -> baseline.put(of.get("other").asText(), of.get("median").asDouble()));
    Map<Integer, String> expected = new HashMap<>();
    for (int id = 0; id < 4 * D_MLP; id++) {
      String missing = null;
      int below = 0;
      for (String other : BEST.keySet()) {
        if (!(BEST.get(other)[id] - baseline.get(other) > THRESHOLD)) {
          below++;
          missing = other;
        }
      }
      if (below == 1) {
        expected.put(id, missing);
      }
    }
    Table found = run.read("all_but_one");
    assertTrue(expected.size() > 10, expected.size() + " planted by chance");
    assertEquals(expected.size(), found.rows());
    for (int row = 0; row < found.rows(); row++) {
      int id = found.ints("layer").get(row) * D_MLP + found.ints("neuron").get(row);
      String missing = found.texts("missing").get(row);
      assertEquals(expected.get(id), missing);
      assertEquals(
          BEST.get(missing)[id] - baseline.get(missing),
          found.doubles("excess_there").get(row),
          1e-6);
    }
  }

  @Test
  void agreementIsTheShareOfMembersOfTheReferencesFamily() {
    Table homologs = run.read("homologs");
    Table neurons = run.read("neurons");
    Map<Integer, String> own = new HashMap<>();
    Map<Integer, int[]> counts = new HashMap<>();
    for (int row = 0; row < homologs.rows(); row++) {
      int group = homologs.ints("group").get(row);
      String family = homologs.texts("family").get(row);
      if (homologs.texts("model").get(row).equals("a")) {
        int id = homologs.ints("layer").get(row) * D_MLP + homologs.ints("neuron").get(row);
        assertEquals(neurons.texts("family").get(id), family);
        assertNull(own.put(group, family));
      } else if (family != null && !family.isEmpty()) {
        int[] count = counts.computeIfAbsent(group, _ -> new int[2]);
        count[0]++;
        count[1] += family.equals(own.get(group)) ? 1 : 0;
      }
    }
    int judged = 0;
    for (int row = 0; row < homologs.rows(); row++) {
      int[] count = counts.get(homologs.ints("group").get(row));
      double expected = count == null ? Double.NaN : (double) count[1] / count[0];
      assertEquals(expected, homologs.doubles("agreement").get(row), 1e-12);
      judged += count == null ? 0 : 1;
    }
    assertTrue(judged > 100, judged + " members judged");
  }
}
