package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A run that is stopped by SIGTERM, and then by SIGKILL, and goes on each time. */
class ResumeCommandTest {
  @TempDir Path folder;

  private List<String> correlate(Path out, String... more) {
    List<String> args =
        List.of(
            "correlate",
            "--reference",
            folder.resolve("a") + "",
            "--other",
            folder.resolve("b") + "",
            "--text",
            folder.resolve("t.txt") + "",
            "--baseline",
            "gaussian",
            "--top",
            "5",
            "--batch",
            "1",
            "--backend",
            "vector",
            "--threads",
            "1",
            "--format",
            "csv",
            "--out",
            out + "");
    return Cli.join(args, more);
  }

  private Process start(Path printed, List<String> args) throws IOException {
    List<String> options = List.of("-Dhomolog.progress=true", "--add-modules=jdk.incubator.vector");
    return new ProcessBuilder(Cli.command(options, args))
        .redirectErrorStream(true)
        .redirectOutput(printed.toFile())
        .start();
  }

  private static void end(Process process, int code, Path printed) throws Exception {
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on");
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertEquals(code, process.exitValue(), Files.readString(printed));
  }

  private static Map<String, String> tables(Path run) throws IOException {
    Map<String, String> tables = new TreeMap<>();
    for (String name : Cli.names(run)) {
      if (name.endsWith(".csv")) {
        tables.put(name, Files.readString(run.resolve(name)));
      }
    }
    return tables;
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aStoppedRunGoesOn() throws Exception {
    Cli.model(folder.resolve("a"), 64, 1);
    Cli.model(folder.resolve("b"), 64, 2);
    Files.writeString(
        folder.resolve("t.txt"),
        "The cat saw the dog and the dog saw the cat; 12 birds sang.\n".repeat(10_000));
    Path whole = folder.resolve("whole");
    assertEquals(0, Cli.run(correlate(whole)).code());

    Path out = folder.resolve("run");
    terminate(out);

    Cli.Outcome anew = Cli.run(correlate(out));
    assertEquals(2, anew.code());
    assertEquals(
        List.of(
            "homolog: "
                + out
                + ": holds a run that was stopped; go on with --resume, or choose another --out;"
                + " see homolog correlate --help"),
        anew.err());

    killAfterCheckpoint(out);

    Cli.Outcome other = Cli.run(correlate(out, "--resume", "--seed", "6"));
    assertEquals(1, other.code());
    assertTrue(
        other.err().getLast().contains("is of another run: --seed was 0 and is 6"),
        other.err()::toString);

    Cli.Outcome resumed = Cli.run(correlate(out, "--resume"));
    assertEquals(0, resumed.code(), resumed.err()::toString);
    assertEquals(tables(whole), tables(out));
    assertFalse(Files.exists(out.resolve("state")));
    String study = Files.readString(out.resolve("study.json"));
    assertFalse(study.contains("\"resumed_from_token\" : null"), study);

    Cli.Outcome again = Cli.run(correlate(out, "--resume"));
    assertEquals(0, again.code());
    assertEquals(
        List.of("homolog: " + out + " holds this run, finished; nothing is done"), again.err());
    assertEquals(study, Files.readString(out.resolve("study.json")));
  }

  /** Stops a run that reads the text by SIGTERM. */
  private void terminate(Path out) throws Exception {
    Path printed = folder.resolve("printed.txt");
    Process process = start(printed, correlate(out));
    while (process.isAlive() && !Files.readString(printed).contains("\ractivations")) {
      Thread.sleep(20);
    }
    new ProcessBuilder("kill", "-TERM", process.pid() + "").start().waitFor();
    end(process, 143, printed);
    String line =
        "homolog: stopped by SIGTERM; its state is saved; go on with the same command and --resume"
            + " --out "
            + out;
    List<String> lines = Files.readAllLines(printed); // the bar of progress may come after it
    assertTrue(lines.contains(line), lines::toString);
    assertEquals(Map.of(), tables(out));
  }

  /** Goes on with it, and kills it when it has saved its state once more. */
  private void killAfterCheckpoint(Path out) throws Exception {
    Path printed = folder.resolve("printed.txt");
    Path second = out.resolve("state/checkpoint-2.json");
    Process process = start(printed, correlate(out, "--resume", "--checkpoint-every", "1"));
    while (process.isAlive() && !Files.exists(second)) {
      Thread.sleep(5);
    }
    new ProcessBuilder("kill", "-KILL", process.pid() + "").start().waitFor();
    end(process, 137, printed);
  }

  @Test
  void resumeNeedsItsFolder() {
    Cli.Outcome outcome =
        Cli.run("correlate", "--reference", "a", "--other", "b", "--text", "t", "--resume");
    assertEquals(2, outcome.code());
    assertEquals(
        List.of(
            "homolog: --resume: no folder to go on in; name it with --out; see homolog correlate"
                + " --help"),
        outcome.err());
  }
}
