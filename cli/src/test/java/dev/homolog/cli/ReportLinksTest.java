package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command that reads a run's folder, and a link there. */
class ReportLinksTest {
  @TempDir Path folder;

  @Test
  void aLinkThatLeadsOutIsFollowedWithTheFlag() throws IOException {
    Path run = folder.resolve("run");
    RunFolder made = RunFolder.create(run);
    int[] zero = new int[1];
    made.write(
        Table.builder("neurons").ints("layer", zero).ints("neuron", zero).build(), TableFormat.CSV);
    made.finish(Map.of());
    Path table = run.resolve("neurons.csv");
    Path outside = Files.move(table, folder.resolve("elsewhere.csv"));
    Files.createSymbolicLink(table, outside);
    Cli.Outcome refused = Cli.run(List.of("report", run.toString()));
    assertEquals(1, refused.code());
    assertEquals(
        "homolog: "
            + run
            + ": neurons.csv: is a link to "
            + outside.toRealPath()
            + ", outside the folder; put the file itself there, or give the folder that it lies in,"
            + " or --follow-links if you trust its links",
        refused.err().getLast());
    Cli.Outcome done = Cli.run(List.of("report", run.toString(), "--follow-links"));
    assertEquals(0, done.code(), done.err().toString());
    assertTrue(Files.exists(run.resolve("report.html")));
  }
}
