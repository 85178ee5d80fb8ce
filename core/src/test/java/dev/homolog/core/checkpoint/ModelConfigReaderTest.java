package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigReaderTest {
  private static final String FETCH = "; correct config.json or fetch it again";
  private static final String FUNCTIONS =
      "gelu_new, gelu_fast, gelu_pytorch_tanh, gelu_python_tanh, gelu_accurate, gelu, gelu_python,"
          + " relu, silu, swish, quick_gelu";
  private static final String SIZES =
      "\"vocab_size\":10,\"n_positions\":8,\"n_embd\":6,\"n_layer\":2,\"n_head\":3";
  private static final String START = "{\"model_type\":\"gpt2\"," + SIZES;

  private static ModelConfigReader.Result read(String json) {
    return ModelConfigReader.read("c", json.getBytes(StandardCharsets.UTF_8));
  }

  /** Reads a legal configuration with more keys, given as JSON without braces. */
  private static ModelConfigReader.Result with(String keys) {
    return read(START + "," + keys + "}");
  }

  @Test
  void keysThatAreLeftOutHaveTheDefaultsOfGpt2() {
    ModelConfigReader.Result result = read(START + "}");
    OptionalInt none = OptionalInt.empty();
    assertEquals(
        new ModelConfig(
            10, 8, 6, 2, 3, 24, 1e-5, Activation.GELU_TANH, Architecture.gpt2(), none, none, none),
        result.config());
    assertTrue(result.tied());
  }

  @Test
  void everyKeyIsHonoured() {
    ModelConfigReader.Result result =
        with(
            """
            "n_inner": 7, "layer_norm_epsilon": 1e-6, "activation_function": "gelu",
            "scale_attn_weights": false, "scale_attn_by_inverse_layer_idx": true,
            "reorder_and_upcast_attn": true, "add_cross_attention": false,
            "tie_word_embeddings": false, "bos_token_id": 9, "eos_token_id": 0, "pad_token_id": 3,
            "summary_type": "cls_index", "task_specific_params": {"x": {"do_sample": true}}
            """);
    assertEquals(
        new ModelConfig(
            10,
            8,
            6,
            2,
            3,
            7,
            1e-6,
            Activation.GELU_ERF,
            Architecture.gpt2(false, true),
            OptionalInt.of(9),
            OptionalInt.of(0),
            OptionalInt.of(3)),
        result.config());
    assertFalse(result.tied());
  }

  @ParameterizedTest
  @CsvSource({
    "gelu_new, GELU_TANH",
    "gelu_fast, GELU_TANH",
    "gelu_pytorch_tanh, GELU_TANH",
    "gelu_python_tanh, GELU_TANH",
    "gelu_accurate, GELU_TANH",
    "gelu, GELU_ERF",
    "gelu_python, GELU_ERF",
    "relu, RELU",
    "silu, SILU",
    "swish, SILU",
    "quick_gelu, QUICK_GELU"
  })
  void activationsByTheirNames(String name, Activation activation) {
    assertEquals(
        activation, with("\"activation_function\":\"" + name + "\"").config().activation());
  }

  @Test
  void olderAndEmptyKeys() {
    String older = "{\"model_type\":\"gpt2\"," + SIZES.replace("n_positions", "n_ctx") + "}";
    assertEquals(8, read(older).config().positions());
    ModelConfig nulls = with("\"n_inner\":null,\"bos_token_id\":null").config();
    assertEquals(24, nulls.dMlp());
    assertEquals(OptionalInt.empty(), nulls.bosTokenId());
    assertEquals(1, with("\"layer_norm_epsilon\":1").config().layerNormEpsilon());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "add_cross_attention|true|is true, expected false; use a decoder-only model",
        "activation_function|\"tanh\"|is \"tanh\"; use a model that has one of:" + " " + FUNCTIONS,
        "activation_function|7|is 7; use a model that has one of:" + " " + FUNCTIONS,
        "n_inner|0|is 0, expected a whole number from 1 to 1048576" + FETCH,
        "n_inner|\"64\"|is \"64\", expected a whole number from 1 to 1048576" + FETCH,
        "layer_norm_epsilon|0|is 0, expected a number above 0 and at most 1" + FETCH,
        "layer_norm_epsilon|1e999|is Infinity, expected a number above 0 and at most 1" + FETCH,
        "layer_norm_epsilon|null|is null, expected a number above 0 and at most 1" + FETCH,
        "scale_attn_weights|1|is 1, expected true or false" + FETCH,
        "scale_attn_by_inverse_layer_idx|\"true\"|is \"true\", expected true or false" + FETCH,
        "reorder_and_upcast_attn|null|is null, expected true or false" + FETCH,
        "tie_word_embeddings|[]|is a list, expected true or false" + FETCH,
        "bos_token_id|10|is 10, expected a whole number from 0 to 9" + FETCH,
        "eos_token_id|[1]|is a list, expected a whole number from 0 to 9" + FETCH,
        "pad_token_id|-1|is -1, expected a whole number from 0 to 9" + FETCH,
      })
  void illegalValuesOfOptionalKeysAreRefused(String key, String value, String message) {
    assertRefused("c: " + key + ": " + message, () -> with("\"" + key + "\":" + value));
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource({
    "vocab_size, 0, 10000000",
    "vocab_size, 10000001, 10000000",
    "vocab_size, 99999999999999999999, 10000000",
    "n_positions, -1, 1048576",
    "n_positions, 1048577, 1048576",
    "n_embd, 65537, 65536",
    "n_embd, 6.0, 65536",
    "n_embd, true, 65536",
    "n_embd, null, 65536",
    "n_layer, 1025, 1024",
    "n_layer, 0, 1024",
    "n_head, 0, 65536",
    "n_head, 4294967299, 65536",
  })
  void sizesOutOfRangeAreRefused(String key, String value, int maximum) {
    String json = START.replaceFirst("\"" + key + "\":\\d+", "\"" + key + "\":" + value) + "}";
    assertRefused(
        "c: %s: is %s, expected a whole number from 1 to %d%s"
            .formatted(key, value, maximum, FETCH),
        () -> read(json));
  }

  @ParameterizedTest
  @CsvSource({"model_type", "vocab_size", "n_positions", "n_embd", "n_layer", "n_head"})
  void missingKeysAreNamed(String key) {
    String json = (START + "}").replace("\"" + key + "\"", "\"other\"");
    assertRefused("c: " + key + ": is missing" + FETCH, () -> read(json));
  }

  @Test
  void otherArchitecturesAreRefused() {
    assertRefused(
        "c: model_type: is \"llama\"; use a model that has one of: gpt2, gpt_neox",
        () -> read("{\"model_type\":\"llama\"}"));
    assertRefused(
        "c: model_type: is null; use a model that has one of: gpt2, gpt_neox",
        () -> read("{\"model_type\":null}"));
  }

  @Test
  void headsMustDivideTheWidth() {
    assertRefused(
        "c: n_head: is 4, expected a divisor of n_embd, which is 6" + FETCH,
        () -> read(START.replace("\"n_head\":3", "\"n_head\":4") + "}"));
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|holds no JSON",
        "[]|is not a JSON object",
        "{\"a\":1,}|is not JSON (at line 1, column 8)",
        "{\"a\":NaN}|is not JSON (at line 1, column 9)",
        "{\"a\":1,\"a\":1}|key \"a\" is there twice",
        "{} x|is not JSON (at line 1, column 4)",
      })
  void malformedJsonIsRefused(String json, String problem) {
    assertRefused("c: " + problem + FETCH, () -> read(json));
  }

  @Test
  void deepJsonAndWrongEncodingAreRefused() {
    String deep = "{\"a\":" + "[".repeat(100_000);
    assertRefused("c: is nested more than 32 levels deep" + FETCH, () -> read(deep));
    byte[] latin1 = "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused("c: is not UTF-8" + FETCH, () -> ModelConfigReader.read("c", latin1));
  }

  /** The caps are such that no size derived from a legal configuration overflows. */
  @Test
  void largestConfigurationDoesNotOverflow() {
    ModelConfig largest =
        read("{\"model_type\":\"gpt2\",\"vocab_size\":10000000,\"n_positions\":1048576,"
                + "\"n_embd\":65536,\"n_layer\":1024,\"n_head\":65536,\"n_inner\":1048576}")
            .config();
    assertEquals(1 << 30, largest.neurons());
    new ModelLayout(largest, false)
        .required()
        .values()
        .forEach(shape -> assertTrue(shape.stream().reduce(4L, Math::multiplyExact) > 0));
  }
}
