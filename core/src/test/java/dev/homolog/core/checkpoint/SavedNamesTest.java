package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.TINY_JSON;
import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static dev.homolog.core.checkpoint.TestFiles.ones;
import static dev.homolog.core.checkpoint.TestFiles.write;
import static dev.homolog.core.checkpoint.TestFiles.writeModel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names under which programs save the tensors of one model, and what they save beside it. */
class SavedNamesTest {
  private static final String NEOX_JSON =
      """
      {"model_type": "gpt_neox", "vocab_size": 5, "max_position_embeddings": 3, "hidden_size": 4,
       "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 6, "rotary_pct": 1.0}
      """;
  private static final List<Long> EMBEDDING = List.of(5L, 4L);

  @TempDir Path folder;

  private static String with(String json, String keys) {
    return json.replaceFirst("\\{", "{" + keys + ", ");
  }

  private static String tied(String json, boolean tied) {
    return with(json, "\"tie_word_embeddings\": " + tied);
  }

  /** The tensors of a model without prefix, all ones. */
  private static Map<String, StoredTensor> tensors(String json) {
    ModelConfigReader.Result read =
        ModelConfigReader.read("c", json.getBytes(StandardCharsets.UTF_8));
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    new ModelLayout(read.config(), read.tied())
        .required()
        .forEach((name, shape) -> tensors.put(name, ones(name, shape)));
    return tensors;
  }

  /** An embedding whose elements are 0, 1, 2 … */
  private static StoredTensor counted() {
    float[] values = new float[20];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return new StoredTensor("", DType.F32, EMBEDDING, MemorySegment.ofArray(values));
  }

