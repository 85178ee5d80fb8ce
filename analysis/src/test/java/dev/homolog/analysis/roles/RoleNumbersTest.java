package dev.homolog.analysis.roles;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.roles.PredictionRole.Kind;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.intervention.PathAblation.Head;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers that roles are told by, each against another way to it. */
class RoleNumbersTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  /** test-resources/scripts/interventions.py computed all effects in double with transformers. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void bosEffectsAreThoseOfTransformers(Backend backend) {
    Path models = FAMILY.resolve("models");
    try (Kernels kernels = backend.open(2).kernels()) {
      for (String name :
          List.of("gpt2-untied", "gpt2-inverse-layer", "neox-parallel", "neox-sequential")) {
        check(kernels, models.resolve(name), models.resolve(name));
      }
      check(kernels, FAMILY.resolve("a"), FAMILY);
    }
  }

  private static void check(Kernels kernels, Path model, Path golden) {
    try (var checkpoint = HuggingFaceCheckpoint.open(model);
        var file = SafetensorsFile.open(golden.resolve("interventions.safetensors"))) {
      ModelConfig config = checkpoint.config();
      StoredTensor stored = file.tensor("bos_effect");
      int heads = config.layers() * config.heads();
      Tensor expected = Tensor.wrap(stored.data(), stored.dtype(), config.neurons(), heads);
      int most = 15;
      Map<Head, List<BosEffects.Effect>> found =
          BosEffects.of(checkpoint, Processing.FOLDED, kernels, 0, most);
      assertEquals((config.layers() - 1) * config.heads(), found.size());
      found.forEach((head, effects) -> {
        int column = head.layer() * config.heads() + head.head();
        double[] sorted =
            IntStream.range(0, head.layer() * config.dMlp())
                .mapToObj(i -> expected.get(i, column))
                .sorted(Comparator.comparingDouble(x -> -Math.abs(x)))
                .mapToDouble(Double::doubleValue)
                .toArray();
        assertEquals(most, effects.size());
        for (int i = 0; i < most; i++) {
          BosEffects.Effect effect = effects.get(i);
          double of = expected.get(effect.neuron().flat(config), column);
          double tolerance = 1e-4 * Math.max(1, Math.abs(of));
          assertEquals(of, effect.value(), tolerance, model + " " + head + " " + i);
          assertEquals(Math.abs(sorted[i]), Math.abs(effect.value()), tolerance);
        }
      });
    }
  }

  /** A matrix made of known values and directions. */
  @Test
  void eigenvaluesComeBack() {
    int n = 23;
    Random random = new Random(5);
    double[][] q = orthonormal(n, random);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = i < 3 ? 0 : Math.pow(10, random.nextInt(9) - 6) * (1 + i);
    }
    double[][] a = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          a[i][j] += values[k] * q[k][i] * q[k][j];
        }
      }
    }
    SymmetricEigen eigen = SymmetricEigen.of(a);
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < n; i++) {
      assertEquals(sorted[n - 1 - i], eigen.values()[i], 1e-12 * sorted[n - 1]);
      double[] v = eigen.vectors()[i];
      assertEquals(1, Unembedding.dot(v, v), 1e-12);
      for (int j = 0; j < n; j++) {
        assertEquals(
            eigen.values()[i] * v[j], Unembedding.dot(a[j], v), 1e-12 * sorted[n - 1], "A v");
      }
    }
  }

  private static double[][] orthonormal(int n, Random random) {
    double[][] q = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        q[i][j] = random.nextGaussian();
      }
      for (int twice = 0; twice < 2; twice++) {
        for (int k = 0; k < i; k++) {
          double c = Unembedding.dot(q[i], q[k]);
          for (int j = 0; j < n; j++) {
            q[i][j] -= c * q[k][j];
          }
        }
      }
      double length = Math.sqrt(Unembedding.dot(q[i], q[i]));
      for (int j = 0; j < n; j++) {
        q[i][j] /= length;
      }
    }
    return q;
  }

  /** Two passes in double over the cosines themselves. */
  @Test
  void momentsOverTheVocabulary() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(FAMILY.resolve("models/neox-parallel"));
        Arena arena = Arena.ofShared()) {
      ModelConfig config = checkpoint.config();
      var options = new NeuronRoles.Options(Processing.FOLDED, Positions.ALL, 1);
      var search = new PredictionSearch(checkpoint, kernels, options);
      OutputWeights found = OutputWeights.of(checkpoint, Processing.FOLDED, kernels);
      ProcessedWeights weights = new ProcessedWeights(checkpoint, Processing.FOLDED);
      Tensor unembedding = weights.W_U(0, config.vocabSize(), arena).transposed();
      for (int n = 0; n < config.neurons(); n++) {
        Tensor W = weights.mlp(n / config.dMlp(), arena).W_out();
        double[] w = new double[config.dModel()];
        W.readRow(n % config.dMlp(), w);
        double[] cosines = new double[config.vocabSize()];
        for (int v = 0; v < cosines.length; v++) {
          double[] u = new double[config.dModel()];
          unembedding.readRow(v, u);
          cosines[v] =
              Unembedding.dot(w, u) / Math.sqrt(Unembedding.dot(w, w) * Unembedding.dot(u, u));
        }
        double mean = Arrays.stream(cosines).average().orElseThrow();
        double[] powers = new double[5];
        for (double c : cosines) {
          for (int p = 2; p < 5; p++) {
            powers[p] += Math.pow(c - mean, p) / cosines.length;
          }
        }
        assertEquals(Math.sqrt(Unembedding.dot(w, w)), found.norm()[n], 1e-9);
        assertEquals(mean, found.mean()[n], 1e-6);
        assertEquals(powers[2], found.variance()[n], 1e-6);
        assertEquals(powers[3] / Math.pow(powers[2], 1.5), found.skew()[n], 1e-5);
        assertEquals(powers[4] / (powers[2] * powers[2]), found.kurtosis()[n], 1e-5);
        float[] same = search.cosines(List.of(n))[0];
        for (int v = 0; v < cosines.length; v++) {
          assertEquals(cosines[v], same[v], 1e-7);
        }
      }
    }
  }

  /** By hand: {1, 2, 3} outside and {7, 9} inside. */
  @Test
  void aClassExplainsVariance() {
    BitSet ids = new BitSet();
    ids.set(1);
    ids.set(4);
    var set = new PredictionRole.TokenSet("pair", ids);
    PredictionRole.Fit fit = PredictionRole.Fit.of(set, new float[] {1, 7, 2, 3, 9});
    assertEquals(1 - 0.8 / 9.44, fit.reduction(), 1e-12);
    assertEquals(6 / Math.sqrt(4 / 3.0), fit.welchT(), 1e-12);
  }

  /** A class that stands below the rest is no set that a neuron predicts. */
  @Test
  void aClassNamesWhatTheNeuronDoesToIt() {
    BitSet ids = new BitSet();
    var set = new PredictionRole.TokenSet("set", ids);
    var above = new PredictionRole.Fit(set, 0.2, 5);
    var below = new PredictionRole.Fit(set, 0.2, -5);
    var little = new PredictionRole.Fit(set, 0.04, 50);
    assertTrue(above.names(Kind.PREDICTION) && !below.names(Kind.PREDICTION));
    assertTrue(below.names(Kind.SUPPRESSION) && !above.names(Kind.SUPPRESSION));
    assertTrue(above.names(Kind.PARTITION) && below.names(Kind.PARTITION));
    for (Kind kind : Kind.values()) {
      assertFalse(little.names(kind));
    }
  }

  /** Up where the cosines are higher, down where they are lower, and further than by chance. */
  @Test
  void raisingConfirms() {
    assertTrue(neuron(0, Kind.PREDICTION, 4, 0.1, 0.2, 0.8).confirmed()); // log (9 / 4) is 0.81
    assertFalse(neuron(0, Kind.PREDICTION, 4, 0.1, 0.2, 0.82).confirmed());
    assertFalse(neuron(0, Kind.PREDICTION, 4, 0.2, 0.1, 0.5).confirmed());
    assertTrue(neuron(0, Kind.SUPPRESSION, -4, 0.2, 0.1, 0.5).confirmed());
    assertFalse(neuron(0, Kind.PARTITION, -4, 0.1, 0.2, 0.5).confirmed());
    assertFalse(neuron(0, Kind.PREDICTION, 4, 0.1, 0.2, Double.NaN).confirmed());
    assertFalse(neuron(0, Kind.NONE, Double.NaN, Double.NaN, Double.NaN, Double.NaN).confirmed());
  }

  @Test
  void suppressionTakesOver() {
    List<Kind> kinds =
        List.of(
            Kind.SUPPRESSION, // layer 0
            Kind.PREDICTION, // 1
            Kind.SUPPRESSION, // 2
            Kind.PARTITION,
            Kind.SUPPRESSION); // 4
    List<PredictionRole.Neuron> neurons = new ArrayList<>();
    for (int layer = 0; layer < 5; layer++) {
      neurons.add(neuron(layer, kinds.get(layer), 1, 0.1, 0.2, 0));
    }
    var role = new PredictionRole(neurons);
    assertArrayEquals(new int[] {1, 0, 1, 0, 1}, role.byLayer(Kind.SUPPRESSION));
    assertEquals(4, role.suppressesFrom().orElseThrow());
    assertTrue(new PredictionRole(neurons.subList(0, 4)).suppressesFrom().isEmpty());
    assertEquals(2, new PredictionRole(neurons.subList(0, 3)).suppressesFrom().orElseThrow());
  }

  private static PredictionRole.Neuron neuron(
      int layer, Kind kind, double welchT, double before, double after, double random) {
    return new PredictionRole.Neuron(
        new NeuronId(layer, 0), kind, 0, 1, 0, 3, "set", 2, 0.5, welchT, before, after, random);
  }

  /** By hand, with ties; r of ranks (1.5, 1.5, 3, 4) and (2, 1, 4, 3). */
  @Test
  void ranksShareTies() {
    assertArrayEquals(new double[] {1.5, 1.5, 3, 4}, Ranks.ranks(new double[] {0, 0, 5, 9}));
    double[] x = {0, 0, 5, 9};
    double[] y = {20, -1, 70, 30};
    assertEquals(3.5 / Math.sqrt(4.5 * 5), Ranks.pearson(Ranks.ranks(x), Ranks.ranks(y)), 1e-12);
    assertEquals(1, Ranks.pearson(new double[] {1, 2, 4}, new double[] {3, 5, 9}), 1e-12);
    assertTrue(Double.isNaN(Ranks.pearson(new double[] {1, 1}, new double[] {3, 5})));
  }
}
