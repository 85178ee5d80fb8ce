package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Activations;
import dev.homolog.core.model.Transformer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A GPT-2 and a GPT-NeoX in one study: other depths, widths, lengths of rows and paddings of the
 * embedding, one tokenizer.
 */
class MixedFamiliesTest {
  private static final int ROWS = 8;
  private static final int CONTEXT = 20;

  @TempDir private static Path folder;
  private static Path gpt2;
  private static Path neox;

  @BeforeAll
  static void models() throws IOException {
    gpt2 = Cli.model(folder.resolve("gpt2"), 5, 1);
    neox = Cli.neox(folder.resolve("neox"), 2);
  }

  private static List<String> args(Path reference, Path other, String name, String... more) {
    List<String> args =
        List.of("study", "--reference", reference + "", "--other", other + "", "--backend");
    return Cli.join(Cli.join(args, "vector", "--out", folder.resolve(name) + ""), more);
  }

  /** Random ids, none of which is BOS or a newline but for the first of each row. */
  private static int[][] tokens() {
    Random random = new Random(3);
    int[][] rows = new int[ROWS][CONTEXT];
    for (int[] row : rows) {
      for (int i = 1; i < CONTEXT; i++) {
        row[i] = 300 + random.nextInt(60);
      }
    }
    return rows;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void correlationsAreThoseOfPlainLoops(boolean gpt2IsReference) {
    Path reference = gpt2IsReference ? gpt2 : neox;
    Path other = gpt2IsReference ? neox : gpt2;
    String name = "of-" + reference.getFileName();
    Path ids = Cli.tokens(folder.resolve(name + ".npy"), tokens());
    Cli.Outcome outcome = Cli.run(args(reference, other, name, "--tokens", ids + "", "--top", "2"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertEquals(4 * (9 + 21), compared(reference, other, name));
  }

  /** Compares all matches of a run with plain loops, and returns how many. */
  private static int compared(Path reference, Path other, String name) {
    double[][] mine = activations(reference);
    double[][] theirs = activations(other);
    Table matches = RunFolder.open(folder.resolve(name)).read("matches");
    int compared = 0;
    for (int i = 0; i < matches.rows(); i++) {
      if (matches.ints("other_layer").get(i) < 0) {
        continue; // the constant neuron
      }
      boolean out = matches.texts("direction").get(i).equals("out");
      double[] a = neuron(out ? mine : theirs, matches, i, "");
      double[] b = neuron(out ? theirs : mine, matches, i, "other_");
      assertEquals(pearson(a, b), matches.doubles("correlation").get(i), 1e-5);
      compared++;
    }
    return compared;
  }

  /**
   * A residual stream that single precision holds and whose squares it does not. The correlations
   * are right, or the run is refused; they are never silently wrong.
   */
  @ParameterizedTest
  @ValueSource(ints = {60, 64, 90, 120, 126})
  void aHugeResidualStreamIsRightOrRefused(int exponent) throws IOException {
    String name = "huge-" + exponent;
    Path a = scaled(gpt2, folder.resolve(name + "-gpt2"), exponent);
    Path b = scaled(neox, folder.resolve(name + "-neox"), exponent);
    Path ids = Cli.tokens(folder.resolve(name + ".npy"), tokens());
    Cli.Outcome outcome = Cli.run(args(a, b, name, "--tokens", ids + "", "--top", "2"));
    if (outcome.code() == 0) {
      assertTrue(compared(a, b, name) > 100);
    } else {
      assertTrue(outcome.err().getLast().contains("infinite"), outcome.err()::toString);
      assertTrue(exponent > 120, outcome.err()::toString);
    }
  }

  /** The same model with embeddings of this power of two times their size. */
  private static Path scaled(Path model, Path to, int exponent) throws IOException {
    Files.createDirectories(to);
    for (String file : List.of("config.json", "tokenizer.json")) {
      Files.copy(model.resolve(file), to.resolve(file));
    }
    SafetensorsWriter writer = new SafetensorsWriter(to.resolve("model.safetensors"));
    try (Arena arena = Arena.ofConfined();
        SafetensorsFile weights = SafetensorsFile.open(model.resolve("model.safetensors"))) {
      weights
          .tensors()
          .forEach((tensor, stored) -> {
            MemorySegment data =
                arena.allocate(stored.data().byteSize(), 8).copyFrom(stored.data());
            if (List.of("wte.weight", "wpe.weight", "embed_in.weight")
                .contains(tensor.replaceFirst("^(transformer|gpt_neox)\\.", ""))) {
              for (long i = 0; i < stored.elements(); i++) {
                float value = data.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                data.setAtIndex(ValueLayout.JAVA_FLOAT, i, Math.scalb(value, exponent));
              }
            }
            writer.tensor(tensor, stored.dtype(), stored.shape(), data);
          });
      writer.write();
    }
    return to;
  }

  private static double[] neuron(double[][] all, Table matches, int row, String prefix) {
    int width = all.length == 10 ? 5 : 7;
    int layer = matches.ints(prefix + "layer").get(row);
    return all[layer * width + matches.ints(prefix + "neuron").get(row)];
  }

  /** MLP_POST [neurons, kept tokens] by plain loops in double. */
  private static double[][] activations(Path folder) {
    try (var checkpoint = HuggingFaceCheckpoint.open(folder);
        var kernels = Backend.SCALAR.open(1).kernels();
        Arena arena = Arena.ofConfined()) {
      ModelConfig config = checkpoint.config();
      int[][] rows = tokens();
      Tensor ids = Tensor.allocate(arena, DType.I32, ROWS * CONTEXT, 1);
      Tensor post = Tensor.allocate(arena, DType.F64, ROWS * CONTEXT, config.neurons());
      for (int t = 0; t < ROWS * CONTEXT; t++) {
        ids.set(t, 0, rows[t / CONTEXT][t % CONTEXT]);
      }
      Transformer.of(checkpoint, kernels, arena, ROWS * CONTEXT)
          .forward(ids, CONTEXT, Activations.sites(null, post));
      double[][] kept = new double[config.neurons()][ROWS * (CONTEXT - 1)];
      for (int t = 0, k = 0; t < ROWS * CONTEXT; t++) {
        if (t % CONTEXT > 0) {
          for (int n = 0; n < kept.length; n++) {
            kept[n][k] = post.get(t, n);
          }
          k++;
        }
      }
      return kept;
    }
  }

  private static double pearson(double[] a, double[] b) {
    double meanA = 0;
    double meanB = 0;
    for (int t = 0; t < a.length; t++) {
      meanA += a[t] / a.length;
      meanB += b[t] / a.length;
    }
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int t = 0; t < a.length; t++) {
      ab += (a[t] - meanA) * (b[t] - meanB);
      aa += (a[t] - meanA) * (a[t] - meanA);
      bb += (b[t] - meanB) * (b[t] - meanB);
    }
    return ab / Math.sqrt(aa * bb);
  }

  @Test
  void theShorterMaximumRules() throws IOException {
    Path text = Cli.text(folder.resolve("text.txt"));
    Cli.Outcome outcome = Cli.run(args(gpt2, neox, "text", "--text", text + ""));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    JsonNode study = Json.of(RunFolder.open(folder.resolve("text")), "study");
    assertEquals(CONTEXT, study.get("tokens").get("context").intValue());
    assertEquals(4096, study.get("models").get(0).get("vocab_size").intValue());
    assertEquals(4100, study.get("models").get(1).get("vocab_size").intValue());
    Cli.Outcome refused = Cli.run(args(gpt2, neox, "long", "--text", text + "", "--context", "21"));
    assertTrue(refused.code() != 0);
    String line = refused.err().getLast();
    assertTrue(line.contains("21 tokens a row, but " + neox + " has 20 positions"), line);
  }
}
