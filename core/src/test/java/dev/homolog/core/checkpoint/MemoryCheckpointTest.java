package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.TINY;
import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class MemoryCheckpointTest {
  private static final String BELONG =
      "; weights and configuration (config.json) must belong together";

  private static Map<String, float[]> weights() {
    Map<String, float[]> weights = new LinkedHashMap<>();
    new ModelLayout(TINY, true)
        .required()
        .forEach((name, shape) ->
            weights.put(
                name, new float[Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact))]));
    return weights;
  }

  private static float[] values(Checkpoint checkpoint, String name) {
    return checkpoint.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  @Test
  void holdsACopyOfTheWeights() {
    Map<String, float[]> weights = weights();
    weights.get("wte.weight")[19] = 2.5f;
    weights.put("lm_head.weight", new float[20]);
    try (Checkpoint checkpoint = MemoryCheckpoint.of(TINY, weights)) {
      weights.get("wte.weight")[19] = Float.NaN;
      StoredTensor tensor = checkpoint.tensor("wte.weight");
      assertEquals(2.5f, values(checkpoint, "wte.weight")[19]);
      assertEquals(List.of(5L, 4L), tensor.shape());
      assertEquals(DType.F32, tensor.dtype());
      assertTrue(tensor.data().isReadOnly());
      assertEquals(TINY, checkpoint.config());
      assertEquals("weights in memory", checkpoint.location());
      assertTrue(checkpoint.names().contains("lm_head.weight"));
    }
  }

  @Test
  void sameLayoutAsFiles() {
    Map<String, float[]> missing = weights();
    missing.remove("ln_f.bias");
    assertRefused(
        "weights in memory: ln_f.bias: is missing, expected shape [4]" + BELONG,
        () -> MemoryCheckpoint.of(TINY, missing).close());
    Map<String, float[]> wrong = weights();
    wrong.put("wte.weight", new float[21]);
    assertRefused(
        "weights in memory: wte.weight: has shape [21], expected [5, 4]" + BELONG,
        () -> MemoryCheckpoint.of(TINY, wrong).close());
    Map<String, float[]> unknown = weights();
    unknown.put("x", new float[1]);
    assertRefused(
        "weights in memory: x: is no tensor of this GPT-2" + BELONG,
        () -> MemoryCheckpoint.of(TINY, unknown).close());
    Map<String, float[]> notFinite = weights();
    notFinite.get("wpe.weight")[6] = Float.NEGATIVE_INFINITY;
    try (Checkpoint checkpoint = MemoryCheckpoint.of(TINY, notFinite)) {
      assertRefused(
          "weights in memory: wpe.weight: element [1, 2] is minus infinite;"
              + " use a checkpoint whose weights are all finite",
          () -> checkpoint.tensor("wpe.weight"));
    }
  }

  @Test
  void configurationIsChecked() {
    OptionalInt none = OptionalInt.empty();
    ModelConfig heads =
        new ModelConfig(
            5,
            3,
            4,
            1,
            3,
            16,
            Gpt2.architecture(1e-5, Activation.RELU),
            TokenIds.of(none, none, none));
    assertRefused(
        "weights in memory: n_head: is 3, expected a divisor of n_embd, which is 4;"
            + " correct the configuration",
        () -> MemoryCheckpoint.random(heads, 1, 0.02).close());
    ModelConfig bos =
        new ModelConfig(
            5,
            3,
            4,
            1,
            2,
            16,
            Gpt2.architecture(1e-5, Activation.RELU),
            TokenIds.of(OptionalInt.of(5), none, none));
    assertRefused(
        "weights in memory: bos_token_id: is 5, expected a whole number from 0 to 4;"
            + " correct the configuration",
        () -> MemoryCheckpoint.random(bos, 1, 0.02).close());
  }

  @Test
  void randomWeightsAreThoseOfAFreshGpt2() {
    OptionalInt none = OptionalInt.empty();
    ModelConfig config =
        new ModelConfig(
            500,
            30,
            64,
            2,
            4,
            256,
            Gpt2.architecture(1e-5, Activation.GELU_TANH),
            TokenIds.of(none, none, none));
    try (Checkpoint checkpoint = MemoryCheckpoint.random(config, 3, 0.02);
        Checkpoint again = MemoryCheckpoint.random(config, 3, 0.02);
        Checkpoint other = MemoryCheckpoint.random(config, 4, 0.02)) {
      assertEquals(0.02, deviation(values(checkpoint, "wte.weight")), 0.001);
      assertEquals(0.02, deviation(values(checkpoint, "h.1.mlp.c_fc.weight")), 0.001);
      assertEquals(0.01, deviation(values(checkpoint, "h.1.mlp.c_proj.weight")), 0.001);
      assertEquals(0.01, deviation(values(checkpoint, "h.0.attn.c_proj.weight")), 0.001);
      assertArrayEquals(new float[64], values(checkpoint, "h.0.ln_1.bias"));
      float[] ones = new float[64];
      Arrays.fill(ones, 1);
      assertArrayEquals(ones, values(checkpoint, "ln_f.weight"));
      assertArrayEquals(values(checkpoint, "wpe.weight"), values(again, "wpe.weight"));
      assertEquals(checkpoint.hashes(), again.hashes());
      assertNotEquals(checkpoint.hashes(), other.hashes());
      assertEquals(64, checkpoint.hashes().get("memory").length());
    }
  }

  private static double deviation(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum / values.length);
  }

  @Test
  void useAfterCloseSaysSo() {
    Checkpoint checkpoint = MemoryCheckpoint.random(TINY, 1, 0.02);
    checkpoint.close();
    checkpoint.close();
    String message = "weights in memory are closed; make the checkpoint again";
    assertEquals(
        message,
        assertThrows(IllegalStateException.class, () -> checkpoint.tensor("wte.weight"))
            .getMessage());
    assertEquals(
        message, assertThrows(IllegalStateException.class, checkpoint::hashes).getMessage());
  }
}
