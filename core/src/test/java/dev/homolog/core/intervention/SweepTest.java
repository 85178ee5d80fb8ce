package dev.homolog.core.intervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.kernels.vector.VectorKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Activations;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Architecture;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.model.family.GptNeoX;
import dev.homolog.core.model.family.PositionSpec;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What an intervention is, against models whose weights say the same, and what it must not do. */
class SweepTest {
  private static final int CONTEXT = 9;
  private static final int ROWS = 5;

  @TempDir Path folder;

  static ModelConfig config(Architecture architecture) {
    OptionalInt none = OptionalInt.empty();
    return new ModelConfig(31, CONTEXT, 24, 3, 3, 20, architecture, TokenIds.of(none, none, none));
  }

  private static List<Architecture> architectures() {
    return List.of(
        Gpt2.architecture(1e-5, Activation.GELU_ERF),
        GptNeoX.architecture(
            1e-5, Activation.GELU_ERF, true, true, new PositionSpec.Rotary(4, 10_000)),
        GptNeoX.architecture(
            1e-5, Activation.GELU_ERF, false, true, new PositionSpec.Rotary(8, 10_000)));
  }

  private static Intervention fix(int layer, int neuron, double value) {
    return Intervention.fix(new NeuronId(layer, neuron), value);
  }

  private static Intervention multiply(int layer, int neuron, double value) {
    return Intervention.of(new NeuronId(layer, neuron), Mode.MULTIPLY, value);
  }

  /** All metrics of all positions of a variant. */
  private record Seen(Map<String, double[]> values, Sweep.Result result) {
    double[] of(int variant, Reading reading) {
      return values.get(variant + " " + reading);
    }
  }

  private static Seen sweep(
      Checkpoint model,
      Kernels kernels,
      Texts texts,
      List<List<Intervention>> variants,
      Sweep.Options options) {
    try (Arena arena = Arena.ofShared()) {
      Sweep sweep = new Sweep(model, kernels, arena, 2L * CONTEXT, variants, options);
      Map<String, double[]> seen = new HashMap<>();
      Sweep.Result result =
          sweep.run(
              texts.batches(2),
              ProgressListener.NONE,
              m -> {
                String key = m.variant() + " " + m.reading();
                double[] all = seen.computeIfAbsent(key, _ -> new double[ROWS * CONTEXT * 6]);
                double[] part = m.values().toArray();
                System.arraycopy(part, 0, all, m.from() * CONTEXT * 6, part.length);
              });
      return new Seen(seen, result);
    }
  }

