package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A study in shards, from flags to page. */
class ShardCommandTest {
  @TempDir private static Path folder;

  @BeforeAll
  static void inputs() throws IOException {
    Cli.model(folder.resolve("a"), 12, 1);
    Cli.model(folder.resolve("b"), 12, 2);
    Files.writeString(
        folder.resolve("t.txt"),
        "The cat saw the dog and the dog saw the cat; 12 birds sang.\n".repeat(3000));
  }

  private static List<String> study(String out, String... more) {
    List<String> args =
        List.of(
            "study",
            "--reference",
            folder.resolve("a") + "",
            "--other",
            folder.resolve("b") + "",
            "--text",
            folder.resolve("t.txt") + "",
            "--backend",
            "vector",
            "--out",
            folder.resolve(out) + "");
    return Cli.join(args, more);
  }

  private static List<String> shortStudy(String out, String... more) {
    return Cli.join(study(out, "--max-tokens", "640", "--batch", "2"), more);
  }

  private static Cli.Outcome merge(String out, String... runs) {
    List<String> args = List.of("merge", "--backend", "vector", "--out", folder.resolve(out) + "");
    for (String run : runs) {
      args = Cli.join(args, folder.resolve(run) + "");
    }
    return Cli.run(args);
  }

  @Test
  void fromFlagsToPage() throws IOException {
    assertEquals(0, Cli.run(shortStudy("whole", "--top", "4")).code());
    Cli.Outcome first = Cli.run(shortStudy("s1", "--top", "4", "--shard", "1/2"));
    assertEquals(0, first.code(), first.err()::toString);
    assertTrue(first.out().startsWith("Shard 1 of 2: 320 of 640 tokens, at "), first.out());
    assertTrue(
        first.out().contains("\nWhen all are there: homolog merge RUN… --out DIR\n"), first.out());
    assertEquals(0, Cli.run(shortStudy("s2", "--top", "4", "--shard", "2/2")).code());
    assertEquals(List.of("shard.json", "state"), Cli.names(folder.resolve("s2")));

    Cli.Outcome merged = merge("merged", "s2", "s1");
    assertEquals(0, merged.code(), merged.err()::toString);
    assertTrue(merged.out().contains(" in 2 shards; "), merged.out());
    assertEquals(Cli.names(folder.resolve("whole")), Cli.names(folder.resolve("merged")));
    assertTrue(Files.size(folder.resolve("merged/report.html")) > 50_000);
    double[] expected = correlations("whole");
    double[] actual = correlations("merged");
    assertEquals(24, expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-6, "neuron " + i);
    }
    afterwards();
  }

  private static double[] correlations(String run) {
    Table neurons = Table.read(folder.resolve(run).resolve("neurons.parquet"));
    Column.Doubles best = (Column.Doubles) neurons.column("max_corr");
    double[] values = new double[neurons.rows()];
    for (int i = 0; i < values.length; i++) {
      values[i] = best.get(i);
    }
    return values;
  }

  /** What commands make of the folder of a finished shard. */
  private static void afterwards() throws IOException {
    Path s1 = folder.resolve("s1");
    String before = Files.readString(s1.resolve("shard.json"));
    String shard = "homolog: " + s1 + ": ";
    String choose = "; choose another --out; see homolog study --help";
    said(
        Cli.run(shortStudy("s1", "--shard", "1/2")),
        2,
        shard + "already holds a shard of a run" + choose);
    said(
        Cli.run(shortStudy("s1", "--top", "4", "--shard", "1/2", "--resume")),
        0,
        "homolog: " + s1 + " holds this run, finished; nothing is done");
    said(
        Cli.run(shortStudy("s1", "--shard", "2/2", "--resume")),
        2,
        shard + "already holds shard 1/2" + choose);
    said(
        Cli.run(shortStudy("s1", "--shard", "1/2", "--resume", "--seed", "9")),
        2,
        shard + "holds a shard that had other options" + choose);
    said(
        Cli.run(shortStudy("s1", "--resume")),
        2,
        shard + "already holds a shard of a run" + choose);
    said(
        Cli.run(shortStudy("whole", "--shard", "1/2", "--resume")),
        2,
        "homolog: " + folder.resolve("whole") + ": already holds a run" + choose);
    said(
        Cli.run("report", s1 + ""),
        2,
        shard
            + "holds one shard of a study, and no tables; join all its shards with homolog merge;"
            + " see homolog report --help");
    said(
        merge("half", "s1"),
        1,
        shard + "shard 2 of 2 is missing beside it; name the folders of all shards");
    assertFalse(Files.exists(folder.resolve("half")));
    assertEquals(before, Files.readString(s1.resolve("shard.json")));
  }

  private static void said(Cli.Outcome outcome, int code, String line) {
    assertEquals(line, outcome.err().getLast());
    assertEquals(code, outcome.code());
  }

  @Test
  void wrongFlags() {
    String help = "; see homolog study --help";
    said(
        Cli.run(shortStudy("x", "--shard", "3/2")),
        2,
        "homolog: --shard: 3/2 is no shard; give it as I/N, such as 1/4 for the first of four"
            + help);
    said(
        Cli.run(shortStudy("x", "--shard", "1/2", "--checkpoint-every", "9")),
        2,
        "homolog: --checkpoint-every: a shard saves its sums piece by piece; leave it out, or"
            + " --shard"
            + help);
    said(
        Cli.run(shortStudy("x", "--shard", "1/2", "--format", "csv")),
        2,
        "homolog: --format: a shard has no tables; give it to homolog merge" + help);
    said(
        Cli.run(shortStudy("x", "--shard", "1/11")),
        2,
        "homolog: --shard: the text has 10 batches, fewer than 11 shards; make at most 10 shards,"
            + " or lower --batch");
    said(
        Cli.run("merge"),
        2,
        "homolog: Missing required parameter: 'RUN'; see homolog merge --help");
    assertFalse(Files.exists(folder.resolve("x")));
  }

  /** Stopped after its first piece, it goes on from there. */
  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aStoppedShardGoesOn() throws Exception {
    Path printed = folder.resolve("printed.txt");
    Path out = folder.resolve("stopped");
    List<String> args = study("stopped", "--batch", "1", "--shard", "1/2", "--threads", "1");
    Process process =
        new ProcessBuilder(Cli.command(List.of("--add-modules=jdk.incubator.vector"), args))
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    Path piece = out.resolve("state/piece-0-0.json");
    while (process.isAlive() && !Files.exists(piece)) {
      Thread.sleep(2);
    }
    new ProcessBuilder("kill", "-TERM", process.pid() + "").start().waitFor();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on");
    } finally {
      process.destroyForcibly().waitFor();
    }
    List<String> lines = Files.readAllLines(printed);
    assertEquals(143, process.exitValue(), lines::toString);
    assertEquals(
        "homolog: stopped by SIGTERM; its state is saved; go on with the same command and --resume"
            + " --out "
            + out,
        lines.getLast());
    byte[] first = Files.readAllBytes(out.resolve("state/piece-0-0.safetensors"));
    assertFalse(Files.exists(out.resolve("shard.json")));

    said(
        Cli.run(args),
        2,
        "homolog: "
            + out
            + ": holds a run that was stopped; go on with --resume, or choose another --out; see"
            + " homolog study --help");
    said(
        merge("unfinished", "stopped"),
        1,
        "homolog: "
            + out
            + ": holds a shard that is not finished; go on with its command and --resume");
    assertEquals(0, Cli.run(Cli.join(args, "--resume")).code());
    assertTrue(Files.exists(out.resolve("shard.json")));
    assertEquals(
        -1, Arrays.mismatch(first, Files.readAllBytes(out.resolve("state/piece-0-0.safetensors"))));
  }
}
