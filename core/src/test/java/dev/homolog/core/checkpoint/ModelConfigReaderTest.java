package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Architecture;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.model.family.GptNeoX;
import dev.homolog.core.model.family.PositionSpec;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigReaderTest {
  private static final String FETCH = "; correct config.json or fetch it again";
  private static final String FUNCTIONS =
      "gelu_new, gelu_fast, gelu_pytorch_tanh, gelu_python_tanh, gelu_accurate, gelu, gelu_python,"
          + " gelu_10, relu, relu2, relu6, leaky_relu, linear, silu, swish, quick_gelu, hardswish,"
          + " sigmoid, tanh, mish, laplace, sqrtsoftplus";
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
            10,
            8,
            6,
            2,
            3,
            24,
            Gpt2.architecture(1e-5, Activation.GELU_TANH),
            TokenIds.of(none, none, none)),
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
            Gpt2.architecture(1e-6, Activation.GELU_ERF, false, true),
            TokenIds.of(OptionalInt.of(9), OptionalInt.of(0), OptionalInt.of(3))),
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
    "gelu_10, GELU_10",
    "relu, RELU",
    "relu2, RELU_SQUARED",
    "relu6, RELU6",
    "leaky_relu, LEAKY_RELU",
    "linear, LINEAR",
    "silu, SILU",
    "swish, SILU",
    "quick_gelu, QUICK_GELU",
    "hardswish, HARD_SWISH",
    "sigmoid, SIGMOID",
    "tanh, TANH",
    "mish, MISH",
    "laplace, LAPLACE",
    "sqrtsoftplus, SQRT_SOFTPLUS"
  })
  void activationsByTheirNames(String name, Activation activation) {
    assertEquals(
        activation,
        with("\"activation_function\":\"" + name + "\"")
            .config()
            .architecture()
            .mlp()
            .activation());
  }

  @Test
  void olderAndEmptyKeys() {
    String older = "{\"model_type\":\"gpt2\"," + SIZES.replace("n_positions", "n_ctx") + "}";
    assertEquals(8, read(older).config().positions());
    ModelConfig nulls = with("\"n_inner\":null,\"bos_token_id\":null").config();
    assertEquals(24, nulls.dMlp());
    assertEquals(OptionalInt.empty(), nulls.ids().bos());
    assertEquals(1, with("\"layer_norm_epsilon\":1").config().architecture().norm().epsilon());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "is_encoder_decoder|true|is true, expected false; use a decoder-only model",
        "pruned_heads|{\"0\":[1]}|is not empty; use a model whose heads are all there",
        "add_cross_attention|true|is true, expected false; use a decoder-only model",
        "activation_function|\"elu\"|is \"elu\"; use a model that has one of:" + " " + FUNCTIONS,
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
        "bos_token_id|\"1\"|is \"1\", expected a whole number from 0 to 9" + FETCH,
        "eos_token_id|[true]|is true, expected a whole number from 0 to 9" + FETCH,
        "pad_token_id|1.5|is 1.5, expected a whole number from 0 to 9" + FETCH,
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
  @CsvSource({"vocab_size", "n_positions", "n_embd", "n_layer", "n_head"})
  void missingKeysAreNamed(String key) {
    String json = (START + "}").replace("\"" + key + "\"", "\"other\"");
    assertRefused("c: " + key + ": is missing" + FETCH, () -> read(json));
  }

  @Test
  void missingTypeIsToldByTheOtherKeys() {
    String missing = "c: model_type: is missing; ";
    assertRefused(
        missing + "add \"model_type\": \"gpt2\" to the file", () -> read("{" + SIZES + "}"));
    assertRefused(
        missing + "add \"model_type\": \"gpt_neox\" to the file",
        () -> read("{" + NEOX.replace("\"model_type\":\"gpt_neox\",", "") + "}"));
    assertRefused("c: model_type: is missing" + FETCH, () -> read("{\"dim\": 4}"));
  }

  /** Ids outside of the ten tokens count as absent; of a list those inside count. */
  @Test
  void idsOutsideTheVocabularyCountAsAbsent() {
    OptionalInt none = OptionalInt.empty();
    ModelConfigReader.Result outside =
        with("\"bos_token_id\":50256,\"eos_token_id\":10,\"pad_token_id\":-1");
    assertEquals(none, outside.config().ids().bos());
    assertEquals(none, outside.config().ids().eos());
    assertEquals(none, outside.config().ids().pad());
    assertEquals(
        Map.of("bos_token_id", "50256", "eos_token_id", "10", "pad_token_id", "-1"),
        outside.absentIds());
    ModelConfigReader.Result lists =
        with("\"bos_token_id\":[3],\"eos_token_id\":[2,9,77],\"pad_token_id\":[]");
    assertEquals(OptionalInt.of(3), lists.config().ids().bos());
    assertEquals(OptionalInt.of(2), lists.config().ids().eos());
    assertEquals(none, lists.config().ids().pad());
    assertEquals(Set.of(9), lists.config().ids().otherSeparators());
    assertEquals(Map.of("eos_token_id", "77"), lists.absentIds());
    ModelConfigReader.Result several = with("\"bos_token_id\":[3,4]");
    assertEquals(none, several.config().ids().bos());
    assertEquals(Map.of("bos_token_id", "[3, 4]"), several.absentIds());
    ModelConfigReader.Result huge = with("\"eos_token_id\":99999999999999999999");
    assertEquals(Map.of("eos_token_id", "99999999999999999999"), huge.absentIds());
    assertEquals(Map.of(), with("\"eos_token_id\":9,\"pad_token_id\":null").absentIds());
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
        "{\"a\":1,\"a\":1}|key \"a\" is there twice",
        "{} x|is not JSON (at line 1, column 4)",
      })
  void malformedJsonIsRefused(String json, String problem) {
    assertRefused("c: " + problem + FETCH, () -> read(json));
  }

  @Test
  void whatPythonAndEditorsWriteIsNamedWithItsRemedy() {
    assertRefused(
        "c: is not JSON (at line 1, column 9): NaN is no number of JSON; put null in its place:"
            + " sed -i -E 's/-?\\b(NaN|Infinity)\\b/null/g' c",
        () -> read("{\"a\":NaN}"));
    String marked = "\ufeff" + START + "}";
    assertRefused(
        "c: begins with a byte order mark, which JSON has not; take it out:"
            + " sed -i '1s/^\\xEF\\xBB\\xBF//' c",
        () -> read(marked));
    for (Charset wide : List.of(StandardCharsets.UTF_16BE, StandardCharsets.UTF_16LE)) {
      assertRefused(
          "c: is UTF-16, expected UTF-8; convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW",
          () -> ModelConfigReader.read("c", marked.getBytes(wide)));
    }
    for (String number : List.of("Infinity", "-Infinity")) {
      String problem =
          assertThrows(InputException.class, () -> read("{\"a\":[" + number + "]}")).problem();
      assertTrue(problem.endsWith(": " + number + " is no number of JSON"), problem);
    }
  }

  @Test
  void deepJsonAndWrongEncodingAreRefused() {
    String deep = "{\"a\":" + "[".repeat(100_000);
    assertRefused("c: is nested more than 32 levels deep" + FETCH, () -> read(deep));
    byte[] latin1 = "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused("c: is not UTF-8" + FETCH, () -> ModelConfigReader.read("c", latin1));
  }

  private static final String NEOX =
      """
      "model_type":"gpt_neox","vocab_size":10,"max_position_embeddings":8,"hidden_size":16,
      "num_hidden_layers":2,"num_attention_heads":2,"intermediate_size":20
      """;

  /** Reads a legal configuration of a GPT-NeoX with more keys, given as JSON without braces. */
  private static ModelConfigReader.Result neox(String keys) {
    return read("{" + NEOX + (keys.isEmpty() ? "" : "," + keys) + "}");
  }

  @Test
  void keysThatAreLeftOutHaveTheDefaultsOfGptNeoX() {
    ModelConfigReader.Result result = neox("");
    OptionalInt none = OptionalInt.empty();
    Architecture architecture =
        GptNeoX.architecture(
            1e-5, Activation.GELU_ERF, true, true, new PositionSpec.Rotary(2, 10_000));
    assertEquals(
        new ModelConfig(10, 8, 16, 2, 2, 20, architecture, TokenIds.of(none, none, none)),
        result.config());
    assertFalse(result.tied());
  }

  @Test
  void everyKeyOfGptNeoXIsHonoured() {
    ModelConfigReader.Result result =
        neox(
            """
            "use_parallel_residual": false, "attention_bias": false, "rotary_pct": 1,
            "rotary_emb_base": 500, "layer_norm_eps": 1e-3, "hidden_act": "gelu_fast",
            "tie_word_embeddings": true, "bos_token_id": 9, "eos_token_id": 0, "pad_token_id": 3
            """);
    Architecture architecture =
        GptNeoX.architecture(
            1e-3, Activation.GELU_TANH, false, false, new PositionSpec.Rotary(8, 500));
    assertEquals(
        new ModelConfig(
            10,
            8,
            16,
            2,
            2,
            20,
            architecture,
            TokenIds.of(OptionalInt.of(9), OptionalInt.of(0), OptionalInt.of(3))),
        result.config());
    assertTrue(result.tied());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"rotary_pct\":0.5,\"rotary_emb_base\":100",
        "\"partial_rotary_factor\":0.5,\"rope_theta\":100.0,\"rope_scaling\":null",
        "\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":100,"
            + "\"partial_rotary_factor\":0.5}",
        "\"rope_scaling\":{\"type\":\"default\"},\"rotary_pct\":0.5,\"rope_theta\":100",
        "\"rotary_pct\":0.5,\"partial_rotary_factor\":0.50,\"rotary_emb_base\":1e2,"
            + "\"rope_theta\":100,\"rope_parameters\":{\"rope_theta\":100.0}"
      })
  void spellingsOfRotaryPositions(String keys) {
    assertEquals(new PositionSpec.Rotary(4, 100), neox(keys).config().architecture().positions());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0}|rope_scaling.type: is"
            + " \"linear\"; use a model that has one of: default",
        "\"rope_parameters\":{\"rope_type\":\"yarn\"}|rope_parameters.rope_type: is"
            + " \"yarn\"; use a model that has one of: default",
        "\"rope_parameters\":{\"factor\":2}|rope_parameters.factor: is not supported;"
            + " use a model whose rotary positions are of the default type",
        "\"rope_scaling\":2|rope_scaling: is 2, expected an object" + FETCH,
        "\"rotary_pct\":0.5,\"partial_rotary_factor\":0.25|partial_rotary_factor: is 0.25,"
            + " expected the same as rotary_pct"
            + FETCH,
        "\"rotary_emb_base\":5,\"rope_parameters\":{\"rope_theta\":6}|rope_parameters.rope_theta:"
            + " is 6, expected the same as rotary_emb_base"
            + FETCH,
        "\"rotary_pct\":0.4|rotary_pct: is 0.4, expected what rotates an even number of a head's 8"
            + " dimensions, not 3"
            + FETCH,
        "\"rotary_pct\":0.1|rotary_pct: is 0.1, expected what rotates an even number of a head's 8"
            + " dimensions, not 0"
            + FETCH,
        "\"rotary_pct\":1.5|rotary_pct: is 1.5, expected a number above 0 and at most 1" + FETCH,
        "\"rotary_emb_base\":0|rotary_emb_base: is 0, expected a number above 0 and at most"
            + " 1000000000000"
            + FETCH,
        "\"use_parallel_residual\":1|use_parallel_residual: is 1, expected true or false" + FETCH,
        "\"attention_bias\":null|attention_bias: is null, expected true or false" + FETCH,
        "\"layer_norm_eps\":2|layer_norm_eps: is 2, expected a number above 0 and at most 1"
            + FETCH,
        "\"hidden_act\":\"xielu\"|hidden_act: is \"xielu\"; use a model that has one of: "
            + FUNCTIONS,
      })
  void illegalValuesOfGptNeoXAreRefused(String keys, String message) {
    assertRefused("c: " + message, () -> neox(keys));
  }

  @ParameterizedTest
  @CsvSource({
    "vocab_size",
    "max_position_embeddings",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size"
  })
  void missingSizesOfGptNeoXAreNamed(String key) {
    String json = ("{" + NEOX + "}").replace("\"" + key + "\"", "\"other\"");
    assertRefused("c: " + key + ": is missing" + FETCH, () -> read(json));
    String wrong = ("{" + NEOX + "}").replaceFirst("\"" + key + "\":", "\"" + key + "\":-");
    assertTrue(
        assertThrows(InputException.class, () -> read(wrong))
            .getMessage()
            .startsWith("c: " + key + ": is -"));
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
