package dev.homolog.analysis.roles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.DetachedKernels;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.intervention.PathAblation.Head;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.BlockTaps;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Processing;
import dev.homolog.core.model.Transformer;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A random model into which one neuron of each role is written: each is found, as the first of its
 * kind, and nothing else is; in the random model without them nothing is found at all.
 */
class PlantedRolesTest {
  private static final int D = 64;
  private static final int D_MLP = 40;
  private static final int HEADS = 4;
  private static final int D_HEAD = D / HEADS;
  private static final int VOCABULARY = 600;
  private static final int CONTEXT = 32;
  private static final int ROWS = 24;
  private static final int AFTER = 8;

  private static final NeuronId ENTROPY = new NeuronId(2, 7);
  private static final NeuronId FREQUENCY = new NeuronId(2, 30);
  private static final NeuronId PREDICTION = new NeuronId(1, 3);
  private static final NeuronId SUPPRESSION = new NeuronId(1, 25);
  private static final NeuronId ATTENTION = new NeuronId(0, 12);
  private static final Head HEAD = new Head(2, 1);

  @TempDir Path folder;

  private static ModelConfig config() {
    OptionalInt none = OptionalInt.empty();
    return new ModelConfig(
        VOCABULARY,
        CONTEXT,
        D,
        3,
        HEADS,
        D_MLP,
        Gpt2.architecture(1e-5, Activation.GELU_TANH),
        TokenIds.of(none, none, none));
  }

  /** Tokens as frequent as Zipf says, the last the most frequent. */
  private TokenTable table() {
    Random random = new Random(9);
    double[] cumulative = new double[VOCABULARY];
    double total = 0;
    for (int v = 1; v < VOCABULARY; v++) {
      total += 1.0 / (VOCABULARY - v);
      cumulative[v] = total;
    }
    Path file = folder.resolve("ids.npy");
    try (Arena arena = Arena.ofConfined()) {
      Tensor ids = Tensor.allocate(arena, DType.I32, ROWS, CONTEXT);
      for (int r = 0; r < ROWS; r++) {
        for (int p = 1; p < CONTEXT; p++) {
          int at = Arrays.binarySearch(cumulative, random.nextDouble() * total);
          ids.set(r, p, Math.clamp(at < 0 ? -at - 1 : at, 1, VOCABULARY - 1));
        }
      }
      NpyFile.write(file, DType.I32, List.of((long) ROWS, (long) CONTEXT), ids.data());
    }
    Path family = Path.of(System.getProperty("homolog.testResources"));
    return TokenTable.fromNpy(
        file, Tokenizer.of(family.resolve("tokenizer.json")), rules(), Long.MAX_VALUE);
  }

  private static TokenRules rules() {
    OptionalInt none = OptionalInt.empty();
    return new TokenRules(0, none, none, none, VOCABULARY);
  }

  /** Ten tokens, ten others, and a hundred random sets. */
  private static List<PredictionRole.TokenSet> sets() {
    List<PredictionRole.TokenSet> sets = new ArrayList<>();
    Random random = new Random(4);
    for (int s = 0; s < 100; s++) {
      BitSet ids = new BitSet();
      for (int i = 0; i < 10; i++) {
        ids.set(random.nextInt(VOCABULARY));
      }
      sets.add(new PredictionRole.TokenSet("random " + s, ids));
    }
    BitSet raised = new BitSet();
    raised.set(100, 110);
    sets.add(new PredictionRole.TokenSet("raised", raised));
    BitSet lowered = new BitSet();
    lowered.set(300, 310);
    sets.add(new PredictionRole.TokenSet("lowered", lowered));
    return sets;
  }

