package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Run folders of strangers: what cannot be what a run wrote is refused in a line. */
class DamagedRunTest {
  @TempDir Path folder;

  /** Bins that no run writes: empty ones, ones without end, and more than there can be. */
  @Test
  void damagedHistogramsAreRefused() throws IOException {
    double inf = Double.POSITIVE_INFINITY;
    double[][] edges = {
      {0, 0, 1, 1},
      {0, 1, -inf, inf},
      {0, 1e-300, 1e300, inf},
      {Double.NaN, 1, 1, 2},
      {1, 0, 2, 1},
      {inf, inf, 0, 1},
      {0, 1e-9, 1, 2},
    };
    for (int i = 0; i < edges.length; i++) {
      RunFolder made = RunFolder.create(folder.resolve("run" + i));
      int[] zeros = new int[2];
      made.write(
          Table.builder("neurons").ints("layer", new int[1]).ints("neuron", new int[1]).build(),
          TableFormat.PARQUET);
      made.write(
          Table.builder("neuron_histograms")
              .ints("layer", zeros)
              .ints("neuron", zeros)
              .doubles("low", new double[] {edges[i][0], edges[i][2]})
              .doubles("high", new double[] {edges[i][1], edges[i][3]})
              .longs("count", new long[] {1, 2})
              .build(),
          TableFormat.PARQUET);
      made.finish(new ObjectMapper().createObjectNode());
      RunFolder run = RunFolder.open(made.path());
      String message = assertThrows(InputException.class, () -> Report.write(run)).getMessage();
      assertTrue(
          message.startsWith(
              made.path() + "/neuron_histograms.parquet: low, high: are no equal bins"),
          message);
    }
  }

  /** What would keep a browser busy for ever. */
  @Test
  void aStudyFileThatNoRunWritesIsRefused() throws IOException {
    PlantedRun.small().everything(folder.resolve("run"), TableFormat.CSV);
    Path file = folder.resolve("run/study.json");
    ObjectMapper mapper = new ObjectMapper();
    String good = Files.readString(file);
    ObjectNode threshold = (ObjectNode) mapper.readTree(good);
    threshold.withObjectProperty("options").put("threshold", 1e7);
    ObjectNode models = (ObjectNode) mapper.readTree(good);
    for (int i = 0; i < 100_000; i++) {
      models.withArrayProperty("models").addObject().put("name", "m" + i);
    }
    ObjectNode layers = (ObjectNode) mapper.readTree(good);
    ((ObjectNode) layers.at("/models/0")).put("layers", 1_000_000_000);
    for (var damaged :
        List.of(
            List.of(threshold.toString(), ": options.threshold: is not a number in [-2, 2]; "),
            List.of(models.toString(), " models, and a page shows at most 1000; "),
            List.of(layers.toString(), ": models.layers: is not a number from 0 to 1000; "),
            List.of("[]", ": is not a JSON object; "),
            List.of(
                "{\"a\": \"" + "x".repeat(1 << 24) + "\"}", ": is longer than 16777216 bytes"))) {
      Files.writeString(file, damaged.getFirst());
      String message =
          assertThrows(
                  InputException.class, () -> Report.write(RunFolder.open(folder.resolve("run"))))
              .getMessage();
      assertTrue(message.startsWith(file.toString()), message);
      assertTrue(message.contains(damaged.getLast()), message);
    }
  }

  /** No word of a linked file is shown, nothing waits for a writer or is read without end. */
  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void linksPipesAndDevicesAreRefused() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), "xyzzy:x:0:0");
    for (TableFormat format : TableFormat.values()) {
      Path run = folder.resolve("run-" + format);
      PlantedRun.small().everything(run, format);
      String ending = format == TableFormat.CSV ? ".csv" : ".parquet";
      for (String name : List.of("study.json", "neurons" + ending, "matches" + ending)) {
        Path file = run.resolve(name);
        Path kept = Files.move(file, folder.resolve("kept"));
        for (Path target : List.of(secret, Path.of("/dev/zero"), folder.resolve("pipe"))) {
          if (target.endsWith("pipe")) {
            assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
          } else {
            Files.createSymbolicLink(file, target);
          }
          String message =
              assertThrows(InputException.class, () -> Report.write(RunFolder.open(run)))
                  .getMessage();
          assertTrue(message.startsWith(run.toString()), message);
          assertFalse(message.contains("xyzzy"), message);
          Files.delete(file);
        }
        Files.move(kept, file);
      }
      // A link within the folder is a file of the run.
      Files.move(run.resolve("study.json"), run.resolve("real.json"));
      Files.createSymbolicLink(run.resolve("study.json"), Path.of("real.json"));
      Report.write(RunFolder.open(run));
    }
  }
}
