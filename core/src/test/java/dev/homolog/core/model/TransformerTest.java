package dev.homolog.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.kernels.vector.VectorKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import java.lang.foreign.Arena;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random models of odd shapes: vector kernels against the oracle, and what a forward pass must not
 * depend on.
 */
@Tag("kernels")
class TransformerTest {

  @ParameterizedTest
  @CsvSource({
    "24, 3, 40, 17, true, true, GELU_TANH",
    "10, 1, 33, 5, true, false, GELU_ERF",
    "36, 4, 7, 29, false, false, RELU",
    "66, 2, 50, 40, true, true, SILU",
    "12, 2, 20, 8, true, false, QUICK_GELU"
  })
  void kernelsAgree(
      int dModel,
      int heads,
      int dMlp,
      int context,
      boolean scale,
      boolean byLayer,
      Activation activation) {
    ModelConfig config = config(dModel, heads, dMlp, context, scale, byLayer, activation);
    try (var checkpoint = MemoryCheckpoint.random(config, 7, 0.3);
        Arena arena = Arena.ofShared();
        var scalar = new ScalarKernels();
        var vector = new VectorKernels(2)) {
      Tensor ids = ids(arena, 3L * context, config.vocabSize());
      Activations expected = run(scalar, arena, checkpoint, ids, context);
      Activations actual = run(vector, arena, checkpoint, ids, context);
      assertClose(expected.pre(), actual.pre());
      assertClose(expected.post(), actual.post());
      assertClose(expected.logits(), actual.logits());
    }
  }

  @Test
  void aTokenSeesNothingOfOtherRowsNorOfWhatFollows() {
    int context = 9;
    ModelConfig config = config(12, 2, 16, context, true, false, Activation.GELU_TANH);
    try (var checkpoint = MemoryCheckpoint.random(config, 3, 0.3);
        Arena arena = Arena.ofShared();
        var kernels = new VectorKernels(1)) {
      Tensor ids = ids(arena, 2L * context, config.vocabSize());
      Activations before = run(kernels, arena, checkpoint, ids, context);
      int changed = 5; // of the first row
      ids.set(changed, 0, (ids.get(changed, 0) + 1) % config.vocabSize());
      Activations after = run(kernels, arena, checkpoint, ids, context);
      for (int t = 0; t < 2 * context; t++) {
        boolean same = true;
        for (int j = 0; j < config.neurons(); j++) {
          same &= before.post().get(t, j) == after.post().get(t, j);
        }
        assertEquals(t < changed || t >= context, same, "position " + t);
      }
    }
  }

  @Test
  void moreTokensThanBuffersAreRefused() {
    ModelConfig config = config(8, 2, 8, 4, true, false, Activation.RELU);
    try (var checkpoint = MemoryCheckpoint.random(config, 1, 0.1);
        Arena arena = Arena.ofShared();
        var kernels = new ScalarKernels()) {
      Transformer model = Transformer.of(checkpoint, kernels, arena, 4);
      Tensor ids = ids(arena, 8, config.vocabSize());
      Activations none = Activations.sites(null, null);
      var e = assertThrows(IllegalArgumentException.class, () -> model.forward(ids, 4, none));
      assertEquals("8 tokens with buffers for 4", e.getMessage());
    }
  }

  private static ModelConfig config(
      int dModel,
      int heads,
      int dMlp,
      int context,
      boolean scale,
      boolean byLayer,
      Activation activation) {
    OptionalInt none = OptionalInt.empty();
    return new ModelConfig(
        31,
        context,
        dModel,
        3,
        heads,
        dMlp,
        Gpt2.architecture(1e-5, activation, scale, byLayer),
        TokenIds.of(none, none, none));
  }

  private static Activations run(
      Kernels kernels, Arena arena, MemoryCheckpoint checkpoint, Tensor ids, int context) {
    ModelConfig config = checkpoint.config();
    DType dtype = kernels.working();
    Activations out =
        new Activations(
            kernels.allocate(arena, dtype, ids.rows(), config.neurons()),
            kernels.allocate(arena, dtype, ids.rows(), config.neurons()),
            kernels.allocate(arena, dtype, ids.rows(), config.vocabSize()));
    Transformer.of(checkpoint, kernels, arena, ids.rows()).forward(ids, context, out);
    return out;
  }

  private static Tensor ids(Arena arena, long tokens, int vocabulary) {
    Tensor ids = Tensor.allocate(arena, DType.I32, tokens, 1);
    Random random = new Random(5);
    for (int t = 0; t < tokens; t++) {
      ids.set(t, 0, random.nextInt(vocabulary));
    }
    return ids;
  }

  private static void assertClose(Tensor expected, Tensor actual) {
    for (int t = 0; t < expected.rows(); t++) {
      for (int j = 0; j < expected.cols(); j++) {
        assertEquals(expected.get(t, j), actual.get(t, j), 1e-4, "[" + t + ", " + j + "]");
      }
    }
  }
}