  /** A random model with an unembedding of its own, five times as large as the embedding. */
  private static Map<String, float[]> random(long seed) {
    Map<String, float[]> weights = new HashMap<>();
    try (var model = MemoryCheckpoint.random(config(), seed, 0.1)) {
      for (String name : model.names()) {
        weights.put(name, model.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
      }
    }
    Random random = new Random(seed);
    float[] head = new float[VOCABULARY * D];
    for (int i = 0; i < head.length; i++) {
      head[i] = (float) (0.5 * random.nextGaussian());
    }
    weights.put("lm_head.weight", head);
    return weights;
  }

  private static NeuronRoles roles(MemoryCheckpoint model, Kernels kernels, TokenTable table) {
    Sweep.Text text = new Sweep.Text(table, rules(), Rows.all(ROWS), 16);
    var options = new NeuronRoles.Options(Processing.FOLDED, Positions.from(AFTER), 1);
    return NeuronRoles.of(model, kernels, text, sets(), options, NeuronRoles.Watch.NONE);
  }

  @Test
  void nothingIsFoundInRandomModels() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels();
        TokenTable table = table()) {
      for (long seed = 1; seed <= 2; seed++) {
        try (var model = MemoryCheckpoint.of(config(), random(seed))) {
          NeuronRoles roles = roles(model, kernels, table);
          EntropyRole entropy = roles.entropy();
          assertEquals(32, entropy.neurons().size());
          for (EntropyRole.Neuron neuron : entropy.neurons()) {
            assertFalse(entropy.setsEntropy(neuron), neuron::toString);
            assertFalse(entropy.setsFrequency(neuron), neuron::toString);
          }
          for (PredictionRole.Neuron neuron : roles.prediction().neurons()) {
            assertEquals(PredictionRole.Kind.NONE, neuron.kind(), neuron::toString);
          }
          for (AttentionRole.Pair pair : roles.attention().pairs()) {
            assertFalse(pair.found(), pair::toString);
          }
        }
      }
    }
  }

  /** With kernels whose memory Java cannot touch, as on a GPU. */
  @Test
  void whatIsPlantedIsFoundAndNothingElse() {
    try (Kernels host = Backend.VECTOR.open(2).kernels();
        Kernels kernels = DetachedKernels.over(host);
        TokenTable table = table()) {
      Map<String, float[]> weights = random(21);
      plantUnembedding(weights, TokenFrequencies.of(table, VOCABULARY).direction());
      plantSet(weights, PREDICTION, 100, 1);
      plantSet(weights, SUPPRESSION, 300, -1);
      plantSwitch(weights, kernels);
      try (var model = MemoryCheckpoint.of(config(), weights)) {
        NeuronRoles roles = roles(model, kernels, table);
        checkEntropy(roles.entropy());
        checkPrediction(roles.prediction());
        checkAttention(roles.attention());
      }
    }
  }

  private static void checkEntropy(EntropyRole role) {
    // Four planted directions, and the one that LayerNorm takes away.
    assertEquals(5, role.unembedding().nullity());
    EntropyRole.Neuron first = role.neurons().getFirst();
    assertEquals(ENTROPY, first.id());
    assertEquals(EntropyRole.Kind.ENTROPY, first.kind());
    assertTrue(first.nullShare() > 0.99, first::toString);
    EntropyRole.Neuron frequency =
        role.neurons().stream()
            .filter(neuron -> neuron.kind() == EntropyRole.Kind.FREQUENCY)
            .findFirst()
            .orElseThrow();
    assertEquals(FREQUENCY, frequency.id());
    for (EntropyRole.Neuron neuron : role.neurons()) {
      assertEquals(neuron.id().equals(ENTROPY), role.setsEntropy(neuron), neuron::toString);
      assertEquals(neuron.id().equals(FREQUENCY), role.setsFrequency(neuron), neuron::toString);
    }
    assertTrue(first.entropyEffect() > 0.5, first::toString);
    assertTrue(first.mediatedShare() > 0.9, first::toString);
    assertTrue(frequency.divergenceEffect() < -0.5, frequency::toString);
  }

  private static void checkPrediction(PredictionRole role) {
    for (PredictionRole.Neuron neuron : role.neurons()) {
      PredictionRole.Kind kind =
          neuron.id().equals(PREDICTION)
              ? PredictionRole.Kind.PREDICTION
              : neuron.id().equals(SUPPRESSION)
                  ? PredictionRole.Kind.SUPPRESSION
                  : PredictionRole.Kind.NONE;
      if (!neuron.id().equals(FREQUENCY)) {
        assertEquals(kind, neuron.kind(), neuron::toString);
      }
      if (kind != PredictionRole.Kind.NONE) {
        boolean raises = kind == PredictionRole.Kind.PREDICTION;
        assertEquals(raises ? "raised" : "lowered", neuron.set());
        assertEquals(10, neuron.setSize());
        assertTrue(neuron.varianceReduction() > 0.3, neuron::toString);
        assertTrue(raises == neuron.welchT() > 0 && Math.abs(neuron.welchT()) > 10);
        assertTrue(neuron.confirmed(), neuron::toString);
        double left = raises ? 1 - neuron.probability() : neuron.probability();
        double then = raises ? 1 - neuron.raisedProbability() : neuron.raisedProbability();
        assertTrue(then < left / 2, neuron::toString);
      }
    }
  }

  private static void checkAttention(AttentionRole role) {
    AttentionRole.Pair first =
        role.pairs().stream()
            .max(Comparator.comparingDouble(pair -> Math.abs(pair.bosEffect())))
            .orElseThrow();
    assertEquals(ATTENTION, first.neuron());
    assertEquals(HEAD, first.head());
    for (AttentionRole.Pair pair : role.pairs()) {
      boolean planted = pair.neuron().equals(ATTENTION) && pair.head().equals(HEAD);
      assertEquals(planted, pair.found(), pair::toString);
    }
    assertTrue(first.bosEffect() > 0, first::toString);
    assertTrue(first.bosAttentionChange() < -0.3, first::toString);
    assertTrue(first.bosAttentionSpearman() < 0, first::toString);
    assertEquals(ROWS * (CONTEXT - AFTER), first.positions());
  }

  // ---- planting ----

  /**
   * Dimensions 0 … 3, less what LayerNorm takes away, are heard by no token; dimension 4 is heard
   * as token frequency. The entropy neuron writes to the first, the frequency neuron to the other.
   */
  private static void plantUnembedding(Map<String, float[]> weights, double[] frequency) {
    float[] head = weights.get("lm_head.weight");
    for (int v = 0; v < VOCABULARY; v++) {
      for (int i = 0; i < 4; i++) {
        head[v * D + i] = 0;
      }
      head[v * D + 4] = (float) (15 * frequency[v]);
      // Columns of mean 0, so that centring leaves the four dimensions unheard.
      double mean = 0;
      for (int i = 4; i < D; i++) {
        mean += head[v * D + i] / (D - 4.0);
      }
      for (int i = 4; i < D; i++) {
        head[v * D + i] -= (float) mean;
      }
    }
    float[] unheard = new float[D];
    unheard[0] = 2;
    unheard[1] = -2;
    unheard[2] = 2;
    unheard[3] = -2;
    write(weights, ENTROPY, unheard);
    float[] heard = new float[D];
    Arrays.fill(heard, -0.4f / (D - 1));
    heard[4] = 0.4f;
    write(weights, FREQUENCY, heard);
  }

  /** Ten tokens whose columns share a direction, and a neuron that writes it, or its opposite. */
  private static void plantSet(Map<String, float[]> weights, NeuronId neuron, int first, int sign) {
    float[] head = weights.get("lm_head.weight");
    Random random = new Random(first);
    double[] shared = new double[D];
    double mean = 0;
    for (int i = 5; i < D; i++) {
      shared[i] = random.nextGaussian();
      mean += shared[i] / (D - 5);
    }
    for (int i = 5; i < D; i++) {
      shared[i] -= mean;
    }
    double length = Math.sqrt(Unembedding.dot(shared, shared));
    float[] writer = new float[D];
    for (int i = 5; i < D; i++) {
      for (int v = first; v < first + 10; v++) {
        head[v * D + i] += (float) (8 * shared[i] / length);
      }
      writer[i] = (float) (sign * 0.3 * shared[i] / length);
    }
    write(weights, neuron, writer);
  }

  private static void write(Map<String, float[]> weights, NeuronId neuron, float[] direction) {
    float[] out = weights.get("h." + neuron.layer() + ".mlp.c_proj.weight");
    System.arraycopy(direction, 0, out, neuron.neuron() * D, D);
  }

  /**
   * A neuron that is nearly always on writes to dimension 10, less 11, and the head turns that into
   * queries for BOS's key.
   */
  private static void plantSwitch(Map<String, float[]> weights, Kernels kernels) {
    float[] direction = new float[D];
    direction[10] = 0.5f;
    direction[11] = -0.5f;
    write(weights, ATTENTION, direction);
    weights.get("h.0.mlp.c_fc.bias")[ATTENTION.neuron()] = 3;
    double[] key = keyOfBos(weights, kernels);
    double length = Math.sqrt(Unembedding.dot(key, key));
    float[] qkv = weights.get("h.2.attn.c_attn.weight"); // [D, 3 D]
    for (int e = 0; e < D_HEAD; e++) {
      float turn = (float) (3 * key[e] / length);
      qkv[10 * 3 * D + HEAD.head() * D_HEAD + e] += turn;
      qkv[11 * 3 * D + HEAD.head() * D_HEAD + e] -= turn;
    }
  }

  /** Of BOS alone at the head, by a pass of the model so far. */
  private static double[] keyOfBos(Map<String, float[]> weights, Kernels kernels) {
    try (var model = MemoryCheckpoint.of(config(), weights);
        Arena arena = Arena.ofShared()) {
      Transformer transformer = Transformer.of(model, kernels, arena, 1);
      Tensor x = kernels.allocate(arena, DType.F32, 1, D);
      Tensor qkv = kernels.allocate(arena, DType.F32, 1, 3 * D);
      Tensor bos = kernels.fromHost(arena, Tensor.allocate(arena, DType.I32, 1, 1));
      transformer.embed(bos, 1, x);
      for (int layer = 0; layer < HEAD.layer(); layer++) {
        transformer.write(layer, transformer.activate(layer, 1, x, BlockTaps.NONE), x);
      }
      transformer.queriesKeysValues(HEAD.layer(), x, qkv);
      double[] all = kernels.toHost(arena, qkv).toArray();
      return Arrays.copyOfRange(all, D + HEAD.head() * D_HEAD, D + (HEAD.head() + 1) * D_HEAD);
    }
  }
}
