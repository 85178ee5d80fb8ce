package dev.homolog.analysis.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.DetachedKernels;
import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.model.family.GptNeoX;
import dev.homolog.core.model.family.PositionSpec;
import dev.homolog.core.stream.ProgressListener;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables of weights against plain loops in double, on every backend. */
class WeightTablesTest {
  private static final Path MODELS =
      Path.of(System.getProperty("homolog.testResources")).resolve("models");
  private static final List<String> KINDS = List.of("in_in", "in_out", "out_in", "out_out");
  private static final List<String> SPACES = List.of("E_in", "U_in", "E_out", "U_out");

  /** All that is said of some neurons. */
  private record Said(
      Map<String, List<Rows.Row>> neighbours,
      Map<String, List<Rows.Row>> vocabulary,
      Map<String, List<Rows.Row>> composition,
      Map<String, double[]> moments,
      List<OfNeuron> neurons,
      Table histograms) {

    static Said of(Kernels kernels, Checkpoint checkpoint, Processing processing, int... chosen) {
      var request = new WeightTables.Request(processing, chosen, Integer::toString);
      try (var tables = new WeightTables(kernels, checkpoint, request, ProgressListener.NONE)) {
        var neighbours = Rows.neighbours(tables.neighbours());
        var vocabulary = Rows.vocabulary(tables.vocabulary());
        List<OfNeuron> neurons = tables.neurons();
        var composition = Rows.composition(tables.composition());
        return new Said(
            neighbours,
            vocabulary,
            composition,
            Rows.moments(tables.moments()),
            neurons,
            tables.histograms());
      }
    }
  }

  private static int[] all(ModelConfig config) {
    return IntStream.range(0, config.neurons()).toArray();
  }

