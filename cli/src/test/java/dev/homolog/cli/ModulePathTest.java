package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on the module path, to which the module of the Vector API alone is added. */
class ModulePathTest {
  @TempDir Path folder;

  @Test
  void theTokenizerFindsWhatItNeeds() throws Exception {
    Assumptions.assumeTrue(System.getProperty("jdk.module.path") != null);
    Path model = Cli.model(folder.resolve("a"), 5, 1);
    Path text = Files.writeString(folder.resolve("t.txt"), "One sentence, and another one.");
    Path out = folder.resolve("t.npy");
    Cli.Outcome outcome =
        Cli.process(
            folder,
            List.of("--add-modules", "jdk.incubator.vector"),
            List.of(
                "tokenize",
                "--model",
                model + "",
                "--text",
                text + "",
                "--context",
                "4",
                "--out",
                out + ""));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertTrue(Files.exists(out));
  }
}
