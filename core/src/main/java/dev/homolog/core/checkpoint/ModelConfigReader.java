package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import java.io.ByteArrayInputStream;
import java.util.Map;

/**
 * Reads the {@code config.json} of a GPT-2 or GPT-NeoX model. Sizes must be there; the other keys
 * have the defaults of Hugging Face's {@code GPT2Config} and {@code GPTNeoXConfig}, but for the ids
 * of BOS and EOS, which have none. Keys that only concern training or generation are not looked at;
 * {@code reorder_and_upcast_attn} does not change the mathematics.
 */
final class ModelConfigReader {
  private static final String REMEDY = "correct config.json or fetch it again";
  private static final int MAX_DEPTH = 32;
  private static final int MAX_LIST = 1_000_000;

  /**
   * Caps far beyond any model, so that products of two sizes fit a long and layers · d_mlp an int.
   */
  private static final int MAX_VOCABULARY = 10_000_000;

  private static final int MAX_POSITIONS = 1 << 20;
  private static final int MAX_WIDTH = 1 << 16;
  private static final int MAX_LAYERS = 1 << 10;
  private static final int MAX_NEURONS = 1 << 20;
  private static final double MAX_BASE = 1e12;

  private static final String VOCABULARY = "vocab_size";
  private static final Keys GPT2 =
      new Keys(
          "n_positions",
          "n_embd",
          "n_layer",
          "n_head",
          "n_inner",
          "layer_norm_epsilon",
          "activation_function");
  private static final Keys GPT_NEOX =
      new Keys(
          "max_position_embeddings",
          "hidden_size",
          "num_hidden_layers",
          "num_attention_heads",
          "intermediate_size",
          "layer_norm_eps",
          "hidden_act");

  /** What a family calls the fields of a configuration. */
  private record Keys(
      String positions,
      String dModel,
      String layers,
      String heads,
      String dMlp,
      String epsilon,
      String activation) {
    static Keys of(Family family) {
      return family == Family.GPT2 ? GPT2 : GPT_NEOX;
    }

    Keys withPositions(String key) {
      return new Keys(key, dModel, layers, heads, dMlp, epsilon, activation);
    }
  }

  private final ConfigFields fields;

  /**
   * What the file says.
   *
   * @param config what it says of the model
   * @param tied {@code tie_word_embeddings}: if not, the weights must hold the unembedding
   */
  record Result(ModelConfig config, boolean tied) {}

  private ModelConfigReader(ConfigFields fields) {
    this.fields = fields;
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
    Map<String, Object> values = json.readObject(new ByteArrayInputStream(bytes));
    ModelConfigReader reader = new ModelConfigReader(new ConfigFields(where, REMEDY, values));
    return reader.family() == Family.GPT2 ? reader.gpt2() : reader.gptNeoX();
  }

  /**
   * Checks a configuration that did not come from a file against the same ranges.
   *
   * @throws InputException naming the key of {@code config.json} that would hold the value
   */
  static void check(String where, ModelConfig c) {
    ConfigFields fields = new ConfigFields(where, "correct the configuration", Map.of());
    Keys keys = Keys.of(c.architecture().family());
    fields.wholeNumber(VOCABULARY, (long) c.vocabSize(), 1, MAX_VOCABULARY);
    fields.wholeNumber(keys.positions, (long) c.positions(), 1, MAX_POSITIONS);
    fields.wholeNumber(keys.dModel, (long) c.dModel(), 1, MAX_WIDTH);
    fields.wholeNumber(keys.layers, (long) c.layers(), 1, MAX_LAYERS);
    fields.wholeNumber(keys.heads, (long) c.heads(), 1, MAX_WIDTH);
    fields.wholeNumber(keys.dMlp, (long) c.dMlp(), 1, MAX_NEURONS);
    checkHeads(fields, keys, c.dModel(), c.heads());
    fields.number(keys.epsilon, c.layerNormEpsilon(), 1);
    c.architecture()
        .rotary()
        .ifPresent(rotary -> {
          fields.number("rotary_emb_base", rotary.base(), MAX_BASE);
          checkRotary(
              fields, "rotary_pct", (double) rotary.dims() / c.dHead(), rotary.dims(), c.dHead());
        });
    c.bosTokenId().ifPresent(id -> fields.id("bos_token_id", (long) id, c.vocabSize()));
    c.eosTokenId().ifPresent(id -> fields.id("eos_token_id", (long) id, c.vocabSize()));
    c.padTokenId().ifPresent(id -> fields.id("pad_token_id", (long) id, c.vocabSize()));
  }

  private Family family() {
    Object type = fields.required("model_type");
    for (Family family : Family.values()) {
      if (family.modelType().equals(type)) {
        return family;
      }
    }
    throw fields.unsupported("model_type", type, "gpt2, gpt_neox");
  }

