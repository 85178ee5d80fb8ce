package dev.homolog.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Architecture;
import dev.homolog.core.model.family.AttentionSpec;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.model.family.HeadOrder;
import dev.homolog.core.model.family.MatrixOrder;
import dev.homolog.core.model.family.TensorNames;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Processed weights against TransformerLens, against what they must not change, and by hand.
 * test-resources/scripts/processed_weights.py made the golden values.
 */
class ProcessedWeightsTest {
  private static final Path MODELS =
      Path.of(System.getProperty("homolog.testResources")).resolve("models");

  // ---- TransformerLens ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-inverse-layer",
        "gpt2-untied",
        "neox-old-safetensors",
        "neox-no-attention-bias"
      })
  void everyMatrixIsThatOfTransformerLens(String model) {
    Path folder = MODELS.resolve(model);
    try (var checkpoint = HuggingFaceCheckpoint.open(folder);
        var golden = SafetensorsFile.open(folder.resolve("folded.safetensors"));
        Arena arena = Arena.ofConfined()) {
      ModelConfig config = checkpoint.config();
      var weights = new ProcessedWeights(checkpoint, Processing.FOLDED);
      Map<String, Tensor> actual = new LinkedHashMap<>();
      actual.put("W_E", weights.W_E(0, config.vocabSize(), arena));
      actual.put("W_U", weights.W_U(0, config.vocabSize(), arena));
      actual.put("b_U", weights.b_U(0, config.vocabSize(), arena));
      weights.W_pos(0, config.positions(), arena).ifPresent(W -> actual.put("W_pos", W));
      for (int layer = 0; layer < config.layers(); layer++) {
        String start = layer + ".";
        named(weights.attention(layer, arena)).forEach((name, t) -> actual.put(start + name, t));
        named(weights.mlp(layer, arena)).forEach((name, t) -> actual.put(start + name, t));
      }
      assertEquals(golden.tensors().keySet(), actual.keySet());
      actual.forEach((name, tensor) -> assertClose(golden.tensor(name), tensor, name));
    }
  }

  private static Map<String, Tensor> named(ProcessedWeights.Attention a) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("W_Q", a.W_Q());
    tensors.put("W_K", a.W_K());
    tensors.put("W_V", a.W_V());
    tensors.put("b_Q", a.b_Q());
    tensors.put("b_K", a.b_K());
    tensors.put("b_V", a.b_V());
    tensors.put("W_O", a.W_O());
    tensors.put("b_O", a.b_O());
    return tensors;
  }

  private static Map<String, Tensor> named(ProcessedWeights.Mlp mlp) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("W_in", mlp.W_in());
    tensors.put("b_in", mlp.b_in());
    tensors.put("W_out", mlp.W_out());
    tensors.put("b_out", mlp.b_out());
    return tensors;
  }

  private static void assertClose(StoredTensor expected, Tensor actual, String name) {
    if (expected.shape().size() == 2) {
      assertEquals(expected.shape().getFirst(), actual.rows(), name);
    }
    assertEquals(expected.elements(), actual.size(), name);
    Tensor golden = Tensor.wrap(expected.data(), expected.dtype(), actual.rows(), actual.cols());
    for (long i = 0; i < actual.rows(); i++) {
      for (long j = 0; j < actual.cols(); j++) {
        assertEquals(golden.get(i, j), actual.get(i, j), 1e-5, name + " [" + i + ", " + j + "]");
      }
    }
  }

  // ---- what they must not change ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2-inverse-layer",
        "gpt2-untied",
        "neox-parallel",
        "neox-sequential",
        "neox-tied",
        "neox-no-attention-bias"
      })
  void logProbabilitiesStay(String model) {
    try (var checkpoint = HuggingFaceCheckpoint.open(MODELS.resolve(model));
        Arena arena = Arena.ofConfined()) {
      var weights = new ProcessedWeights(checkpoint, Processing.FOLDED);
      try (Checkpoint rebuilt = rebuilt(checkpoint.config(), weights, arena)) {
        Tensor before = logits(checkpoint, arena);
        Tensor after = logits(rebuilt, arena);
        Tensor b_U = weights.b_U(0, before.cols(), arena);
        double worst = 0;
        for (long t = 0; t < before.rows(); t++) {
          double[] expected = logProbabilities(before, t, null);
          double[] actual = logProbabilities(after, t, b_U);
          for (int v = 0; v < expected.length; v++) {
            worst = Math.max(worst, Math.abs(expected[v] - actual[v]));
          }
        }
        assertTrue(worst <= 1e-5, model + " differs by " + worst);
      }
    }
  }

  private static Tensor logits(Checkpoint checkpoint, Arena arena) {
    ModelConfig config = checkpoint.config();
    Random random = new Random(11);
    long tokens = 3L * config.positions();
    Tensor ids = Tensor.allocate(arena, DType.I32, tokens, 1);
    for (long t = 0; t < tokens; t++) {
      ids.set(t, 0, random.nextInt(config.vocabSize()));
    }
    Tensor logits = Tensor.allocate(arena, DType.F64, tokens, config.vocabSize());
    try (var kernels = new ScalarKernels()) {
      Transformer.of(checkpoint, kernels, arena, tokens)
          .forward(ids, config.positions(), new Activations(null, null, logits));
    }
    return logits;
  }

  private static double[] logProbabilities(Tensor logits, long t, Tensor b_U) {
    double[] row = new double[Math.toIntExact(logits.cols())];
    logits.readRow(t, row);
    double total = 0;
    for (int v = 0; v < row.length; v++) {
      row[v] += b_U == null ? 0 : b_U.get(0, v);
      total += Math.exp(row[v]);
    }
    for (int v = 0; v < row.length; v++) {
      row[v] -= Math.log(total);
    }
    return row;
  }

  /** A model of the processed weights, in single precision, whose LayerNorms only normalise. */
  private static Checkpoint rebuilt(ModelConfig c, ProcessedWeights weights, Arena arena) {
    boolean byHead = c.architecture().attention().order() == HeadOrder.HEAD_BY_HEAD;
    boolean outFirst = c.architecture().family().matrixOrder() == MatrixOrder.OUT_IN;
    TensorNames names = c.architecture().family().names();
    int d = c.dModel();
    Map<String, float[]> tensors = new LinkedHashMap<>();
    tensors.put(names.embedding(), floats(weights.W_E(0, c.vocabSize(), arena)));
    weights.W_pos(0, c.positions(), arena)
        .ifPresent(W -> tensors.put(names.positions().orElseThrow(), floats(W)));
    for (int layer = 0; layer < c.layers(); layer++) {
      TensorNames.Block block = names.block(layer);
      var attention = weights.attention(layer, arena);
      var mlp = weights.mlp(layer, arena);
      norm(tensors, block.ln1(), d);
      norm(tensors, block.ln2(), d);
      Tensor W = Tensor.allocate(arena, DType.F64, d, 3L * d);
      Tensor b = Tensor.allocate(arena, DType.F64, 1, 3L * d);
      Tensor[] parts = {attention.W_Q(), attention.W_K(), attention.W_V()};
      Tensor[] biases = {attention.b_Q(), attention.b_K(), attention.b_V()};
      for (int part = 0; part < 3; part++) {
        for (int column = 0; column < d; column++) {
          int head = column / c.dHead();
          int to = byHead ? (3 * head + part) * c.dHead() + column % c.dHead() : part * d + column;
          b.set(0, to, biases[part].get(0, column));
          for (int i = 0; i < d; i++) {
            W.set(i, to, parts[part].get(i, column));
          }
        }
      }
      linear(tensors, block.qkv(), W, b, outFirst);
      linear(tensors, block.o(), attention.W_O(), attention.b_O(), outFirst);
      linear(tensors, block.in(), mlp.W_in(), mlp.b_in(), outFirst);
      linear(tensors, block.out(), mlp.W_out(), mlp.b_out(), outFirst);
    }
    norm(tensors, names.finalNorm(), d);
    tensors.put(names.unembedding(), floats(weights.W_U(0, c.vocabSize(), arena).transposed()));
    return MemoryCheckpoint.of(withBiases(c), tensors);
  }

  /** The same model with biases of attention, which folding makes. */
  private static ModelConfig withBiases(ModelConfig c) {
    Architecture a = c.architecture();
    Architecture biased =
        new Architecture(
            a.family(),
            a.norm(),
            a.positions(),
            new AttentionSpec(
                a.attention().order(), true, a.attention().scaled(), a.attention().scaledByLayer()),
            a.mlp(),
            a.parallelResidual());
    return new ModelConfig(
        c.vocabSize(),
        c.positions(),
        c.dModel(),
        c.layers(),
        c.heads(),
        c.dMlp(),
        biased,
        TokenIds.of(c.ids().bos(), c.ids().eos(), c.ids().pad()));
  }

  private static void norm(Map<String, float[]> tensors, String name, int d) {
    float[] ones = new float[d];
    Arrays.fill(ones, 1);
    tensors.put(name + ".weight", ones);
    tensors.put(name + ".bias", new float[d]);
  }

  private static void linear(
      Map<String, float[]> tensors, String name, Tensor W, Tensor b, boolean outFirst) {
    tensors.put(name + ".weight", floats(outFirst ? W.transposed() : W));
    tensors.put(name + ".bias", floats(b));
  }

  private static float[] floats(Tensor t) {
    double[] values = t.toArray();
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  // ---- by hand ----

  /** Two dimensions, one head, one neuron, two tokens. */
  private static Map<String, float[]> tiny() {
    Map<String, float[]> w = new LinkedHashMap<>();
    w.put("wte.weight", new float[] {1, 3, -2, 6});
    w.put("wpe.weight", new float[] {5, 1});
    w.put("h.0.ln_1.weight", new float[] {1, 2});
    w.put("h.0.ln_1.bias", new float[] {3, -1});
    // q = (1 0; 0 1), k = (2 0; 0 4), v = (0 1; 1 0)
    w.put("h.0.attn.c_attn.weight", new float[] {1, 0, 2, 0, 0, 1, 0, 1, 0, 4, 1, 0});
    w.put("h.0.attn.c_attn.bias", new float[] {0, 0, 0, 0, 7, 9});
    w.put("h.0.attn.c_proj.weight", new float[] {1, 3, 2, 0});
    w.put("h.0.attn.c_proj.bias", new float[] {10, 20});
    w.put("h.0.ln_2.weight", new float[] {2, 4});
    w.put("h.0.ln_2.bias", new float[] {10, 20});
    w.put("h.0.mlp.c_fc.weight", new float[] {1, 3});
    w.put("h.0.mlp.c_fc.bias", new float[] {5});
    w.put("h.0.mlp.c_proj.weight", new float[] {8, 2});
    w.put("h.0.mlp.c_proj.bias", new float[] {1, 2});
    w.put("ln_f.weight", new float[] {2, 1});
    w.put("ln_f.bias", new float[] {1, -1});
    return w;
  }

  private static Checkpoint tinyCheckpoint() {
    OptionalInt none = OptionalInt.empty();
    ModelConfig config =
        new ModelConfig(
            2,
            1,
            2,
            1,
            1,
            1,
            Gpt2.architecture(1e-5, Activation.RELU),
            TokenIds.of(none, none, none));
    return MemoryCheckpoint.of(config, tiny());
  }

  @Test
  void foldedByHand() {
    try (Checkpoint checkpoint = tinyCheckpoint();
        Arena arena = Arena.ofConfined()) {
      var weights = new ProcessedWeights(checkpoint, Processing.FOLDED);
      var mlp = weights.mlp(0, arena);
      // b_in = 5 + 10 · 1 + 20 · 3; W_in = (2 · 1, 4 · 3) less its mean 7.
      assertValues(mlp.b_in(), 75);
      assertValues(mlp.W_in(), -5, 5);
      assertValues(mlp.W_out(), 3, -3);
      assertValues(mlp.b_out(), -0.5, 0.5);
      var attention = weights.attention(0, arena);
      // Rows scaled by 1 and 2, then columns less their means.
      assertValues(attention.W_Q(), 0.5, -1, -0.5, 1);
      assertValues(attention.b_Q(), 3, -1);
      assertValues(attention.W_K(), 1, -4, -1, 4);
      assertValues(attention.b_K(), 6, -4);
      assertValues(attention.W_V(), -1, 0.5, 1, -0.5);
      assertValues(attention.b_V(), 0, 0);
      assertValues(attention.W_O(), -1, 1, 1, -1);
      // (10, 20) less 15; b_V = (7, 9) + (−1, 3) = (6, 12), times W_O: (6, −6).
      assertValues(attention.b_O(), 1, -1);
      assertValues(weights.W_E(0, 2, arena), -1, 1, -4, 4);
      assertValues(weights.W_pos(0, 1, arena).orElseThrow(), 2, -2);
      // Tied: columns (2, 3) and (−4, 6), less 2.5 and 1, then less (2.75, −2.75) in the mean.
      assertValues(weights.W_U(0, 2, arena), 2.25, -2.25, -2.25, 2.25);
      assertValues(weights.W_U(1, 2, arena), -2.25, 2.25);
      // 1 − 3 and −2 − 6, less their mean −5.
      assertValues(weights.b_U(0, 2, arena), 3, -3);
    }
  }

  @Test
  void rawIsWhatIsStored() {
    try (Checkpoint checkpoint = tinyCheckpoint();
        Arena arena = Arena.ofConfined()) {
      var weights = new ProcessedWeights(checkpoint, Processing.RAW);
      var attention = weights.attention(0, arena);
      assertValues(attention.W_Q(), 1, 0, 0, 1);
      assertValues(attention.W_K(), 2, 0, 0, 4);
      assertValues(attention.W_V(), 0, 1, 1, 0);
      assertValues(attention.b_V(), 7, 9);
      assertValues(attention.W_O(), 1, 3, 2, 0);
      assertValues(attention.b_O(), 10, 20);
      var mlp = weights.mlp(0, arena);
      assertValues(mlp.W_in(), 1, 3);
      assertValues(mlp.b_in(), 5);
      assertValues(mlp.W_out(), 8, 2);
      assertValues(weights.W_E(1, 2, arena), -2, 6);
      assertValues(weights.W_pos(0, 1, arena).orElseThrow(), 5, 1);
      assertValues(weights.W_U(0, 2, arena), 1, -2, 3, 6);
      assertValues(weights.b_U(0, 2, arena), 0, 0);
    }
  }

  /** In row order. */
  private static void assertValues(Tensor actual, double... expected) {
    assertEquals(DType.F64, actual.dtype());
    double[] values = actual.toArray();
    assertEquals(expected.length, values.length);
    for (int i = 0; i < values.length; i++) {
      assertEquals(expected[i], values[i], 1e-12, i + " of " + Arrays.toString(values));
    }
  }
}
