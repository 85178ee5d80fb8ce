package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.model.family.ConfigFields;
import dev.homolog.core.model.family.ConfigKeys;
import dev.homolog.core.model.family.ModelFamily;
import dev.homolog.core.model.family.PositionSpec;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads the {@code config.json} of a model. Sizes must be there; other keys have the defaults of
 * Hugging Face's configuration of the family. BOS and EOS have no default. Keys that only concern
 * training or generation are not looked at.
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

  private static final String MODEL_TYPE = "model_type";
  private static final String VOCABULARY = "vocab_size";
  private static final int MAX_ARCHITECTURES = 10;

  /** Classes of transformers, and of programs beside it, whose models predict tokens. */
  private static final Pattern LANGUAGE_HEAD =
      Pattern.compile(".*(LMHeadModel|ForCausalLM|DoubleHeadsModel|WithValueHead).*");

  private final ConfigFields fields;
  private final ModelFamily family;

  /**
   * What the file says.
   *
   * @param config what it says of the model
   * @param tied {@code tie_word_embeddings}: if not, the weights must hold the unembedding
   * @param head what {@code architectures} says of the head
   * @param architectures as the file has them, in a row; empty if it has none
   * @param absentIds keys whose ids are outside the vocabulary, and these ids
   */
  record Result(
      ModelConfig config,
      boolean tied,
      ModelLayout.Head head,
      String architectures,
      Map<String, String> absentIds) {}

  private ModelConfigReader(ConfigFields fields) {
    this.fields = fields;
    if (!fields.has(MODEL_TYPE)) {
      throw missingType(fields);
    }
    Object type = fields.required(MODEL_TYPE);
    this.family =
        ModelFamily.ofType(type)
            .orElseThrow(() -> {
              String known =
                  ModelFamily.all().stream()
                      .map(ModelFamily::modelType)
                      .collect(Collectors.joining(", "));
              return fields.unsupported(MODEL_TYPE, type, known);
            });
  }

  /** Says which type a file without one is of, as far as its other keys tell. */
  private static InputException missingType(ConfigFields fields) {
    for (ModelFamily family : ModelFamily.all()) {
      ConfigKeys.Sizes sizes = family.keys().sizes();
      if (fields.has(sizes.dModel()) && fields.has(sizes.layers()) && fields.has(sizes.heads())) {
        return fields.missing(
            MODEL_TYPE, "add \"model_type\": \"" + family.modelType() + "\" to the file");
      }
    }
    return fields.missing(MODEL_TYPE, REMEDY);
  }

  /**
   * Reads the bytes of a {@code config.json}.
   *
   * @param where the file, for messages
   * @throws InputException if a key is missing, of the wrong type, out of range, or asks for what
   *     is not supported
   */
  static Result read(String where, byte[] bytes) {
    StrictJson json = new StrictJson(where, "", REMEDY, MAX_DEPTH, MAX_LIST);
    Map<String, Object> values = json.readObject(new ByteArrayInputStream(bytes));
    return new ModelConfigReader(new ConfigFields(where, REMEDY, values)).read();
  }

  /**
   * Checks a configuration that did not come from a file against the same ranges.
   *
   * @throws InputException naming the key of {@code config.json} that would hold the value
   */
  static void check(String where, ModelConfig c) {
    ConfigFields fields = new ConfigFields(where, "correct the configuration", Map.of());
    ConfigKeys keys = c.architecture().family().keys();
    ConfigKeys.Sizes sizes = keys.sizes();
    fields.wholeNumber(VOCABULARY, (long) c.vocabSize(), 1, MAX_VOCABULARY);
    fields.wholeNumber(sizes.positions(fields), (long) c.positions(), 1, MAX_POSITIONS);
    fields.wholeNumber(sizes.dModel(), (long) c.dModel(), 1, MAX_WIDTH);
    fields.wholeNumber(sizes.layers(), (long) c.layers(), 1, MAX_LAYERS);
    fields.wholeNumber(sizes.heads(), (long) c.heads(), 1, MAX_WIDTH);
    fields.wholeNumber(sizes.dMlp(), (long) c.dMlp(), 1, MAX_NEURONS);
    checkHeads(fields, sizes, c.dModel(), c.heads());
    fields.number(keys.epsilon(), c.architecture().norm().epsilon(), 1);
    if (c.architecture().positions() instanceof PositionSpec.Rotary rotary) {
      keys.rotary().orElseThrow().check(fields, rotary, c.dHead());
    }
    c.ids().bos().ifPresent(id -> fields.id(SpecialIds.BOS, (long) id, c.vocabSize()));
    c.ids().eos().ifPresent(id -> fields.id(SpecialIds.EOS, (long) id, c.vocabSize()));
    c.ids().pad().ifPresent(id -> fields.id(SpecialIds.PAD, (long) id, c.vocabSize()));
  }

  private Result read() {
    ConfigKeys.Sizes sizes = family.keys().sizes();
    fields.requireOff("add_cross_attention", "use a decoder-only model");
    fields.requireOff("is_encoder_decoder", "use a decoder-only model");
    fields.requireEmpty("pruned_heads", "use a model whose heads are all there");
    int vocabulary = size(VOCABULARY, MAX_VOCABULARY);
    int positions = size(sizes.positions(fields), MAX_POSITIONS);
    int dModel = size(sizes.dModel(), MAX_WIDTH);
    int layers = size(sizes.layers(), MAX_LAYERS);
    int heads = size(sizes.heads(), MAX_WIDTH);
    checkHeads(fields, sizes, dModel, heads);
    SpecialIds ids = SpecialIds.read(fields, vocabulary);
    ModelConfig config =
        new ModelConfig(
            vocabulary,
            positions,
            dModel,
            layers,
            heads,
            dMlp(sizes, dModel),
            family.read(fields, dModel / heads),
            new TokenIds(ids.bos(), ids.eos(), ids.pad(), ids.others()));
    List<String> architectures = architectures();
    return new Result(
        config,
        fields.bool("tie_word_embeddings", family.keys().tied()),
        head(architectures),
        String.join(", ", architectures),
        ids.absent());
  }

  /** Names of classes; what is none is of no concern here. */
  private List<String> architectures() {
    return fields.get("architectures") instanceof List<?> list
        ? list.stream()
            .filter(String.class::isInstance)
            .map(name -> StrictJson.clip((String) name))
            .limit(MAX_ARCHITECTURES)
            .toList()
        : List.of();
  }

  private static ModelLayout.Head head(List<String> architectures) {
    if (architectures.isEmpty()) {
      return ModelLayout.Head.UNKNOWN;
    }
    return architectures.stream().anyMatch(name -> LANGUAGE_HEAD.matcher(name).matches())
        ? ModelLayout.Head.LANGUAGE
        : ModelLayout.Head.OTHER;
  }

  private int dMlp(ConfigKeys.Sizes sizes, int dModel) {
    return sizes.mlpRatio().isPresent() && fields.get(sizes.dMlp()) == null
        ? sizes.mlpRatio().getAsInt() * dModel
        : size(sizes.dMlp(), MAX_NEURONS);
  }

  private int size(String key, int maximum) {
    return fields.wholeNumber(key, fields.required(key), 1, maximum);
  }

  private static void checkHeads(
      ConfigFields fields, ConfigKeys.Sizes sizes, int dModel, int heads) {
    if (dModel % heads != 0) {
      throw fields.wrong(
          sizes.heads(), (long) heads, "a divisor of " + sizes.dModel() + ", which is " + dModel);
    }
  }
}
