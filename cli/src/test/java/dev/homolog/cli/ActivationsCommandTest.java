package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.table.Table;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code homolog activations}: what it writes against PyTorch's activations of model a. */
class ActivationsCommandTest {
  private static final String A = Cli.FAMILY.resolve("a").toString();
  private static final int[][] NEURONS = {{0, 5}, {3, 511}, {1, 318}};

  @TempDir Path folder;

  private Path goldenTokens(SafetensorsFile golden) {
    StoredTensor ids = golden.tensor("input_ids");
    Path file = folder.resolve("tokens.npy");
    NpyFile.write(file, DType.I32, ids.shape(), ids.data());
    return file;
  }

  private List<String> command(Path tokens, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("activations", "--model", A, "--tokens", tokens.toString(), "--neuron"));
    for (int[] neuron : NEURONS) {
      args.add((args.size() % 2 == 0 ? "L" : "") + neuron[0] + "." + neuron[1]);
    }
    args.addAll(List.of("--out", folder.resolve("run").toString(), "--batch", "1"));
    args.addAll(List.of("--backend", "vector", "--format", "csv"));
    args.addAll(List.of(more));
    return args;
  }

  @ParameterizedTest
  @ValueSource(strings = {"npy post", "npy pre", "safetensors post", "safetensors pre"})
  void theCacheHoldsPyTorchsActivations(String what) {
    String format = what.split(" ")[0];
    String site = what.split(" ")[1];
    Path cache = folder.resolve("cache." + format);
    try (SafetensorsFile golden = SafetensorsFile.open(Cli.FAMILY.resolve("golden.safetensors"))) {
      Path tokens = goldenTokens(golden);
      Cli.Outcome outcome = Cli.run(command(tokens, "--cache", cache.toString(), "--site", site));
      assertEquals(0, outcome.code(), outcome.err().toString());
      int positions = 64;
      if (format.equals("npy")) {
        try (NpyFile file = NpyFile.open(cache)) {
          assertEquals(List.of(64L, 3L), file.shape());
          check(golden, site, Tensor.wrap(file.data(), DType.F32, positions, 3));
        }
      } else {
        try (SafetensorsFile file = SafetensorsFile.open(cache)) {
          StoredTensor stored = file.tensor("activations");
          assertEquals(List.of(2L, 32L, 3L), stored.shape());
          check(golden, site, Tensor.wrap(stored.data(), DType.F32, positions, 3));
          assertEquals(
              -1, file.tensor("tokens").data().mismatch(golden.tensor("input_ids").data()));
        }
      }
      try (var left = Files.list(folder)) {
        assertTrue(left.noneMatch(f -> f.getFileName().toString().startsWith(".")));
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static void check(SafetensorsFile golden, String site, Tensor found) {
    for (int j = 0; j < NEURONS.length; j++) {
      StoredTensor stored = golden.tensor("mlp_" + site + "." + NEURONS[j][0]);
      Tensor expected = Tensor.wrap(stored.data(), stored.dtype(), 64, 512);
      for (int t = 0; t < 64; t++) {
        assertEquals(expected.get(t, NEURONS[j][1]), found.get(t, j), 1e-4);
      }
    }
  }

  @Test
  void tablesAreThoseOfTheModelAlone() {
    try (SafetensorsFile golden = SafetensorsFile.open(Cli.FAMILY.resolve("golden.safetensors"))) {
      Cli.Outcome outcome = Cli.run(command(goldenTokens(golden)));
      assertEquals(0, outcome.code(), outcome.err().toString());
      assertTrue(outcome.out().contains("L3.511"), outcome.out());
      Path run = folder.resolve("run");
      Table neurons = Table.read(run.resolve("neurons.csv"));
      assertEquals(2048, neurons.rows());
      Tensor pre = Tensor.wrap(golden.tensor("mlp_pre.1").data(), DType.F32, 64, 512);
      Tensor post = Tensor.wrap(golden.tensor("mlp_post.1").data(), DType.F32, 64, 512);
      double sum = 0;
      int fires = 0;
      for (int t = 0; t < 64; t++) {
        sum += pre.get(t, 318);
        fires += pre.get(t, 318) > 0 ? 1 : 0;
      }
      assertEquals(sum / 64, neurons.doubles("mean").get(512 + 318), 1e-4);
      assertEquals(fires / 64.0, neurons.doubles("sparsity").get(512 + 318), 1e-9);
      assertTrue(neurons.columns().stream().noneMatch(c -> c.name().equals("excess_corr")));
      assertFalse(Files.exists(run.resolve("matches.csv")));

      Table examples = Table.read(run.resolve("examples.csv"), ExampleColumns.TYPES);
      boolean found = false;
      for (int i = 0; i < examples.rows(); i++) {
        if (examples.ints("layer").get(i) == 1 && examples.ints("rank").get(i) == 1) {
          found = true;
          int at = (int) examples.longs("row").get(i) * 32 + examples.ints("position").get(i);
          int first = (int) examples.longs("row").get(i) * 32 + examples.ints("first").get(i);
          double[] window = examples.doubleLists("activations").get(i);
          int[] ids = examples.intLists("tokens").get(i);
          Tensor all = Tensor.wrap(golden.tensor("input_ids").data(), DType.I32, 64, 1);
          for (int w = 0; w < window.length; w++) {
            assertEquals(post.get(first + w, 318), window[w], 1e-4);
            assertEquals((int) all.get(first + w, 0), ids[w]);
          }
          for (int t = 0; t < 64; t++) {
            // BOS and line breaks are no example, whatever the neuron does there.
            assertTrue(
                post.get(t, 318) <= post.get(at, 318) + 1e-4 || all.get(t, 0) < 2 || t % 32 == 0,
                "position " + t);
          }
        }
      }
      assertTrue(found);
      assertTrue(Table.read(run.resolve("positions.csv")).rows() >= 3 * 32);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--neuron 4.0 | there is no neuron 4.0",
        "--neuron 0.512 | there is no neuron 0.512",
        "--neuron three | is no neuron",
        "--neuron 0.1 0.1 | named twice",
        "--cache x.npy | no neuron is named",
        "--neuron 0.1 --cache x.txt | says no format",
        "--neuron 0.1 --site pre | no cache",
        "--neuron 0.1 --cache x.npy --resume | a run that writes it cannot be resumed",
        "--neuron 0.1 --cache x.npy --checkpoint-every 9 | a run that writes it cannot be resumed",
        "--neuron 0.1 --cache x.npy --site mid | is no site",
      })
  void wrongFlagsAreRefusedInOneLine(String what) {
    String[] parts = what.split(" \\| ");
    List<String> args = new ArrayList<>(List.of("activations", "--model", A, "--text"));
    args.add(Cli.FAMILY.resolve("validation.jsonl.zst").toString());
    args.addAll(List.of("--out", folder.resolve("run").toString()));
    args.addAll(List.of(parts[0].split(" ")));
    Cli.Outcome outcome = Cli.run(args);
    assertEquals(2, outcome.code(), outcome.err().toString());
    assertEquals(1, outcome.err().size(), outcome.err().toString());
    assertTrue(outcome.err().getFirst().contains(parts[1]), outcome.err().getFirst());
    assertFalse(Files.exists(folder.resolve("run")));
  }
}
