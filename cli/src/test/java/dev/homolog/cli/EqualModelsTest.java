package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy of the reference among the other models. */
class EqualModelsTest {
  @TempDir private Path folder;
  private List<String> arguments;

  @BeforeEach
  void models() throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path copy = Cli.model(folder.resolve("copy"), 5, 1);
    Path text = Cli.text(folder.resolve("text.txt"));
    arguments =
        List.of(
            ("correlate --backend vector --max-tokens 64 --reference " + a + " --other " + copy)
                .concat(" --text " + text + " --out " + folder.resolve("run"))
                .split(" "));
  }

  @Test
  void isRefused() {
    Cli.Outcome outcome = Cli.run(arguments);
    assertEquals(1, outcome.code());
    assertEquals(
        "homolog: --other: copy has the same weights as a; leave one of them out, or give"
            + " --allow-equal to compare them all the same",
        outcome.err().getLast());
    assertFalse(Files.exists(folder.resolve("run/study.json")));
  }

  @Test
  void isComparedWhereThatIsAskedFor() throws IOException {
    Cli.Outcome outcome = Cli.run(Cli.join(arguments, "--allow-equal"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertTrue(outcome.out().contains("a, copy have the same weights."), outcome.out());
    var pair = Json.of(RunFolder.open(folder.resolve("run")), "study").at("/lineage/pairs/0");
    assertEquals("equal", pair.at("/relation").asText());
    assertEquals(1, pair.at("/equal_tensors").asDouble());
    assertTrue(pair.at("/equal_files").asBoolean());
  }
}
