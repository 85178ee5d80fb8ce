package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import dev.homolog.core.tokens.AddedTokens.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the files beside a {@code tokenizer.json} change of the ids: {@code tokenizer_config.json},
 * {@code special_tokens_map.json} and {@code added_tokens.json}, as Python's {@code AutoTokenizer}
 * reads them. Where its versions differ on a switch, the switch is refused.
 *
 * @param files of the tokenizer
 * @param config {@code tokenizer_config.json}
 * @param map {@code special_tokens_map.json}; empty where the configuration makes it of no use
 * @param added {@code added_tokens.json}; empty where the configuration makes it of no use
 * @param kind the class of Python that reads the tokenizer, without "Fast"; empty if not known
 */
record TokenizerConfig(
    TokenizerFiles files,
    Optional<ObjectNode> config,
    Optional<ObjectNode> map,
    Optional<ObjectNode> added,
    String kind) {

  private static final String CONFIG = "tokenizer_config.json";
  private static final String MAP = "special_tokens_map.json";
  private static final String ADDED = "added_tokens.json";
  private static final String DECODER = "added_tokens_decoder";
  private static final int LONGEST = 4096;
  private static final String REMEDY =
      "save the tokenizer anew with Python's transformers, or take the field out";
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final String PADDING = "<|padding|>";
  private static final List<String> NAMED =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /** Classes that take the space in front from their configuration; without it there is none. */
  private static final Set<String> BYTE_LEVEL =
      Set.of(
          "GPT2Tokenizer",
          "GPTNeoXTokenizer",
          "CodeGenTokenizer",
          "RobertaTokenizer",
          "BartTokenizer",
          "LongformerTokenizer",
          "LEDTokenizer");

  /** Classes with the token between documents by default. */
  private static final Set<String> WITH_END_OF_TEXT =
      Set.of("GPT2Tokenizer", "GPTNeoXTokenizer", "CodeGenTokenizer");

  /** Classes that take letters and accents from their configuration. */
  private static final Set<String> WORD_PIECES =
      Set.of("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer");

  /**
   * Reads them.
   *
   * @throws InputException if one is no JSON object
   */
  static TokenizerConfig of(TokenizerFiles files) {
    Optional<ObjectNode> config = files.object(CONFIG);
    boolean complete = config.isPresent() && config.get().path(DECODER).isObject();
    return new TokenizerConfig(
        files,
        config,
        complete ? Optional.empty() : files.object(MAP),
        complete ? Optional.empty() : files.object(ADDED),
        config.isEmpty() ? "" : kind(files, config.get()));
  }

  private static String kind(TokenizerFiles files, ObjectNode config) {
    String name = config.path("tokenizer_class").asText("");
    if (name.isEmpty() || name.equals("null")) {
      ObjectNode model = files.object("config.json").orElse(config);
      name = model.path("tokenizer_class").asText("");
      if (name.isEmpty() || name.equals("null")) {
        name =
            switch (model.path("model_type").asText("")) {
              case "gpt2" -> "GPT2Tokenizer";
              case "gpt_neox" -> "GPTNeoXTokenizer";
              default -> "";
            };
      }
    }
    return name.endsWith("Fast") ? name.substring(0, name.length() - 4) : name;
  }

  /** All that can change ids, for a hash. */
  String content() {
    return config + "\n" + map + "\n" + added + "\n" + kind;
  }

  /** Whether special tokens are cut like other text. */
  boolean splitsSpecial() {
    return config.isPresent() && field("split_special_tokens").bool(false);
  }

  private TokenizerField field(String name) {
    return new TokenizerField(files.beside(CONFIG), name, config.orElseThrow().path(name));
  }

  private InputException refuse(TokenizerField field, String problem) {
    return new InputException(field.file(), field.path(), problem, REMEDY);
  }

  /**
   * Changes the components of a {@code tokenizer.json} as the configuration says.
   *
   * @throws InputException if a switch is of the wrong type, or is read differently by different
   *     versions
   */
  void apply(ObjectNode root) {
    if (config.isEmpty()) {
      return;
    }
    JsonNode own = config.get().path("auto_map");
    if (own.isArray() || own.has("AutoTokenizer")) {
      throw refuse(field("auto_map"), "names a program that makes the tokenizer, which is not run");
    }
    prefixSpace(root);
    letters(root);
    legacy(root);
  }

  private void prefixSpace(ObjectNode root) {
    TokenizerField field = field("add_prefix_space");
    Optional<Boolean> wanted = field.absent() ? Optional.empty() : Optional.of(field.bool());
    JsonNode cut = root.path("pre_tokenizer");
    boolean own = BYTE_LEVEL.contains(kind);
    if (own && cut instanceof ObjectNode bytes && type(bytes).equals("ByteLevel")) {
      bytes.put("add_prefix_space", wanted.orElse(false));
      return;
    }
    if (wanted.isEmpty()) {
      return;
    }
    List<Boolean> there = new ArrayList<>();
    prefixes(cut, there);
    prefixes(root.path("normalizer"), there);
    boolean alike = there.stream().allMatch(wanted.get()::equals);
    if (!alike || there.isEmpty() && wanted.get()) {
      throw refuse(
          field,
          "is "
              + wanted.get()
              + ", but tokenizer.json does otherwise, and versions of transformers"
              + " differ on which counts");
    }
  }

  private static void prefixes(JsonNode part, List<Boolean> there) {
    part.path("pretokenizers").forEach(inner -> prefixes(inner, there));
    part.path("normalizers").forEach(inner -> prefixes(inner, there));
    switch (type(part)) {
      case "ByteLevel" -> {
        if (part.has("add_prefix_space")) {
          there.add(part.path("add_prefix_space").asBoolean(true));
        }
      }
      case "Metaspace" ->
          there.add(
              part.path("add_prefix_space").asBoolean(true)
                  && !part.path("prepend_scheme").asText("").equals("never"));
      case "Prepend" -> there.add(true);
      default -> {
        // Puts nothing in front.
      }
    }
  }

  private static String type(JsonNode part) {
    return part.path("type").asText("");
  }

  private void letters(ObjectNode root) {
    JsonNode part = root.path("normalizer");
    if (!(part instanceof ObjectNode bert) || !type(part).equals("BertNormalizer")) {
      return;
    }
    TokenizerField lower = field("do_lower_case");
    TokenizerField accents = field("strip_accents");
    TokenizerField chinese = field("tokenize_chinese_chars");
    if (WORD_PIECES.contains(kind)) {
      bert.put("lowercase", lower.bool(true));
      if (accents.absent()) {
        bert.putNull("strip_accents");
      } else {
        bert.put("strip_accents", accents.bool());
      }
      bert.put("handle_chinese_chars", chinese.bool(true));
      return;
    }
    Map.of(lower, "lowercase", accents, "strip_accents", chinese, "handle_chinese_chars")
        .forEach((field, name) -> {
          JsonNode there = bert.path(name);
          if (!field.absent() && (!there.isBoolean() || field.bool() != there.booleanValue())) {
            throw refuse(field, "is not what tokenizer.json says of " + name);
          }
        });
  }

  /** Llama's tokenizers before and after a change of how the space in front is made. */
  private void legacy(ObjectNode root) {
    TokenizerField field = field("legacy");
    if (!kind.equals("LlamaTokenizer") || field.absent()) {
      return;
    }
    boolean prepends = root.path("normalizer").toString().contains("\"Prepend\"");
    boolean marks = type(root.path("pre_tokenizer")).equals("Metaspace");
    if (field.bool() ? marks : prepends) {
      throw refuse(
          field,
          "is "
              + field.bool()
              + ", but tokenizer.json does otherwise, and versions of transformers"
              + " differ on which counts");
    }
  }

  /**
   * Adds the tokens that the files name beside those of {@code tokenizer.json}, in the order of
   * {@code AutoTokenizer}: by id, then those with a name.
   *
   * @throws InputException if a token is not well formed, or would get another id
   */
  void addTo(AddedTokens tokens) {
    Map<String, Token> named = named(tokens);
    config.ifPresent(json -> declared(json.path(DECODER), named, tokens));
    added.ifPresent(json -> listed(json, named, tokens));
    TokenizerField from =
        new TokenizerField(
            files.beside(config.isPresent() ? CONFIG : MAP),
            "special tokens",
            JsonNodeFactory.instance.nullNode());
    for (Token token : named.values()) {
      if (!tokens.has(token.content())) {
        requireOneId(token, tokens);
        tokens.add(token, OptionalInt.empty(), from);
      }
    }
  }

  /** GPT-NeoX's class gives the first free id to a token for padding since version 5. */
  private void requireOneId(Token token, AddedTokens tokens) {
    boolean other =
        kind.equals("GPTNeoXTokenizer")
            && !merged().has("pad_token")
            && !tokens.has(PADDING)
            && !tokens.inVocabulary(PADDING)
            && !tokens.inVocabulary(token.content());
    if (other) {
      throw refuse(
          new TokenizerField(files.beside(CONFIG), "pad_token", merged()),
          "is not there, so that the id of "
              + Vocabulary.quoted(token.content())
              + " differs between versions of transformers");
    }
  }

  /** The configuration, and what the map says in its place. */
  private ObjectNode merged() {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    config.ifPresent(all::setAll);
    map.ifPresent(all::setAll);
    return all;
  }

  /** Tokens with a name, in order, each once. */
  private Map<String, Token> named(AddedTokens tokens) {
    ObjectNode all = merged();
    List<TokenizerField> values = new ArrayList<>();
    for (String name : NAMED) {
      values.add(new TokenizerField(files.beside(place(name)), name, all.path(name)));
    }
    for (String name : List.of("additional_special_tokens", "extra_special_tokens")) {
      TokenizerField list = new TokenizerField(files.beside(place(name)), name, all.path(name));
      list.node().forEach(value -> values.add(new TokenizerField(list.file(), name, value)));
    }
    Map<String, Token> named = new LinkedHashMap<>();
    for (TokenizerField value : values) {
      if (!value.absent() && !(value.node().isBoolean() && !value.node().booleanValue())) {
        Token token = token(value, map.isPresent() && place(value.path()).equals(MAP));
        named.putIfAbsent(token.content(), token);
      }
    }
    boolean own = WITH_END_OF_TEXT.contains(kind) && config.isPresent();
    boolean given = all.has("bos_token") && all.has("eos_token") && all.has("unk_token");
    if (own && !given && tokens.inVocabulary(END_OF_TEXT)) {
      named.putIfAbsent(END_OF_TEXT, Token.special(END_OF_TEXT));
    }
    return named;
  }

  private String place(String name) {
    return map.isPresent() && map.get().has(name) ? MAP : CONFIG;
  }

  /** A name alone, or an object with switches. */
  private static Token token(TokenizerField value, boolean special) {
    if (value.node().isTextual()) {
      return Token.special(value.string(LONGEST));
    }
    return new Token(
        value.child("content").string(LONGEST),
        value.child("single_word").bool(false),
        value.child("lstrip").bool(false),
        value.child("rstrip").bool(false),
        value.child("normalized").bool(!special),
        true);
  }

  private void declared(JsonNode json, Map<String, Token> named, AddedTokens tokens) {
    Map<Integer, TokenizerField> byId = new TreeMap<>();
    json.properties()
        .forEach(entry -> {
          TokenizerField field =
              new TokenizerField(
                  files.beside(CONFIG), DECODER + "." + entry.getKey(), entry.getValue());
          if (!entry.getKey().matches("[0-9]{1,8}")) {
            throw refuse(field, "is no id");
          }
          byId.put(Integer.parseInt(entry.getKey()), field);
        });
    byId.forEach((id, field) -> {
      boolean special = field.child("special").bool(false);
      Token token =
          new Token(
              field.child("content").string(LONGEST),
              field.child("single_word").bool(false),
              field.child("lstrip").bool(false),
              field.child("rstrip").bool(false),
              field.child("normalized").bool(!special),
              special);
      if (tokens.has(token)) {
        return;
      }
      tokens.add(
          named.containsKey(token.content()) ? asSpecial(token) : token, OptionalInt.of(id), field);
    });
  }

  private static Token asSpecial(Token token) {
    return new Token(
        token.content(),
        token.singleWord(),
        token.leftStrip(),
        token.rightStrip(),
        token.normalized(),
        true);
  }

  /** Names and ids; they need not be in the order of the ids. */
  private void listed(ObjectNode json, Map<String, Token> named, AddedTokens tokens) {
    Map<Integer, String> byId = new TreeMap<>();
    json.properties()
        .forEach(entry -> {
          TokenizerField id =
              new TokenizerField(
                  files.beside(ADDED), Vocabulary.quoted(entry.getKey()), entry.getValue());
          String other = byId.put(id.integer(0, 1 << 24), entry.getKey());
          if (other != null) {
            throw refuse(id, "has the id of " + Vocabulary.quoted(other));
          }
        });
    byId.forEach((id, content) -> {
      if (!tokens.has(content)) {
        boolean special = named.containsKey(content);
        tokens.add(
            new Token(content, false, false, false, !special, special),
            OptionalInt.of(id),
            new TokenizerField(files.beside(ADDED), "", json));
      }
    });
  }
}
