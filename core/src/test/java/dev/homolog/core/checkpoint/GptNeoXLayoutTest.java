package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static dev.homolog.core.checkpoint.TestFiles.ones;
import static dev.homolog.core.checkpoint.TestFiles.writeModel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Architecture;
import dev.homolog.core.model.family.GptNeoX;
import dev.homolog.core.model.family.PositionSpec;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which tensors a GPT-NeoX must have, and what is said of files that have others. */
class GptNeoXLayoutTest {
  private static final String BELONG =
      "; weights and configuration (config.json) must belong together";
  private static final String CONFIG =
      """
      {"model_type": "gpt_neox", "vocab_size": 5, "max_position_embeddings": 3, "hidden_size": 4,
       "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 6, "rotary_pct": 1.0}
      """;
  private static final String ATTENTION = "layers.0.attention.";

  @TempDir Path folder;

  private static Map<String, StoredTensor> tensors(String config) {
    ModelConfigReader.Result read =
        ModelConfigReader.read("config", config.getBytes(StandardCharsets.UTF_8));
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    new ModelLayout(read.config(), read.tied())
        .required()
        .forEach((name, shape) -> tensors.put(name, ones(name, shape)));
    return tensors;
  }

  /** Names and shapes as the published files have them. */
  @Test
  void layout() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    tensors(CONFIG).forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    Map<String, List<Long>> expected = new LinkedHashMap<>();
    expected.put("embed_in.weight", List.of(5L, 4L));
    expected.put("layers.0.input_layernorm.weight", List.of(4L));
    expected.put("layers.0.input_layernorm.bias", List.of(4L));
    expected.put(ATTENTION + "query_key_value.weight", List.of(12L, 4L));
    expected.put(ATTENTION + "query_key_value.bias", List.of(12L));
    expected.put(ATTENTION + "dense.weight", List.of(4L, 4L));
    expected.put(ATTENTION + "dense.bias", List.of(4L));
    expected.put("layers.0.post_attention_layernorm.weight", List.of(4L));
    expected.put("layers.0.post_attention_layernorm.bias", List.of(4L));
    expected.put("layers.0.mlp.dense_h_to_4h.weight", List.of(6L, 4L));
    expected.put("layers.0.mlp.dense_h_to_4h.bias", List.of(6L));
    expected.put("layers.0.mlp.dense_4h_to_h.weight", List.of(4L, 6L));
    expected.put("layers.0.mlp.dense_4h_to_h.bias", List.of(4L));
    expected.put("final_layer_norm.weight", List.of(4L));
    expected.put("final_layer_norm.bias", List.of(4L));
    expected.put("embed_out.weight", List.of(5L, 4L));
    assertEquals(expected, shapes);
  }

  @Test
  void prefixBuffersAndTheNewNameOfTheUnembedding() {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    Map<String, StoredTensor> plain = tensors(CONFIG);
    plain.remove("embed_out.weight");
    plain.forEach((name, tensor) -> tensors.put("gpt_neox." + name, tensor));
    tensors.put("lm_head.weight", ones("", List.of(5L, 4L)));
    tensors.put("gpt_neox." + ATTENTION + "bias", ones("", List.of(1L, 1L, 3L, 3L)));
    tensors.put("gpt_neox." + ATTENTION + "masked_bias", ones("", List.of()));
    tensors.put("gpt_neox." + ATTENTION + "rotary_emb.inv_freq", ones("", List.of(1L)));
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(writeModel(folder, CONFIG, tensors))) {
      assertEquals(tensors(CONFIG).keySet(), checkpoint.names());
    }
  }

  @Test
  void tiedAndBiasFreeModelsHaveFewerTensors() {
    String config =
        CONFIG.replace("{", "{\"tie_word_embeddings\": true, \"attention_bias\": false,");
    Map<String, StoredTensor> tensors = tensors(config);
    assertFalse(tensors.containsKey("embed_out.weight"));
    assertFalse(tensors.keySet().stream().anyMatch(n -> n.matches(".*attention\\..*bias")));
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(writeModel(folder, config, tensors))) {
      assertEquals(tensors.keySet(), checkpoint.names());
    }
    tensors.put(ATTENTION + "dense.bias", ones("", List.of(4L)));
    writeModel(folder, config, tensors);
    assertRefused(
        folder.resolve("model.safetensors")
            + ": layers.0.attention.dense.bias: is no tensor of this GPT-NeoX"
            + BELONG,
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  private static Stream<Arguments> wrongTensors() {
    return Stream.of(
        wrong(
            t -> t.remove(ATTENTION + "query_key_value.weight"),
            ATTENTION + "query_key_value.weight: is missing, expected shape [12, 4]" + BELONG),
        wrong(
            t -> t.remove("embed_out.weight"),
            "embed_out.weight: is missing, expected shape [5, 4]" + BELONG),
        wrong(
            t -> t.put("layers.0.mlp.dense_h_to_4h.weight", ones("", List.of(4L, 6L))),
            "layers.0.mlp.dense_h_to_4h.weight: has shape [4, 6], expected [6, 4]" + BELONG),
        wrong(
            t -> t.put("layers.1.mlp.dense_h_to_4h.bias", ones("", List.of(6L))),
            "layers.1.mlp.dense_h_to_4h.bias: is no tensor of this GPT-NeoX" + BELONG),
        wrong(
            t -> t.put("wpe.weight", ones("", List.of(3L, 4L))),
            "wpe.weight: is no tensor of this GPT-NeoX" + BELONG),
        wrong(
            t -> t.put("gpt_neox.embed_in.weight", ones("", List.of(5L, 4L))),
            "embed_in.weight: is there twice, with and without gpt_neox.; leave one of them out"),
        wrong(
            t -> t.put("lm_head.weight", ones("", List.of(5L, 4L))),
            "embed_out.weight: is there twice, also as lm_head.weight; leave one of them out"));
  }

  private static Arguments wrong(Consumer<Map<String, StoredTensor>> change, String message) {
    return Arguments.of(message, change);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongTensors")
  void otherTensorsAreRefused(String message, Consumer<Map<String, StoredTensor>> change) {
    Map<String, StoredTensor> tensors = tensors(CONFIG);
    change.accept(tensors);
    writeModel(folder, CONFIG, tensors);
    assertRefused(
        folder.resolve("model.safetensors") + ": " + message,
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  @Test
  void valuesThatAreNotFiniteAreNamedWithTheirLayer() {
    ModelConfig config =
        ModelConfigReader.read("config", CONFIG.getBytes(StandardCharsets.UTF_8)).config();
    Map<String, float[]> weights = new LinkedHashMap<>();
    tensors(CONFIG)
        .forEach((name, tensor) ->
            weights.put(name, tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)));
    weights.get(ATTENTION + "dense.weight")[7] = Float.NaN;
    try (Checkpoint checkpoint = MemoryCheckpoint.of(config, weights)) {
      assertEquals(20, checkpoint.tensor("embed_out.weight").elements());
      assertRefused(
          "weights in memory: layers.0.attention.dense.weight: element [1, 3] of layer 0 is NaN;"
              + " use a checkpoint whose weights are all finite",
          () -> checkpoint.tensor(ATTENTION + "dense.weight"));
    }
  }

  @Test
  void configurationInMemoryIsChecked() {
    OptionalInt none = OptionalInt.empty();
    Architecture architecture =
        GptNeoX.architecture(1e-5, Activation.RELU, true, true, new PositionSpec.Rotary(3, 10_000));
    ModelConfig odd =
        new ModelConfig(5, 3, 8, 1, 2, 6, architecture, TokenIds.of(none, none, none));
    assertRefused(
        "weights in memory: rotary_pct: is 0.75, expected what rotates an even number of a head's 4"
            + " dimensions, not 3; correct the configuration",
        () -> MemoryCheckpoint.random(odd, 1, 0.02).close());
  }
}