  /** On every backend, however it is read and whatever is frozen, to the last bit. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void whatChangesNothingChangesNothing(Backend backend) {
    double[] direction = new double[31];
    Arrays.setAll(direction, Math::sin);
    try (Kernels kernels = backend.open(2).kernels();
        Texts texts = Texts.random(folder, ROWS, CONTEXT, 31, 3)) {
      for (Architecture architecture : architectures()) {
        try (var model = MemoryCheckpoint.random(config(architecture), 11, 0.3)) {
          var pre =
              new Intervention(
                  Site.MLP_PRE,
                  List.of(new NeuronId(1, 4), new NeuronId(0, 3)),
                  Mode.MULTIPLY,
                  1,
                  Positions.from(2));
          List<List<Intervention>> variants =
              List.of(
                  List.of(multiply(0, 5, 1)),
                  List.of(multiply(2, 5, 1), multiply(1, 0, 1)),
                  List.of(pre),
                  List.of(
                      Intervention.of(new NeuronId(1, 1), Mode.THRESHOLD, -100),
                      new Intervention(
                          Site.MLP_POST,
                          List.of(new NeuronId(0, 0)),
                          Mode.ZERO,
                          0,
                          Positions.from(CONTEXT))),
                  List.of());
          for (boolean frozen : new boolean[] {false, true}) {
            var options =
                new Sweep.Options(
                    frozen, List.of(Reading.values()), new Sweep.Vocabulary(direction, direction));
            Seen seen = sweep(model, kernels, texts, variants, options);
            double[] nominal = seen.of(-1, Reading.TOTAL);
            for (int v = 0; v < variants.size(); v++) {
              for (Reading reading : options.readings()) {
                org.junit.jupiter.api.Assertions.assertArrayEquals(
                    nominal, seen.of(v, reading), 0, backend + " " + architecture + " " + v);
                assertEquals(seen.result().nominal(), seen.result().variants().get(v).get(reading));
              }
            }
          }
        }
      }
    }
  }

  /**
   * A variant that begins in its own layer, and the same with one in layer 0 that changes nothing,
   * for which all later layers are computed again.
   */
  @Test
  void resumingIsTheWholePass() {
    try (Kernels kernels = new VectorKernels(2);
        Texts texts = Texts.random(folder, ROWS, CONTEXT, 31, 4)) {
      for (Architecture architecture : architectures()) {
        try (var model = MemoryCheckpoint.random(config(architecture), 12, 0.3)) {
          List<Intervention> own = List.of(fix(1, 3, 2.5), multiply(2, 7, -3));
          List<Intervention> whole = List.of(multiply(0, 1, 1), fix(1, 3, 2.5), multiply(2, 7, -3));
          Seen seen = sweep(model, kernels, texts, List.of(own, whole), Sweep.Options.PLAIN);
          double[] resumed = seen.of(0, Reading.TOTAL);
          org.junit.jupiter.api.Assertions.assertArrayEquals(resumed, seen.of(1, Reading.TOTAL), 0);
          assertTrue(
              Math.abs(resumed[0] - seen.of(-1, Reading.TOTAL)[0]) > 1e-3, "it does something");
        }
      }
    }
  }

  /**
   * A neuron that is fixed writes a constant: a model in which it writes nothing and the constant
   * is in the bias says the same in an ordinary forward pass.
   */
  @ParameterizedTest
  @CsvSource({"0,FIX,1.75", "1,ZERO,0", "2,FIX,-2", "1,MULTIPLY,-1.5"})
  void weightsCanSayTheSame(int layer, Mode mode, double value) {
    int neuron = 6;
    try (Kernels kernels = new ScalarKernels();
        Texts texts = Texts.random(folder, ROWS, CONTEXT, 31, 5);
        var model =
            MemoryCheckpoint.random(
                config(Gpt2.architecture(1e-5, Activation.GELU_ERF)), 13, 0.3)) {
      Map<String, float[]> weights = weights(model);
      float[] out = weights.get("h." + layer + ".mlp.c_proj.weight"); // [d_mlp, d_model]
      float[] bias = weights.get("h." + layer + ".mlp.c_proj.bias");
      for (int i = 0; i < 24; i++) {
        float w = out[neuron * 24 + i];
        out[neuron * 24 + i] = mode == Mode.MULTIPLY ? (float) (w * value) : 0;
        bias[i] += mode == Mode.FIX ? (float) (w * value) : 0;
      }
      Seen seen =
          sweep(
              model,
              kernels,
              texts,
              List.of(List.of(Intervention.of(new NeuronId(layer, neuron), mode, value))),
              Sweep.Options.PLAIN);
      double[] intervened = seen.of(0, Reading.TOTAL);
      try (var edited = MemoryCheckpoint.of(model.config(), weights);
          Arena arena = Arena.ofShared()) {
        Tensor logits = kernels.allocate(arena, DType.F64, ROWS * CONTEXT, 31);
        Tensor ids = Tensor.wrap(texts.table().ids(0, ROWS), DType.I32, ROWS * CONTEXT, 1);
        Transformer.of(edited, kernels, arena, ROWS * CONTEXT)
            .forward(ids, CONTEXT, new Activations(null, null, logits));
        for (int t = 0; t < ROWS * CONTEXT; t++) {
          double total = 0;
          for (int v = 0; v < 31; v++) {
            total += Math.exp(logits.get(t, v));
          }
          double entropy = 0;
          for (int v = 0; v < 31; v++) {
            double p = Math.exp(logits.get(t, v)) / total;
            entropy -= p * Math.log(p);
          }
          assertEquals(entropy, intervened[t * 6 + 1], 1e-6);
          if (t % CONTEXT < CONTEXT - 1) {
            double loss = Math.log(total) - logits.get(t, (long) ids.get(t + 1, 0));
            assertEquals(loss, intervened[t * 6], 1e-6);
          }
        }
      }
    }
  }

