package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command line says; {@code HubTest} has the downloads themselves. */
class DownloadCommandTest {
  private static final String NOWHERE = "no-such-org/no-such-model@step3";

  @TempDir Path folder;

  @Test
  void offlineAModelThatIsNotInTheCacheIsRefused() {
    Cli.Outcome outcome = Cli.run("download", "--offline", NOWHERE);
    assertEquals(2, outcome.code());
    assertTrue(
        outcome.err().getFirst().contains(NOWHERE + ": no such folder, and no such model"),
        outcome.err()::toString);
    Path out = folder.resolve("run");
    outcome = Cli.run("weights", "--offline", "--model", NOWHERE, "--out", out.toString());
    assertEquals(2, outcome.code());
    assertEquals(1, outcome.err().size());
    assertTrue(
        outcome.err().getFirst().contains("fetch it first: homolog download " + NOWHERE),
        outcome.err()::toString);
    assertTrue(Files.notExists(out));
  }

  @Test
  void onlyNamesOnTheHubAreFetched() {
    Cli.Outcome outcome = Cli.run("download", folder.toString());
    assertEquals(2, outcome.code());
    assertTrue(
        outcome.err().getFirst().contains("is no name of a model on the hub"),
        outcome.err()::toString);
    assertEquals(2, Cli.run("download").code());
  }

  /** The model would be refused too, as soon as it is looked for. */
  @Test
  void whatElseIsWrongIsFoundBeforeAModelIsFetched() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("taken"));
    Files.writeString(taken.resolve("file"), "x");
    Path text = Files.writeString(folder.resolve("text.txt"), "x");
    Path none = folder.resolve("none.txt");
    List<List<String>> commands =
        List.of(
            List.of("study", "--reference", NOWHERE, "--other", "no-such-org/b"),
            List.of("correlate", "--reference", NOWHERE, "--other", "no-such-org/b"),
            List.of("activations", "--model", NOWHERE),
            List.of("roles", "--model", NOWHERE),
            List.of("intervene", "--model", NOWHERE, "--neuron", "0.1", "--mode", "zero"));
    String free = folder.resolve("free").toString();
    for (List<String> command : commands) {
      first(command, text, taken.toString(), taken + ": already holds files");
      first(command, text, text.resolve("run").toString(), "cannot be written: Not a directory");
      first(command, none, free, none + ": no such file");
      first(command, text, free, NOWHERE + ": no such folder");
      List<String> ids = new ArrayList<>(command);
      ids.addAll(List.of("--offline", "--tokens", none + "", "--out", free));
      first(ids, none + ": no such file");
      List<String> flags = new ArrayList<>(command);
      flags.addAll(List.of("--memory", "x"));
      first(flags, text, free, "--memory: x is no number of bytes");
      assertTrue(Files.notExists(Path.of(free)));
    }
    List<String> rotation = new ArrayList<>(commands.getFirst());
    rotation.addAll(List.of("--rotation", none.toString()));
    first(rotation, text, free, none + ": no such file");
    Cli.Outcome weights =
        Cli.run("weights", "--offline", "--model", NOWHERE, "--out", taken.toString());
    assertTrue(weights.err().getLast().contains("already holds files"), weights.err()::toString);
    Path ids = Files.writeString(folder.resolve("ids.npy"), "x");
    first(List.of("tokenize", "--model", NOWHERE), text, ids + "", ids + ": is there already");
    String other = folder.resolve("other.npy").toString();
    first(List.of("tokenize", "--model", NOWHERE), none, other, none + ": no such file");
    first(List.of("tokenize", "--model", NOWHERE), text, other, NOWHERE + ": no such folder");
  }

  private static void first(List<String> command, Path text, String out, String problem) {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of("--offline", "--text", text.toString(), "--out", out));
    first(all, problem);
  }

  private static void first(List<String> command, String problem) {
    Cli.Outcome outcome = Cli.run(command);
    assertTrue(outcome.code() != 0);
    assertTrue(outcome.err().getLast().contains(problem), outcome.err()::toString);
  }
}