  private Result gpt2() {
    boolean older = fields.has("n_ctx") && !fields.has(GPT2.positions);
    Keys keys = older ? GPT2.withPositions("n_ctx") : GPT2;
    fields.bool("reorder_and_upcast_attn", false);
    Architecture architecture =
        Architecture.gpt2(
            fields.bool("scale_attn_weights", true),
            fields.bool("scale_attn_by_inverse_layer_idx", false));
    return new Result(
        config(keys, "gelu_new", architecture), fields.bool("tie_word_embeddings", true));
  }

  private Result gptNeoX() {
    Keys keys = GPT_NEOX;
    int dModel = size(keys.dModel, MAX_WIDTH);
    int heads = size(keys.heads, MAX_WIDTH);
    checkHeads(fields, keys, dModel, heads);
    Architecture architecture =
        Architecture.gptNeoX(
            fields.bool("use_parallel_residual", true),
            fields.bool("attention_bias", true),
            rotary(dModel / heads));
    return new Result(
        config(keys, "gelu", architecture), fields.bool("tie_word_embeddings", false));
  }

  private ModelConfig config(Keys keys, String activation, Architecture architecture) {
    fields.requireOff("add_cross_attention", "use a decoder-only model");
    fields.requireOff("is_encoder_decoder", "use a decoder-only model");
    fields.requireEmpty("pruned_heads", "use a model whose heads are all there");
    int vocabulary = size(VOCABULARY, MAX_VOCABULARY);
    int positions = size(keys.positions, MAX_POSITIONS);
    int dModel = size(keys.dModel, MAX_WIDTH);
    int layers = size(keys.layers, MAX_LAYERS);
    int heads = size(keys.heads, MAX_WIDTH);
    checkHeads(fields, keys, dModel, heads);
    boolean wide = architecture.family() == Family.GPT2 && fields.get(keys.dMlp) == null;
    return new ModelConfig(
        vocabulary,
        positions,
        dModel,
        layers,
        heads,
        wide ? 4 * dModel : size(keys.dMlp, MAX_NEURONS),
        fields.number(keys.epsilon, fields.getOrDefault(keys.epsilon, 1e-5), 1),
        fields.activation(keys.activation, activation),
        architecture,
        fields.id("bos_token_id", fields.get("bos_token_id"), vocabulary),
        fields.id("eos_token_id", fields.get("eos_token_id"), vocabulary),
        fields.id("pad_token_id", fields.get("pad_token_id"), vocabulary));
  }

  private int size(String key, int maximum) {
    return fields.wholeNumber(key, fields.required(key), 1, maximum);
  }

  private static void checkHeads(ConfigFields fields, Keys keys, int dModel, int heads) {
    if (dModel % heads != 0) {
      throw fields.wrong(
          keys.heads, (long) heads, "a divisor of " + keys.dModel + ", which is " + dModel);
    }
  }

  /**
   * Rotary positions, in the spellings of {@code GPTNeoXConfig} before and after its version 5, of
   * which two in one file must agree.
   */
  private Rotary rotary(int dHead) {
    for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
      ConfigFields rope = fields.object(key);
      for (String type : new String[] {"rope_type", "type"}) {
        Object value = rope.getOrDefault(type, "default");
        if (!"default".equals(value)) {
          throw rope.unsupported(type, value, "default");
        }
      }
      rope.requireOnly("rope_type", "type", "rope_theta", "partial_rotary_factor");
    }
    Spelling share = spelling(0.25, "rotary_pct", "partial_rotary_factor");
    double part = share.fields.number(share.key, share.value, 1);
    Spelling base = spelling(10_000.0, "rotary_emb_base", "rope_theta");
    int dims = (int) (dHead * part);
    checkRotary(share.fields, share.key, share.value, dims, dHead);
    return new Rotary(dims, base.fields.number(base.key, base.value, MAX_BASE));
  }

  /** A value, and where it stands. */
  private record Spelling(ConfigFields fields, String key, Object value) {}

  /** The value of one of two keys, the second of which may also stand among the rope parameters. */
  private Spelling spelling(double standard, String key, String other) {
    Spelling found = null;
    for (Spelling next :
        new Spelling[] {
          new Spelling(fields, key, fields.get(key)),
          new Spelling(fields, other, fields.get(other)),
          in("rope_scaling", other),
          in("rope_parameters", other)
        }) {
      if (next.value != null && found == null) {
        found = next;
      } else if (next.value != null && !sameNumber(next.value, found.value)) {
        throw next.fields.wrong(next.key, next.value, "the same as " + found.key);
      }
    }
    return found == null ? new Spelling(fields, key, standard) : found;
  }

  private Spelling in(String object, String key) {
    ConfigFields rope = fields.object(object);
    return new Spelling(rope, key, rope.get(key));
  }

  private static boolean sameNumber(Object a, Object b) {
    return a instanceof Number x && b instanceof Number y && x.doubleValue() == y.doubleValue();
  }

  private static void checkRotary(
      ConfigFields fields, String key, Object value, int dims, int dHead) {
    if (dims < 2 || dims % 2 != 0 || dims > dHead) {
      throw fields.wrong(
          key,
          value,
          "what turns an even number of a head's %d dimensions, not %d".formatted(dHead, dims));
    }
  }
}
