package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import java.io.ByteArrayInputStream;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Reads a GPT-2 {@code config.json}. Sizes must be there; the other keys have the defaults of
 * Hugging Face's {@code GPT2Config}. Keys that only concern training or generation are not looked
 * at; {@code reorder_and_upcast_attn} does not change the mathematics.
 */
final class ModelConfigReader {
  private static final String REMEDY = "correct config.json or fetch it again";
  private static final int MAX_DEPTH = 32;
  private static final int MAX_LIST = 1_000_000;

  /**
   * Caps far beyond any GPT-2, so that products of two sizes fit a long and layers · d_mlp an int.
   */
  private static final Map<String, Integer> MAXIMA =
      Map.of(
          "vocab_size", 10_000_000,
          "n_positions", 1 << 20,
          "n_ctx", 1 << 20,
          "n_embd", 1 << 16,
          "n_layer", 1 << 10,
          "n_head", 1 << 16,
          "n_inner", 1 << 20);

  private static final Map<String, Activation> ACTIVATIONS = activations();

  private final String where;
  private final String remedy;
  private final Map<String, Object> json;

  /**
   * What the file says.
   *
   * @param config what it says of the model
   * @param tied {@code tie_word_embeddings}: if not, the weights must hold {@code lm_head.weight}
   */
  record Result(ModelConfig config, boolean tied) {}

  private ModelConfigReader(String where, String remedy, Map<String, Object> json) {
    this.where = where;
    this.remedy = remedy;
    this.json = json;
  }

  private static Map<String, Activation> activations() {
    Map<String, Activation> names = new LinkedHashMap<>();
    names.put("gelu_new", Activation.GELU_TANH);
    names.put("gelu_pytorch_tanh", Activation.GELU_TANH);
    names.put("gelu", Activation.GELU_ERF);
    names.put("relu", Activation.RELU);
    names.put("silu", Activation.SILU);
    names.put("swish", Activation.SILU);
    return Collections.unmodifiableMap(names);
  }

  /**
   * Reads the bytes of a {@code config.json}.
   *
   * @param where the file, for messages
   * @throws InputException if a key is missing, of the wrong type, out of range, or asks for what
   *     is not supported
   */
  static Result read(String where, byte[] bytes) {
    Json json = new Json(where, "", REMEDY, MAX_DEPTH, MAX_LIST);
    return new ModelConfigReader(where, REMEDY, json.readObject(new ByteArrayInputStream(bytes)))
        .read();
  }

  /**
   * Checks a configuration that did not come from a file against the same ranges.
   *
   * @throws InputException naming the key of {@code config.json} that would hold the value
   */
  static void check(String where, ModelConfig c) {
    ModelConfigReader reader = new ModelConfigReader(where, "correct the configuration", Map.of());
    reader.size("vocab_size", (long) c.vocabSize());
    reader.size("n_positions", (long) c.positions());
    reader.size("n_embd", (long) c.dModel());
    reader.size("n_layer", (long) c.layers());
    reader.size("n_head", (long) c.heads());
    reader.size("n_inner", (long) c.dMlp());
    reader.checkHeads(c.dModel(), c.heads());
    reader.epsilon(c.layerNormEpsilon());
    c.bosTokenId().ifPresent(id -> reader.id("bos_token_id", (long) id, c.vocabSize()));
    c.eosTokenId().ifPresent(id -> reader.id("eos_token_id", (long) id, c.vocabSize()));
    c.padTokenId().ifPresent(id -> reader.id("pad_token_id", (long) id, c.vocabSize()));
  }

  private Result read() {
    if (!"gpt2".equals(required("model_type"))) {
      throw unsupported("model_type", json.get("model_type"), "gpt2");
    }
    int vocab = size("vocab_size");
    int positions =
        size(
            json.containsKey("n_ctx") && !json.containsKey("n_positions")
                ? "n_ctx"
                : "n_positions");
    int dModel = size("n_embd");
    int layers = size("n_layer");
    int heads = size("n_head");
    checkHeads(dModel, heads);
    int dMlp = json.get("n_inner") == null ? 4 * dModel : size("n_inner");
    if (bool("add_cross_attention", false)) {
      throw new InputException(
          where, "add_cross_attention", "is true, expected false", "use a decoder-only model");
    }
    bool("reorder_and_upcast_attn", false);
    ModelConfig config =
        new ModelConfig(
            vocab,
            positions,
            dModel,
            layers,
            heads,
            dMlp,
            epsilon(json.getOrDefault("layer_norm_epsilon", 1e-5)),
            activation(),
            bool("scale_attn_weights", true),
            bool("scale_attn_by_inverse_layer_idx", false),
            id("bos_token_id", json.get("bos_token_id"), vocab),
            id("eos_token_id", json.get("eos_token_id"), vocab),
            id("pad_token_id", json.get("pad_token_id"), vocab));
    return new Result(config, bool("tie_word_embeddings", true));
  }

  private Object required(String key) {
    if (!json.containsKey(key)) {
      throw new InputException(where, key, "is missing", remedy);
    }
    return json.get(key);
  }

  private int size(String key) {
    return size(key, required(key));
  }

  private int size(String key, Object value) {
    return wholeNumber(key, value, 1, MAXIMA.get(key));
  }

  private int wholeNumber(String key, Object value, long minimum, long maximum) {
    if (!(value instanceof Long n) || n < minimum || n > maximum) {
      throw wrong(key, value, "a whole number from %d to %d".formatted(minimum, maximum));
    }
    return n.intValue();
  }

  private void checkHeads(int dModel, int heads) {
    if (dModel % heads != 0) {
      throw wrong("n_head", (long) heads, "a divisor of n_embd, which is " + dModel);
    }
  }

  private OptionalInt id(String key, Object value, int vocab) {
    return value == null
        ? OptionalInt.empty()
        : OptionalInt.of(wholeNumber(key, value, 0, vocab - 1L));
  }

  private double epsilon(Object value) {
    double epsilon = value instanceof Number number ? number.doubleValue() : Double.NaN;
    if (!(epsilon > 0 && epsilon <= 1)) {
      throw wrong("layer_norm_epsilon", value, "a number above 0 and at most 1");
    }
    return epsilon;
  }

  private boolean bool(String key, boolean standard) {
    Object value = json.getOrDefault(key, standard);
    if (!(value instanceof Boolean bool)) {
      throw wrong(key, value, "true or false");
    }
    return bool;
  }

  private Activation activation() {
    Object name = json.getOrDefault("activation_function", "gelu_new");
    if (!(name instanceof String text) || !ACTIVATIONS.containsKey(text)) {
      throw unsupported("activation_function", name, String.join(", ", ACTIVATIONS.keySet()));
    }
    return ACTIVATIONS.get(text);
  }

  private InputException wrong(String key, Object value, String expected) {
    String problem = "is %s, expected %s".formatted(Json.describe(value), expected);
    return new InputException(where, key, problem, remedy);
  }

  private InputException unsupported(String key, Object value, String known) {
    return new InputException(
        where, key, "is " + Json.describe(value), "use a model that has one of: " + known);
  }
}
