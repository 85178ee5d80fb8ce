package dev.homolog.analysis.lineage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.lineage.Lineage.Relation;
import dev.homolog.analysis.measure.Cost;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Architecture;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.model.family.GptNeoX;
import dev.homolog.core.model.family.PositionSpec;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Models whose descent is known: copies, scaled copies, fine-tuned ones and strangers. */
class LineageTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final int LAYERS = 3;
  private static final int NEURONS = 40;

  private final List<Checkpoint> open = new ArrayList<>();

  @AfterEach
  void close() {
    open.forEach(Checkpoint::close);
  }

  private static Architecture gpt2() {
    return Gpt2.architecture(1e-5, Activation.GELU_TANH);
  }

  private static Architecture neoX() {
    return GptNeoX.architecture(
        1e-5, Activation.GELU_ERF, true, true, new PositionSpec.Rotary(2, 10_000));
  }

  private static ModelConfig config(Architecture architecture, int layers) {
    OptionalInt end = OptionalInt.of(0);
    return new ModelConfig(11, 16, 8, layers, 2, NEURONS, architecture, TokenIds.of(end, end, end));
  }

  private Checkpoint random(Architecture architecture, int layers, long seed) {
    Checkpoint model = MemoryCheckpoint.random(config(architecture, layers), seed, 0.1);
    open.add(model);
    return model;
  }

  /** A copy in which each tensor may be changed. */
  private Checkpoint copy(Checkpoint model, BiConsumer<String, float[]> change) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    for (String name : model.names()) {
      StoredTensor stored = model.tensor(name);
      int elements = Math.toIntExact(stored.elements());
      double[] values = new double[elements];
      Tensor.wrap(stored.data(), stored.dtype(), 1, elements).readRow(0, values);
      float[] changed = new float[elements];
      for (int i = 0; i < elements; i++) {
        changed[i] = (float) values[i];
      }
      change.accept(name, changed);
      weights.put(name, changed);
    }
    Checkpoint copy = MemoryCheckpoint.of(model.config(), weights);
    open.add(copy);
    return copy;
  }

  private static Lineage lineage(Checkpoint... checkpoints) {
    return lineage(2, checkpoints);
  }

  private static Lineage lineage(int threads, Checkpoint... checkpoints) {
    List<ActivationStream.Model> models = new ArrayList<>();
    for (Checkpoint checkpoint : checkpoints) {
      models.add(new ActivationStream.Model("m" + models.size(), checkpoint));
    }
    return Lineage.of(models, 1, threads, ProgressListener.NONE);
  }

  private static Lineage.Pair pair(Checkpoint a, Checkpoint b) {
    return lineage(a, b).pairs().getFirst();
  }

  private static void scale(float[] values, float factor) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
  }

  @Test
  void aCopyIsEqual() {
    for (Architecture architecture : List.of(gpt2(), neoX())) {
      Checkpoint model = random(architecture, LAYERS, 1);
      Lineage.Pair pair = pair(model, copy(model, (_, _) -> {}));
      assertEquals(Relation.EQUAL, pair.relation());
      assertTrue(pair.equalFiles());
      assertEquals(1, pair.equalTensors());
      assertEquals(0, pair.distance());
      assertEquals(1, pair.cosines().sameIndex(), 1e-12);
    }
  }

  /** |W − 1.5 W| / |W| is 0.5, and no angle changes. */
  @Test
  void aScaledCopyIsRelated() {
    for (Architecture architecture : List.of(gpt2(), neoX())) {
      Checkpoint model = random(architecture, LAYERS, 1);
      Lineage.Pair pair = pair(model, copy(model, (_, values) -> scale(values, 1.5f)));
      assertEquals(Relation.RELATED, pair.relation());
      assertFalse(pair.equalFiles());
      assertEquals(0.5, pair.distance(), 1e-7);
      assertEquals(1, pair.cosines().sameIndex(), 1e-7);
      assertEquals(0, pair.cosines().permuted(), 0.1);
    }
  }

  /** New input weights hide the cosine, but an embedding that was kept tells. */
  @Test
  void oneTensorKeptIsEnough() {
    Checkpoint model = random(gpt2(), LAYERS, 1);
    Checkpoint other = random(gpt2(), LAYERS, 2);
    Checkpoint mixed =
        copy(
            other,
            (name, values) -> {
              if (name.equals("wte.weight")) {
                StoredTensor kept = model.tensor(name);
                Tensor row = Tensor.wrap(kept.data(), kept.dtype(), 1, values.length);
                for (int i = 0; i < values.length; i++) {
                  values[i] = (float) row.get(0, i);
                }
              }
            });
    assertEquals(Relation.RELATED, pair(model, mixed).relation());
  }

  /** Zero biases and unit gains are equal in all untrained models. */
  @Test
  void untrainedStrangersAreUnrelated() {
    for (Architecture architecture : List.of(gpt2(), neoX())) {
      Lineage.Pair pair = pair(random(architecture, LAYERS, 1), random(architecture, LAYERS, 2));
      assertEquals(Relation.UNRELATED, pair.relation());
      assertTrue(pair.equalTensors() > 0.5);
    }
  }

  @Test
  void modelsOfTwoFamiliesHaveNothingToCompare() {
    Lineage.Pair pair = pair(random(gpt2(), LAYERS, 1), random(neoX(), LAYERS, 1));
    assertEquals(Relation.NOT_COMPARABLE, pair.relation());
    assertTrue(Double.isNaN(pair.equalTensors()) && Double.isNaN(pair.distance()));
  }

  /** As a distilled model begins: the first layers of a deeper one. */
  @Test
  void aModelWithLayersOfADeeperOneIsRelated() {
    Checkpoint deep = random(gpt2(), LAYERS, 1);
    Map<String, float[]> weights = new LinkedHashMap<>();
    copy(
        deep,
        (name, values) -> {
          if (!name.startsWith("h.2.")) {
            weights.put(name, values.clone());
          }
        });
    Checkpoint shallow = MemoryCheckpoint.of(config(gpt2(), LAYERS - 1), weights);
    open.add(shallow);
    Lineage.Pair pair = pair(deep, shallow);
    assertEquals(Relation.RELATED, pair.relation());
    assertEquals(1, pair.equalTensors());
  }

  @Test
  void equalModelsAreRefusedByNameAndRelatedOnesNamed() {
    Checkpoint model = random(gpt2(), LAYERS, 1);
    Checkpoint same = copy(model, (_, _) -> {});
    Checkpoint tuned = copy(model, (_, values) -> scale(values, 1.01f));
    Checkpoint stranger = random(gpt2(), LAYERS, 2);
    Lineage lineage = lineage(model, stranger, tuned, same);
    InputException refused = assertThrows(InputException.class, lineage::requireDifferent);
    assertEquals(InputOption.OTHER.flag(), refused.where());
    assertEquals(
        List.of(
            "m0, m3 have the same weights. Their neurons match because they are the same neurons.",
            "m0, m2, m3 are related: initialised or fine-tuned from one another, or steps of one"
                + " training. Their neurons match because they are the same neurons."),
        lineage.notes());
    Lineage strangers = lineage(model, stranger);
    strangers.requireDifferent();
    assertEquals(List.of(), strangers.notes());
  }

  /** Reckoned by NumPy from the files in double precision. */
  @Test
  void theFamilyIsUnrelatedWithTheseNumbers() {
    Checkpoint a = HuggingFaceCheckpoint.open(FAMILY.resolve("a"));
    open.add(a);
    Checkpoint b = HuggingFaceCheckpoint.open(FAMILY.resolve("b"));
    open.add(b);
    Lineage.Pair pair = pair(a, b);
    assertEquals(Relation.UNRELATED, pair.relation());
    assertEquals(1.2753362521032, pair.distance(), 1e-9);
    assertEquals(-0.012442790661216709, pair.cosines().sameIndex(), 1e-9);
    // Expected over permutations: (Σ â) · (Σ b̂) / n² in each layer.
    assertEquals(-0.009448317136368874, pair.cosines().permuted(), 5 * pair.cosines().deviation());
    assertTrue(pair.cosines().deviation() > 0);
  }

  /** To the last bit, also where rows and neurons are not a whole number of pieces. */
  @Test
  void anyNumberOfThreadsFindsTheSame() {
    for (Architecture architecture : List.of(gpt2(), neoX())) {
      OptionalInt end = OptionalInt.of(0);
      ModelConfig config =
          new ModelConfig(600, 16, 72, 2, 2, 200, architecture, TokenIds.of(end, end, end));
      Checkpoint a = MemoryCheckpoint.random(config, 1, 0.1);
      Checkpoint b = MemoryCheckpoint.random(config, 2, 0.1);
      open.addAll(List.of(a, b));
      Lineage expected = lineage(1, a, b);
      for (int threads : List.of(2, 3, 7)) {
        assertEquals(expected, lineage(threads, a, b));
      }
    }
  }

  /** Two models of one layer: 23 products and sums of w_in, and five steps of every weight. */
  @Test
  void operationsAndTimeAreInThePlan() {
    Checkpoint a = random(gpt2(), 1, 1);
    Checkpoint b = random(gpt2(), 1, 2);
    LineageMeasurement measurement = new LineageMeasurement(false);
    assertEquals(List.of(), measurement.cost(null).operations());
    List<ActivationStream.Model> models =
        List.of(new ActivationStream.Model("a", a), new ActivationStream.Model("b", b));
    measurement.compare(models, 1, 2, ProgressListener.NONE);
    Cost.Flops found = measurement.cost(null).operations().getFirst();
    long weights = 0;
    for (String name : a.names()) {
      weights += a.tensor(name).elements();
    }
    assertEquals(
        new Cost.Flops("lineage", 46.0 * 8 * NEURONS + 5.0 * weights, found.seconds()), found);
    assertTrue(found.seconds() > 0);
  }
}