  private static String name(ModelConfig config, int neuron, String kind) {
    return neuron / config.dMlp() + " " + neuron % config.dMlp() + " " + kind;
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2-untied, SCALAR, FOLDED",
    "gpt2-untied, VECTOR, FOLDED",
    "gpt2-untied, TORCH, RAW",
    "gpt2-inverse-layer, VECTOR, RAW",
    "neox-parallel, SCALAR, RAW",
    "neox-parallel, VECTOR, FOLDED",
    "neox-sequential, TORCH, FOLDED",
    "neox-no-attention-bias, VECTOR, FOLDED"
  })
  void agreeWithPlainLoops(String model, Backend backend, Processing processing) {
    try (Kernels kernels = backend.open(2).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(MODELS.resolve(model))) {
      ModelConfig config = checkpoint.config();
      WeightOracle oracle = new WeightOracle(checkpoint, processing);
      check(oracle, Said.of(kernels, checkpoint, processing, all(config)), all(config));
    }
  }

  /** Where Java cannot reach into the kernels' memory, as on a GPU, and of some neurons only. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void onADeviceToo(Backend backend) {
    try (Kernels host = backend.open(2).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(MODELS.resolve("gpt2-untied"))) {
      int[] chosen = {70, 3, 4, 5, 31};
      Kernels kernels = DetachedKernels.over(host);
      WeightOracle oracle = new WeightOracle(checkpoint, Processing.FOLDED);
      check(oracle, Said.of(kernels, checkpoint, Processing.FOLDED, chosen), chosen);
    }
  }

  /** More neurons than a block and a tile hold, and more tokens than a tile. */
  @Test
  void blocksAndTiles() {
    ModelConfig config =
        new ModelConfig(
            8300,
            4,
            8,
            3,
            2,
            2800,
            GptNeoX.architecture(
                1e-5, Activation.GELU_ERF, true, true, new PositionSpec.Rotary(2, 10_000)),
            TokenIds.of(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty()));
    try (Kernels kernels = Backend.VECTOR.open(2).kernels();
        Checkpoint checkpoint = MemoryCheckpoint.random(config, 5, 0.3)) {
      WeightOracle oracle = new WeightOracle(checkpoint, Processing.FOLDED);
      int[] chosen = IntStream.range(0, 2100).map(i -> 4 * i + i % 3).toArray();
      Said said = Said.of(kernels, checkpoint, Processing.FOLDED, chosen);
      int[] looked = IntStream.of(0, 255, 256, 2047, 2048, 2099).map(i -> chosen[i]).toArray();
      check(oracle, said, looked);
      for (int kind = 0; kind < 4; kind++) {
        long total = 0;
        for (int bin = 0; bin < 100; bin++) {
          total += said.histograms.longs("count").get(100 * kind + bin);
        }
        assertEquals(2100L * 8399, total);
      }
    }
  }

  private static void check(WeightOracle oracle, Said said, int[] neurons) {
    ModelConfig config = oracle.config;
    assertEquals(config.neurons(), said.neurons.size());
    for (int n : neurons) {
      for (String kind : KINDS) {
        double[] cosines = oracle.neighbours(kind, n);
        String name = name(config, n, kind);
        checkEnds(cosines, 20, config.dMlp(), said.neighbours.get(name), name);
        checkMoments(cosines, said.moments.get(name), name);
      }
      for (String space : SPACES) {
        double[] cosines = oracle.tokens(space, n);
        String name = name(config, n, space);
        checkEnds(cosines, 100, 0, said.vocabulary.get(name), name);
        checkMoments(cosines, said.moments.get(name), name);
      }
      for (char kind : "qkvo".toCharArray()) {
        String name = name(config, n, kind + "");
        checkHeads(oracle.composition(kind, n), config.heads(), said.composition.get(name), name);
      }
    }
    for (int n = 0; n < config.neurons(); n += Math.max(1, config.neurons() / 64)) {
      checkNumbers(oracle, n, said.neurons.get(n));
    }
  }

  private static void checkEnds(
      double[] cosines, int top, int dMlp, List<Rows.Row> rows, String what) {
    int k = Math.min(top, WeightOracle.order(cosines, true).length);
    assertEquals(2 * k, rows.size(), what);
    for (boolean greatest : new boolean[] {true, false}) {
      int[] order = WeightOracle.order(cosines, greatest);
      List<Rows.Row> end = greatest ? rows.subList(0, k) : rows.subList(k, 2 * k);
      int[] ids =
          end.stream()
              .mapToInt(row -> dMlp == 0 ? row.first() : row.first() * dMlp + row.second())
              .toArray();
      assertEquals(k, Arrays.stream(ids).distinct().count(), what);
      for (int i = 0; i < k; i++) {
        Rows.Row row = end.get(i);
        assertEquals(greatest ? i + 1 : -i - 1, row.rank(), what);
        Close.cosine(cosines[order[i]], row.value(), what);
        Close.cosine(cosines[ids[i]], row.value(), what);
      }
    }
  }

  private static void checkMoments(double[] cosines, double[] found, String what) {
    assertEquals(Arrays.stream(cosines).filter(c -> !Double.isNaN(c)).count(), found[0], what);
    Close.moments(WeightOracle.moments(cosines), 0, Arrays.copyOfRange(found, 1, 5), what);
  }

  private static void checkHeads(double[] all, int heads, List<Rows.Row> rows, String what) {
    int[] order = WeightOracle.order(all, true);
    assertEquals(Math.min(10, order.length), rows.size(), what);
    for (int i = 0; i < rows.size(); i++) {
      Rows.Row row = rows.get(i);
      assertEquals(i + 1, row.rank());
      Close.relative(all[order[i]], row.value(), what);
      Close.relative(all[row.first() * heads + row.second()], row.value(), what);
    }
  }

  private static void checkNumbers(WeightOracle oracle, int n, OfNeuron neuron) {
    double[] in = oracle.in[n];
    double[] out = oracle.out[n];
    double inNorm = WeightOracle.norm(in);
    double outNorm = WeightOracle.norm(out);
    assertEquals(inNorm, neuron.inNorm(), 1e-12 * inNorm);
    assertEquals(outNorm, neuron.outNorm(), 1e-12 * outNorm);
    assertEquals(WeightOracle.dot(in, out) / (inNorm * outNorm), neuron.similarity(), 1e-12);
    assertEquals(inNorm * inNorm + outNorm * outNorm, neuron.l2Penalty(), 1e-12 * 10);
    double[] cosines = oracle.tokens("U_out", n);
    Close.moments(WeightOracle.moments(cosines), 0, array(neuron.vocabulary()), "vocab");
    double[] products =
        Arrays.stream(oracle.unembedding).mapToDouble(t -> WeightOracle.dot(out, t)).toArray();
    Close.moments(
        WeightOracle.moments(products), 0, array(neuron.vocabularyProduct()), "vocab_dot");
  }

  private static double[] array(RowMoments moments) {
    return new double[] {moments.mean(), moments.variance(), moments.skew(), moments.kurtosis()};
  }

  // ---- planted ----

  private static final int D = 6;

  /** Two layers of three neurons and two heads of three dimensions; weights 0 but for norms' 1. */
  private static final ModelConfig TINY =
      new ModelConfig(
          5,
          2,
          D,
          2,
          2,
          3,
          Gpt2.architecture(1e-5, Activation.RELU),
          TokenIds.of(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty()));

  private static Map<String, float[]> zeros() {
    Map<String, float[]> w = new LinkedHashMap<>();
    w.put("wte.weight", new float[5 * D]);
    w.put("wpe.weight", new float[2 * D]);
    for (String block : new String[] {"h.0.", "h.1."}) {
      for (String norm : new String[] {"ln_1", "ln_2"}) {
        norm(w, block + norm);
      }
      w.put(block + "attn.c_attn.weight", new float[D * 3 * D]);
      w.put(block + "attn.c_attn.bias", new float[3 * D]);
      w.put(block + "attn.c_proj.weight", new float[D * D]);
      w.put(block + "attn.c_proj.bias", new float[D]);
      w.put(block + "mlp.c_fc.weight", new float[D * 3]);
      w.put(block + "mlp.c_fc.bias", new float[3]);
      w.put(block + "mlp.c_proj.weight", new float[3 * D]);
      w.put(block + "mlp.c_proj.bias", new float[D]);
    }
    norm(w, "ln_f");
    return w;
  }

  private static void norm(Map<String, float[]> w, String name) {
    float[] ones = new float[D];
    Arrays.fill(ones, 1);
    w.put(name + ".weight", ones);
    w.put(name + ".bias", new float[D]);
  }

  /** w_in of a neuron: a direction of its own, and how long. */
  private static void in(Map<String, float[]> w, int layer, int neuron, int direction, float size) {
    w.get("h." + layer + ".mlp.c_fc.weight")[direction * 3 + neuron] = size;
  }

  /**
   * w_in of 1, 2 and 4 are one direction, of 3 the opposite, of 0 another, of 5 none. So every
   * cosine is −1, 0 or 1 to the last bit, and ties go to the lowest id.
   */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void ownPairIsLeftOutAndTiesGoToTheLowest(Backend backend) {
    Map<String, float[]> w = zeros();
    in(w, 0, 0, 0, 2);
    in(w, 0, 1, 4, 1);
    in(w, 0, 2, 4, 3);
    in(w, 1, 0, 4, -5);
    in(w, 1, 1, 4, 0.25f);
    try (Kernels kernels = backend.open(1).kernels();
        Checkpoint checkpoint = MemoryCheckpoint.of(TINY, w)) {
      Said said = Said.of(kernels, checkpoint, Processing.RAW, all(TINY));
      assertEquals("2=1 4=1 0=0 3=-1 | 3=-1 0=0 2=1 4=1", text(said.neighbours.get("0 1 in_in")));
      assertEquals("1=1 4=1 0=0 3=-1 | 3=-1 0=0 1=1 4=1", text(said.neighbours.get("0 2 in_in")));
      assertEquals("1=0 2=0 3=0 4=0 | 1=0 2=0 3=0 4=0", text(said.neighbours.get("0 0 in_in")));
      assertFalse(said.neighbours.containsKey("1 2 in_in"));
      assertFalse(said.neighbours.containsKey("0 1 in_out"));
      assertEquals(4, said.moments.get("0 1 in_in")[0]);
      assertEquals(0.25, said.moments.get("0 1 in_in")[1]);
      assertEquals(0, said.moments.get("1 2 in_in")[0]);
      assertTrue(Double.isNaN(said.moments.get("1 2 in_in")[1]));
      // In order: of 1, 2, 4 with each other 6, with 3 another 6; of 0 with four, twice.
      Table bins = said.histograms;
      assertEquals(6, bins.longs("count").get(99));
      assertEquals(6, bins.longs("count").get(0));
      assertEquals(8, bins.longs("count").get(49) + bins.longs("count").get(50)); // 0 is an edge
      OfNeuron zero = said.neurons.get(5);
      assertEquals(0, zero.inNorm());
      assertTrue(Double.isNaN(zero.similarity()));
      assertEquals(0, zero.vocabulary().count());
      assertTrue(Double.isNaN(zero.vocabulary().mean()));
      assertEquals(0, zero.vocabularyProduct().mean());
      assertEquals(0, zero.vocabularyProduct().variance());
      assertTrue(said.composition.isEmpty(), "no head does anything");
    }
  }

  private static String text(List<Rows.Row> rows) {
    StringBuilder text = new StringBuilder();
    for (Rows.Row row : rows) {
      text.append(row.rank() == -1 ? "| " : "");
      text.append(3 * row.first() + row.second()).append('=').append((int) row.value()).append(' ');
    }
    return text.toString().strip();
  }

  /** A token of length 0 has no cosine, but a product. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void tokensOfLengthZero(Backend backend) {
    Map<String, float[]> w = zeros();
    w.get("wte.weight")[0] = 3;
    w.get("wte.weight")[2 * D + 1] = -2;
    w.get("wte.weight")[4 * D] = -1;
    float[] out = w.get("h.0.mlp.c_proj.weight");
    out[D] = 4; // neuron 1
    try (Kernels kernels = backend.open(1).kernels();
        Checkpoint checkpoint = MemoryCheckpoint.of(TINY, w)) {
      Said said = Said.of(kernels, checkpoint, Processing.RAW, 1);
      // Of tokens 0, 2 and 4: 1, 0 and −1; products 12, 0, 0, 0 and −4.
      List<Rows.Row> rows = said.vocabulary.get("0 1 U_out");
      assertEquals(6, rows.size());
      assertEquals(0, rows.getFirst().first());
      assertEquals(4, rows.get(3).first());
      RowMoments cosines = said.neurons.get(1).vocabulary();
      assertEquals(3, cosines.count());
      assertEquals(0, cosines.mean(), 1e-12);
      assertEquals(2.0 / 3, cosines.variance(), 1e-12);
      RowMoments products = said.neurons.get(1).vocabularyProduct();
      assertEquals(5, products.count());
      assertEquals(8.0 / 5, products.mean(), 1e-6);
      assertEquals(160.0 / 5 - 2.56, products.variance(), 1e-5);
    }
  }

  /** Heads whose keys or outputs have less rank than d_head, and one that is nothing at all. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void headsOfLowRank(Backend backend) {
    Map<String, float[]> w = zeros();
    Random random = new Random(2);
    for (String name : List.copyOf(w.keySet())) {
      if (name.startsWith("h.1.attn") || name.contains("mlp") || name.startsWith("wte")) {
        float[] values = w.get(name);
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
      }
    }
    float[] qkv = w.get("h.1.attn.c_attn.weight");
    float[] o = w.get("h.1.attn.c_proj.weight");
    for (int i = 0; i < D; i++) {
      qkv[i * 3 * D + D + 1] =
          2 * qkv[i * 3 * D + D]; // keys of head 0: second column, twice the first
      o[3 * D + i] = 0; // outputs of head 1: no first row
      o[5 * D + i] = -o[4 * D + i];
    }
    try (Kernels kernels = backend.open(1).kernels();
        Checkpoint checkpoint = MemoryCheckpoint.of(TINY, w)) {
      Said said = Said.of(kernels, checkpoint, Processing.RAW, all(TINY));
      WeightOracle oracle = new WeightOracle(checkpoint, Processing.RAW);
      for (int n = 0; n < 6; n++) {
        for (char kind : "qkvo".toCharArray()) {
          String name = name(TINY, n, kind + "");
          List<Rows.Row> rows = said.composition.get(name);
          assertEquals(2, rows.size(), name);
          checkHeads(oracle.composition(kind, n), 2, rows, name);
        }
      }
    }
  }

  @Test
  void noNeuronAtAllIsAnEmptyTable() {
    try (Kernels kernels = Backend.VECTOR.open(1).kernels();
        Checkpoint checkpoint = MemoryCheckpoint.of(TINY, zeros());
        var tables =
            new WeightTables(
                kernels,
                checkpoint,
                new WeightTables.Request(Processing.RAW, new int[0], null),
                ProgressListener.NONE)) {
      for (Iterator<Table> parts :
          List.of(
              tables.neighbours(), tables.vocabulary(), tables.composition(), tables.moments())) {
        assertEquals(0, parts.next().rows());
        assertFalse(parts.hasNext());
      }
      assertEquals(6, tables.neurons().size());
    }
  }
}
