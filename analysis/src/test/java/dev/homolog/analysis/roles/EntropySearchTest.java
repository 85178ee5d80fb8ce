package dev.homolog.analysis.roles;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.roles.EntropyRole.Kind;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Processing;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which neurons stand beside the candidates as controls: none that is entropy-like itself. */
class EntropySearchTest {
  private static final int D = 16;
  private static final int LAYERS = 3;
  private static final int D_MLP = 40;
  private static final int VOCABULARY = 100;
  private static final int CONTEXT = 8;
  private static final int ROWS = 2;

  /** A tenth of a layer, in each of the last two; together more than there are candidates. */
  private static final Set<NeuronId> PLANTED =
      Set.of(
          new NeuronId(1, 0),
          new NeuronId(1, 13),
          new NeuronId(1, 22),
          new NeuronId(1, 39),
          new NeuronId(2, 5),
          new NeuronId(2, 17),
          new NeuronId(2, 18),
          new NeuronId(2, 31));

  @TempDir Path folder;

  @Test
  void noEntropyLikeNeuronIsEverAControl() {
    try (Kernels kernels = Backend.VECTOR.open(1).kernels();
        TokenTable table = table();
        var model = MemoryCheckpoint.of(config(), planted())) {
      OutputWeights weights = OutputWeights.of(model, Processing.FOLDED, kernels);
      Sweep.Text text = new Sweep.Text(table, rules(), Rows.all(ROWS), ROWS);
      Set<NeuronId> controls = new HashSet<>();
      for (long seed = 0; seed < 10; seed++) {
        var options = new NeuronRoles.Options(Processing.FOLDED, Positions.from(1), seed);
        EntropyRole role =
            EntropySearch.find(model, kernels, weights, text, options, NeuronRoles.Watch.NONE);
        List<NeuronId> drawn = role.controls().stream().map(EntropyRole.Neuron::id).toList();
        assertEquals(EntropySearch.CONTROLS, drawn.size());
        for (int layer = 1; layer < LAYERS; layer++) {
          int l = layer;
          assertEquals(
              EntropySearch.CONTROLS / 2, drawn.stream().filter(id -> id.layer() == l).count());
        }
        long candidates =
            role.neurons().stream()
                .filter(neuron -> neuron.kind() != Kind.CONTROL && PLANTED.contains(neuron.id()))
                .count();
        assertTrue(candidates < PLANTED.size(), "all that is planted is a candidate");
        for (NeuronId planted : PLANTED) {
          assertFalse(drawn.contains(planted), () -> planted + " in " + drawn);
        }
        controls.addAll(drawn);
      }
      assertTrue(controls.size() > 2 * EntropySearch.CONTROLS, "always the same are drawn");
    }
  }

  @Test
  void oneOfBothIsEnough() {
    int m = 20;
    double[] norm = new double[2 * m];
    double[] variance = new double[2 * m];
    for (int i = 0; i < 2 * m; i++) {
      norm[i] = 1 + (i % m) / 100.0;
      variance[i] = 0.5;
    }
    // Of the second layer, the last two are the longest, and the first is the least heard.
    variance[m] = 0.1;
    // In the first layer all are long, and one writes nothing.
    Arrays.fill(norm, 0, m, 100);
    norm[3] = 0;
    variance[3] = Double.NaN;
    boolean[] expected = new boolean[2 * m];
    expected[m] = true;
    expected[2 * m - 2] = true;
    expected[2 * m - 1] = true;
    OutputWeights weights = new OutputWeights(norm, norm, variance, norm, norm);
    assertArrayEquals(expected, EntropySearch.entropyLike(weights, 0, m));
    assertArrayEquals(
        Arrays.copyOfRange(expected, m, 2 * m), EntropySearch.entropyLike(weights, m, m));
  }

  @Test
  void layersOfFewerThanTenHaveNoDeciles() {
    for (int m : new int[] {1, 9, 10}) {
      double[] norm = IntStream.range(0, m).mapToDouble(i -> 1 + i).toArray();
      double[] variance = IntStream.range(0, m).mapToDouble(i -> 1 + i).toArray();
      OutputWeights weights = new OutputWeights(norm, norm, variance, norm, norm);
      boolean[] expected = new boolean[m];
      if (m == 10) {
        expected[0] = true;
        expected[9] = true;
      }
      assertArrayEquals(expected, EntropySearch.entropyLike(weights, 0, m));
    }
  }

  private static ModelConfig config() {
    OptionalInt none = OptionalInt.empty();
    return new ModelConfig(
        VOCABULARY,
        CONTEXT,
        D,
        LAYERS,
        2,
        D_MLP,
        Gpt2.architecture(1e-5, Activation.GELU_TANH),
        TokenIds.of(none, none, none));
  }

  private static TokenRules rules() {
    OptionalInt none = OptionalInt.empty();
    return new TokenRules(0, none, none, none, VOCABULARY);
  }

  private TokenTable table() {
    Random random = new Random(5);
    Path file = folder.resolve("ids.npy");
    try (Arena arena = Arena.ofConfined()) {
      Tensor ids = Tensor.allocate(arena, DType.I32, ROWS, CONTEXT);
      for (int r = 0; r < ROWS; r++) {
        for (int p = 1; p < CONTEXT; p++) {
          ids.set(r, p, 1 + random.nextInt(VOCABULARY - 1));
        }
      }
      NpyFile.write(file, DType.I32, List.of((long) ROWS, (long) CONTEXT), ids.data());
    }
    Path resources = Path.of(System.getProperty("homolog.testResources"));
    return TokenTable.fromNpy(
        file, Tokenizer.of(resources.resolve("tokenizer.json")), rules(), Long.MAX_VALUE);
  }

  /**
   * A random model whose unembedding barely hears dimensions 0 and 1; the planted neurons write
   * there, much more than others write anywhere.
   */
  private static Map<String, float[]> planted() {
    Map<String, float[]> weights = new HashMap<>();
    try (var model = MemoryCheckpoint.random(config(), 3, 0.1)) {
      for (String name : model.names()) {
        weights.put(name, model.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
      }
    }
    Random random = new Random(3);
    float[] head = new float[VOCABULARY * D];
    for (int i = 0; i < head.length; i++) {
      head[i] = (float) ((i % D < 2 ? 0.005 : 0.5) * random.nextGaussian());
    }
    weights.put("lm_head.weight", head);
    for (NeuronId neuron : PLANTED) {
      float[] writers = weights.get("h." + neuron.layer() + ".mlp.c_proj.weight");
      Arrays.fill(writers, neuron.neuron() * D, (neuron.neuron() + 1) * D, 0);
      writers[neuron.neuron() * D] = 2;
      writers[neuron.neuron() * D + 1] = -2 - 0.01f * neuron.neuron();
    }
    return weights;
  }
}