  static Map<String, float[]> weights(Checkpoint model) {
    Map<String, float[]> weights = new HashMap<>();
    for (String name : model.names()) {
      weights.put(
          name, model.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED).clone());
    }
    return weights;
  }

  /** Averages leave out ends of rows, BOS and EOS, and nothing else. */
  @Test
  void averagesAreOverCountedPositions() {
    try (Kernels kernels = new ScalarKernels();
        Texts texts = Texts.random(folder, ROWS, CONTEXT, 31, 6);
        var model =
            MemoryCheckpoint.random(
                config(Gpt2.architecture(1e-5, Activation.GELU_ERF)), 14, 0.3)) {
      List<List<Intervention>> variants = List.of(List.of(fix(0, 2, 4)));
      Seen seen = sweep(model, kernels, texts, variants, Sweep.Options.PLAIN);
      for (int v = -1; v < 1; v++) {
        double loss = 0;
        double rank = 0;
        int count = 0;
        for (int t = 0; t < ROWS * CONTEXT; t++) {
          int id = texts.table().id(t / CONTEXT, t % CONTEXT);
          if (t % CONTEXT < CONTEXT - 1 && id > 1) {
            loss += seen.of(v, Reading.TOTAL)[t * 6];
            rank += seen.of(v, Reading.TOTAL)[t * 6 + 2];
            count++;
          }
        }
        Metrics mean =
            v < 0 ? seen.result().nominal() : seen.result().variants().get(v).get(Reading.TOTAL);
        assertEquals(count, seen.result().positions());
        assertEquals(loss / count, mean.loss(), 1e-12);
        assertEquals(rank / count, mean.rank(), 1e-12);
      }
    }
  }

  /** The component of the logits along the direction is the nominal one, the rest is free. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void aDirectionIsHeld(Backend backend) {
    double[] direction = new double[31];
    Arrays.setAll(direction, v -> Math.cos(3.0 * v) * 7);
    try (Kernels scalar = new ScalarKernels();
        Kernels kernels = backend.open(2).kernels();
        Texts texts = Texts.random(folder, ROWS, CONTEXT, 31, 7);
        var model =
            MemoryCheckpoint.random(
                config(Gpt2.architecture(1e-5, Activation.GELU_ERF)), 15, 0.3)) {
      List<Reading> readings = List.of(Reading.TOTAL, Reading.FROZEN_DIRECTION);
      var options = new Sweep.Options(false, readings, new Sweep.Vocabulary(null, direction));
      var variants = List.of(List.of(fix(1, 2, 9)));
      Seen seen = sweep(model, kernels, texts, variants, options);
      double[] free = logits(model, scalar, texts, -1);
      double[] changed = logits(model, scalar, texts, 9);
      double square = Arrays.stream(direction).map(x -> x * x).sum();
      for (int t = 0; t < ROWS * CONTEXT; t++) {
        double along = 0;
        for (int v = 0; v < 31; v++) {
          along += (free[t * 31 + v] - changed[t * 31 + v]) * direction[v] / square;
        }
        double total = 0;
        for (int v = 0; v < 31; v++) {
          total += Math.exp(changed[t * 31 + v] + along * direction[v]);
        }
        double entropy = 0;
        for (int v = 0; v < 31; v++) {
          double p = Math.exp(changed[t * 31 + v] + along * direction[v]) / total;
          entropy -= p * Math.log(p);
        }
        assertEquals(
            entropy,
            seen.of(0, Reading.FROZEN_DIRECTION)[t * 6 + 1],
            backend == Backend.SCALAR ? 1e-6 : 1e-5);
      }
      assertNotEquals(
          seen.result().variants().getFirst().get(Reading.TOTAL).entropy(),
          seen.result().variants().getFirst().get(Reading.FROZEN_DIRECTION).entropy());
    }
  }

  /** Logits of the model as it is, or with neuron 2 of layer 1 writing {@code value} always. */
  private static double[] logits(
      MemoryCheckpoint model, Kernels kernels, Texts texts, double value) {
    Map<String, float[]> weights = weights(model);
    if (value >= 0) {
      float[] out = weights.get("h.1.mlp.c_proj.weight");
      float[] bias = weights.get("h.1.mlp.c_proj.bias");
      for (int i = 0; i < 24; i++) {
        bias[i] += (float) (out[2 * 24 + i] * value);
        out[2 * 24 + i] = 0;
      }
    }
    try (var edited = MemoryCheckpoint.of(model.config(), weights);
        Arena arena = Arena.ofShared()) {
      Tensor out = kernels.allocate(arena, DType.F64, ROWS * CONTEXT, 31);
      Tensor ids = Tensor.wrap(texts.table().ids(0, ROWS), DType.I32, ROWS * CONTEXT, 1);
      Transformer.of(edited, kernels, arena, ROWS * CONTEXT)
          .forward(ids, CONTEXT, new Activations(null, null, out));
      return out.toArray();
    }
  }

  /** Variants resume where they begin: less than a pass each, by counting. */
  @Test
  void laterLayersCostLess() {
    try (Kernels kernels = new VectorKernels(1);
        Texts texts = Texts.random(folder, ROWS, CONTEXT, 31, 8);
        var model =
            MemoryCheckpoint.random(
                config(Gpt2.architecture(1e-5, Activation.GELU_ERF)), 16, 0.3)) {
      double d = 24;
      double block = 8 * d * d + 2 * d * CONTEXT + 4 * d * 20;
      double unembedding = 2 * d * 31;
      List<List<Intervention>> variants = new ArrayList<>();
      for (int layer = 0; layer < 3; layer++) {
        variants.add(List.of(fix(layer, 0, 1)));
      }
      // However many ways a variant is read, its logits are made once.
      var options =
          new Sweep.Options(
              false,
              List.of(Reading.values()),
              new Sweep.Vocabulary(null, new Random(9).doubles(31).toArray()));
      Sweep.Result result = sweep(model, kernels, texts, variants, options).result();
      double tokens = ROWS * CONTEXT;
      assertEquals(tokens * (6 * block + 4 * unembedding), result.operations(), 1e-6);
      assertEquals(tokens * 4 * (3 * block + unembedding), result.naiveOperations(), 1e-6);
    }
  }

  @Test
  void whatIsNotInTheModelIsRefused() {
    try (Kernels kernels = new VectorKernels(1);
        Arena arena = Arena.ofShared();
        var model =
            MemoryCheckpoint.random(
                config(Gpt2.architecture(1e-5, Activation.GELU_ERF)), 17, 0.3)) {
      for (Intervention outside : List.of(fix(3, 0, 1), fix(0, 20, 1))) {
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new Sweep(
                    model, kernels, arena, 9, List.of(List.of(outside)), Sweep.Options.PLAIN));
      }
      var e = assertThrows(InputException.class, () -> NeuronId.parse(InputOption.NEURON, "3.x"));
      assertEquals(
          "--neuron: 3.x is no neuron; give layer and neuron, such as 3.117", e.getMessage());
      e =
          assertThrows(
              InputException.class,
              () -> new NeuronId(3, 0).require(InputOption.NEURON, model.config()));
      assertEquals(
          "--neuron: there is no neuron 3.0; the model has layers 0 to 2 of neurons 0 to 19",
          e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> new Positions(3, 3));
    assertThrows(IllegalArgumentException.class, () -> fix(0, 0, Double.NaN));
  }
}