  private static Map<String, StoredTensor> renamed(
      Map<String, StoredTensor> tensors, String prefix) {
    Map<String, StoredTensor> renamed = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> renamed.put(prefix + name, tensor));
    return renamed;
  }

  private void save(String kind, String json, Map<String, StoredTensor> tensors) {
    switch (kind) {
      case "safetensors" -> writeModel(folder, json, tensors);
      case "bin" -> {
        write(folder.resolve("config.json"), json.getBytes(StandardCharsets.UTF_8));
        write(folder.resolve("pytorch_model.bin"), Pickles.stateDict(tensors));
      }
      default -> {
        write(folder.resolve("config.json"), json.getBytes(StandardCharsets.UTF_8));
        List<String> names = new ArrayList<>(tensors.keySet());
        String map =
            names.stream()
                .map(name -> "\"" + name + "\": \"" + shard(names.indexOf(name)) + "\"")
                .collect(Collectors.joining(","));
        write(
            folder.resolve("model.safetensors.index.json"),
            ("{\"weight_map\": {" + map + "}}").getBytes(StandardCharsets.UTF_8));
        for (int part = 0; part < 2; part++) {
          SafetensorsWriter writer = new SafetensorsWriter(folder.resolve(shard(part)));
          for (int i = part; i < names.size(); i += 2) {
            StoredTensor t = tensors.get(names.get(i));
            writer.tensor(names.get(i), t.dtype(), t.shape(), t.data());
          }
          writer.write();
        }
      }
    }
  }

  private static String shard(int number) {
    return "model-%05d-of-00002.safetensors".formatted(number % 2 + 1);
  }

  /** A tied pair is one matrix, whichever of its names a file has. */
  @ParameterizedTest
  @CsvSource({
    "safetensors, gpt2, lm_head.weight",
    "bin, gpt2, lm_head.weight",
    "shards, gpt2, lm_head.weight",
    "safetensors, neox, lm_head.weight",
    "bin, neox, lm_head.weight",
    "shards, neox, embed_out.weight",
    "safetensors, neox, embed_out.weight",
    "bin, neox, embed_out.weight",
  })
  void tiedPairIsReadUnderEitherName(String kind, String family, String head) {
    boolean gpt2 = family.equals("gpt2");
    String json = gpt2 ? TINY_JSON : NEOX_JSON;
    String embedding = gpt2 ? "wte.weight" : "embed_in.weight";
    Map<String, StoredTensor> tensors = tensors(tied(json, true));
    Set<String> names = Set.copyOf(tensors.keySet());
    tensors.remove(embedding);
    Map<String, StoredTensor> stored = renamed(tensors, gpt2 ? "transformer." : "gpt_neox.");
    stored.put(head, counted());
    save(kind, tied(json, true), stored);
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertEquals(names, checkpoint.names());
      assertTrue(checkpoint.hasUnembedding());
      StoredTensor read = checkpoint.tensor(embedding);
      assertEquals(embedding, read.name());
      assertEquals(7f, read.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 28));
    }
    save(kind, tied(json, false), stored);
    assertRefused(
        where(kind)
            + ": "
            + embedding
            + ": is missing, expected shape [5, 4]; weights and configuration (config.json) must"
            + " belong together",
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  private Path where(String kind) {
    return folder.resolve(
        switch (kind) {
          case "bin" -> "pytorch_model.bin";
          case "shards" -> "model.safetensors.index.json";
          default -> "model.safetensors";
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "_orig_mod.",
        "module.",
        "model.",
        "base_model.model.",
        "_orig_mod.module.",
        "module._orig_mod.",
        "pretrained_model.",
        "_fsdp_wrapped_module.",
        "some.wrapper-1.of_mine.",
      })
  void onePrefixOfAllNamesIsLeftOut(String prefix) {
    for (String json : List.of(TINY_JSON, NEOX_JSON)) {
      String family = json.equals(TINY_JSON) ? "transformer." : "gpt_neox.";
      for (String inner : List.of("", family)) {
        Map<String, StoredTensor> tensors = tensors(tied(json, true));
        save("safetensors", tied(json, true), renamed(tensors, prefix + inner));
        assertRead(tensors.keySet(), prefix, List.of());
      }
    }
  }

  private void assertRead(Set<String> names, String prefix, List<String> passedOver) {
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertEquals(names, checkpoint.names());
      assertEquals(prefix, checkpoint.notes().prefix());
      assertEquals(Set.copyOf(passedOver), Set.copyOf(checkpoint.notes().passedOver()));
    }
  }

  @Test
  void wrappersWithinNamesAreLeftOut() {
    Map<String, StoredTensor> stored = new LinkedHashMap<>();
    tensors(TINY_JSON)
        .forEach((name, tensor) ->
            stored.put(
                "module.transformer."
                    + name.replace("h.0.", "h.0._orig_mod._checkpoint_wrapped_module."),
                tensor));
    save("safetensors", TINY_JSON, stored);
    assertRead(tensors(TINY_JSON).keySet(), "module.", List.of());
  }

  /** The head of an untied model may stand beside a wrapped body. */
  @Test
  void unembeddingBesideAWrappedBodyIsRead() {
    Map<String, StoredTensor> tensors = tensors(NEOX_JSON);
    tensors.remove("embed_out.weight");
    Map<String, StoredTensor> stored = renamed(tensors, "model.");
    stored.put("lm_head.weight", counted());
    save("safetensors", NEOX_JSON, stored);
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      StoredTensor read = checkpoint.tensor("embed_out.weight");
      assertEquals(7f, read.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 28));
    }
  }

  @Test
  void twoModelsInOneFileAreRefused() {
    Map<String, StoredTensor> tensors = tensors(TINY_JSON);
    Map<String, StoredTensor> stored = renamed(tensors, "policy.");
    stored.putAll(renamed(tensors, "reference.transformer."));
    save("safetensors", TINY_JSON, stored);
    assertRefused(
        where("safetensors")
            + ": holds two models, under policy. and under reference.; save one of the two alone",
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  @Test
  void tensorsBesideTheModelArePassedOver() {
    Map<String, StoredTensor> tensors = tensors(TINY_JSON);
    List<String> beside =
        List.of(
            "v_head.summary.weight",
            "v_head.summary.bias",
            "score.weight",
            "multiple_choice_head.summary.weight",
            "classifier.weight",
            "log_temperature",
            "optimizer.state.0.exp_avg",
            "exp_avg.transformer.h.0.mlp.c_fc.weight",
            "exp_avg_sq.module.transformer.wte.weight");
    for (String prefix : List.of("", "transformer.", "module.transformer.")) {
      Map<String, StoredTensor> stored = renamed(tensors, prefix);
      beside.forEach(name -> stored.put(name, ones("", List.of(3L))));
      save("safetensors", TINY_JSON, stored);
      assertRead(tensors.keySet(), prefix.startsWith("module.") ? "module." : "", beside);
    }
    List<String> lines =
        new ModelNotes("", beside, Map.of(), java.util.Optional.empty()).lines("m");
    assertEquals(
        List.of(
            "m: passed over as no part of the model: v_head.summary.weight, v_head.summary.bias,"
                + " score.weight and 6 more tensors"),
        lines);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "h.0.attn.c_attn.SCB | belongs to weights in 8 bits of bitsandbytes",
        "h.0.attn.c_attn.weight.absmax | belongs to weights in 4 bits of bitsandbytes",
        "h.0.attn.c_attn.qweight | belongs to packed weights of GPTQ or AWQ",
        "h.0.attn.c_attn.lora_A.default.weight | belongs to an adapter of PEFT that is not merged",
        "h.0.mlp.c_fc.weight_mask | belongs to weights pruned by torch",
        "h.0.mlp.c_fc.weight_scale | belongs to quantised weights",
        "h.0.crossattention.c_attn.weight | belongs to cross-attention",
        "h.0.mlp.c_gate.weight | is no tensor of this GPT-2",
        "h.1.ln_1.weight | is no tensor of this GPT-2",
        "extra.weight | is no tensor of this GPT-2",
      })
  void unknownTensorsOfTheBodyAreRefusedWithTheCauseThatIsKnown(String name, String problem) {
    Map<String, StoredTensor> stored = renamed(tensors(TINY_JSON), "transformer.");
    stored.put("transformer." + name, ones("", List.of(4L)));
    save("safetensors", TINY_JSON, stored);
    String start = where("safetensors") + ": transformer." + name + ": " + problem + "; ";
    String message =
        org.junit.jupiter.api.Assertions.assertThrows(
                dev.homolog.core.InputException.class,
                () -> HuggingFaceCheckpoint.open(folder).close())
            .getMessage();
    assertTrue(message.startsWith(start), message);
  }

  @Test
  void biasOfTheUnembeddingIsRefused() {
    Map<String, StoredTensor> stored = tensors(TINY_JSON);
    stored.put("lm_head.bias", ones("", List.of(5L)));
    save("safetensors", TINY_JSON, stored);
    assertRefused(
        where("safetensors")
            + ": lm_head.bias: is no tensor of this GPT-2; weights and configuration (config.json)"
            + " must belong together",
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  /** A model of another class has no unembedding, unless it is tied. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GPTNeoXModel",
        "GPTNeoXForSequenceClassification",
        "GPTNeoXForTokenClassification",
        "GPTNeoXForQuestionAnswering"
      })
  void modelWithoutAHeadIsReadForWhatNeedsNone(String architecture) {
    String json = with(NEOX_JSON, "\"architectures\": [\"" + architecture + "\"]");
    Map<String, StoredTensor> tensors = tensors(json);
    tensors.remove("embed_out.weight");
    Map<String, StoredTensor> stored = renamed(tensors, "gpt_neox.");
    stored.put("score.weight", ones("", List.of(2L, 4L)));
    save("safetensors", json, stored);
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertEquals(tensors.keySet(), checkpoint.names());
      assertFalse(checkpoint.hasUnembedding());
      assertEquals(
          "has no unembedding, saved as " + architecture, checkpoint.notes().head().orElseThrow());
      assertRefused(
          folder
              + ": embed_out.weight: is missing: the model was saved without a head that predicts"
              + " tokens; give the whole model, or use correlate, activations or tokenize, which"
              + " need no such head",
          checkpoint::requireUnembedding);
    }
    save("safetensors", tied(json, true), stored);
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertTrue(checkpoint.hasUnembedding());
      assertEquals(
          "its unembedding is the embedding (tie_word_embeddings), saved as " + architecture,
          checkpoint.notes().head().orElseThrow());
    }
    String whole = with(NEOX_JSON, "\"architectures\": [\"GPTNeoXForCausalLM\"]");
    save("safetensors", whole, stored);
    assertRefused(
        where("safetensors")
            + ": embed_out.weight: is missing, expected shape [5, 4]; weights and configuration"
            + " (config.json) must belong together",
        () -> HuggingFaceCheckpoint.open(folder).close());
  }
}
