package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
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
}
