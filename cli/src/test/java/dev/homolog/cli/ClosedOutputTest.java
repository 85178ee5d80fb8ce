package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Standard output that nobody reads: what was to be printed is lost, and the command says so. */
class ClosedOutputTest {
  private static final String LOST =
      "homolog: standard output cannot be written, so what was to be printed is lost;"
          + " open it or give room to it";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"\"$@\" >&-", "\"$@\" >/dev/full", "exec 3> >(:); wait $!; \"$@\" >&3"})
  @EnabledOnOs(OS.LINUX)
  void aProcess(String how) throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", "-c", how, "bash"));
    command.addAll(Cli.command(List.of(), List.of("--version")));
    Process process = new ProcessBuilder(command).start();
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, process.waitFor(), err);
    assertEquals(List.of(LOST), err.lines().toList());
  }

  @Test
  void theRunIsWhole() throws Exception {
    Path out = folder.resolve("run");
    StringWriter err = new StringWriter();
    int code =
        Main.execute(
            new PrintWriter(Writer.nullWriter()) {
              @Override
              public boolean checkError() {
                return true;
              }
            },
            new PrintWriter(err, true),
            "weights",
            "--model",
            Cli.model(folder.resolve("a"), 5, 1) + "",
            "--backend",
            "scalar",
            "--out",
            out + "");
    assertEquals(1, code);
    assertEquals(LOST, err.toString().lines().toList().getLast());
    RunFolder run = RunFolder.open(out);
    assertEquals(10, run.read("neurons").rows());
    assertTrue(run.has("neighbours"));
  }
}
