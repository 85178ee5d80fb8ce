package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A study in a JVM of its own: what it holds against its plan, and what it does with too little.
 */
class MemoryTest {
  /** As in ./homolog. */
  private static final List<String> AS_STARTED =
      List.of("--add-modules", "jdk.incubator.vector", "-XX:+UseSerialGC", "-Xms32m");

  @TempDir private Path folder;

  private List<String> study(String name, String... more) {
    List<String> args =
        List.of(
            "study",
            "--reference",
            Cli.FAMILY + "/a",
            "--other",
            Cli.FAMILY + "/b",
            Cli.FAMILY + "/c",
            "--text",
            Cli.FAMILY + "/validation.jsonl.zst",
            "--backend",
            "vector",
            "--threads",
            "2",
            "--top",
            "5",
            "--format",
            "csv");
    return Cli.join(Cli.join(args, "--out", folder.resolve(name) + ""), more);
  }

  private JsonNode run(String name, List<String> options, String... more) throws Exception {
    List<String> all = Cli.join(AS_STARTED, options);
    Cli.Outcome outcome = Cli.process(folder, all, study(name, more));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    return new ObjectMapper().readTree(folder.resolve(name).resolve("study.json").toFile());
  }

  private void sameTables(String one, String other) throws Exception {
    for (String table :
        List.of(
            "neurons",
            "matches",
            "histograms",
            "homologs",
            "tokens",
            "positions",
            "subsets",
            "neuron_histograms")) {
      Path expected = folder.resolve(one).resolve(table + ".csv");
      Path actual = folder.resolve(other).resolve(table + ".csv");
      assertEquals(-1, Files.mismatch(expected, actual), table);
    }
  }

  @Test
  void heldIsWithinATenthOfThePlanAndLessMemoryMeansMorePasses() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "the system does not say");
    JsonNode whole =
        run(
            "whole",
            List.of("-XX:MaxDirectMemorySize=8g"),
            "--batch",
            "32",
            "--max-tokens",
            "8192");
    long planned = whole.at("/plan/host_bytes").asLong();
    assertEquals(1, whole.at("/plan/passes").asInt());
    assertEquals(planned, whole.at("/memory/peak_bytes").asDouble(), 0.1 * planned);

    // What the JVM may take outside its heap is what -Xmx says.
    JsonNode small = run("small", List.of("-Xmx155m"), "--batch", "4", "--max-tokens", "2048");
    assertTrue(small.at("/plan/passes").asInt() > 1, small::toString);

    JsonNode roomy = run("roomy", List.of(), "--batch", "4", "--max-tokens", "2048");
    assertEquals(1, roomy.at("/plan/passes").asInt());
    sameTables("roomy", "small");

    // More models: what is held before a plan varies by megabytes, the sums must by more.
    String[] wide = {
      "--other", Cli.FAMILY + "/d", Cli.FAMILY + "/e", "--batch", "4", "--max-tokens", "2048"
    };
    JsonNode unbounded = run("unbounded", List.of(), wide);
    assertEquals(1, unbounded.at("/plan/passes").asInt());
    long sums = unbounded.at("/plan/bytes/sums of products").asLong();
    long bound =
        unbounded.at("/plan/host_bytes").asLong() - sums / 8; // half of what passes can save
    JsonNode bounded =
        run(
            "bounded",
            List.of(),
            Cli.join(List.of(wide), "--memory", bound + "").toArray(String[]::new));
    assertTrue(bounded.at("/plan/passes").asInt() > 1, bounded::toString);
    assertTrue(bounded.at("/memory/peak_bytes").asLong() < 1.1 * bound, bounded::toString);
    sameTables("unbounded", "bounded");
  }
}
