package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * The model of a tokenizer's file, written anew. Its tokens get the ids 0, 1, 2 … in the order of
 * the file, since the native library counts added tokens from there; {@link #fileIds} leads back.
 */
final class TokenizerModel {
  private static final int MOST_TOKENS = 1 << 21;
  private static final int MOST_MERGES = 1 << 22;
  private static final int LONGEST_TOKEN = 4096;
  private static final int LONGEST_PIECE = 512;
  private static final int LONGEST_AFFIX = 64;
  private static final int LONGEST_WORD = 1000;
  private static final double GREATEST_SCORE = 1e12;

  private final TokenizerField field;
  private final String type;
  private final Map<String, Integer> ids;
  private final int[] fileIds;

  /**
   * @param ids of the vocabulary, checked
   */
  TokenizerModel(TokenizerField field, Map<String, Integer> ids) {
    this.field = field;
    this.type = type(field);
    this.ids = ids;
    JsonNode vocabulary = field.node().path("vocab");
    if (vocabulary.size() > MOST_TOKENS) {
      throw field.child("vocab").refuse("has more than " + MOST_TOKENS + " tokens");
    }
    if (vocabulary.isArray() != type.equals("Unigram")) {
      throw field.child("vocab").refuse("is not that of a " + type + " model");
    }
    fileIds = new int[vocabulary.size()];
    if (vocabulary.isArray()) {
      for (int i = 0; i < fileIds.length; i++) {
        require(piece(i));
        fileIds[i] = i;
      }
    } else {
      int place = 0;
      for (var names = vocabulary.fieldNames(); names.hasNext(); ) {
        String token = names.next();
        require(token);
        fileIds[place++] = ids.get(token);
      }
    }
  }

  private void require(String token) {
    if (token.length() > LONGEST_TOKEN) {
      throw field.child("vocab").refuse("a token is longer than " + LONGEST_TOKEN + " characters");
    }
    if (Utf8.wellFormed(token).replaced() > 0) {
      throw field.child("vocab").refuse("a token holds half a surrogate pair");
    }
  }

  private String piece(int i) {
    TokenizerField pair =
        new TokenizerField(
            field.file(), field.path() + ".vocab[" + i + "]", field.node().path("vocab").get(i));
    JsonNode score = pair.node().path(1);
    if (pair.node().size() != 2
        || !pair.node().path(0).isTextual()
        || !score.isNumber()
        || !(Math.abs(score.doubleValue()) <= GREATEST_SCORE)) {
      throw pair.refuse("is no pair of a token and its score");
    }
    String token = pair.node().path(0).textValue();
    if (token.length() > LONGEST_PIECE) {
      throw pair.refuse("is longer than " + LONGEST_PIECE + " characters");
    }
    return token;
  }

  /** Files before 2020 do not name it; what they hold tells. */
  private static String type(TokenizerField field) {
    if (field.node().has("type")) {
      String type = field.child("type").string(100);
      if (!Set.of("BPE", "WordPiece", "WordLevel", "Unigram").contains(type)) {
        throw new InputException(
            field.file(),
            "model.type",
            "not a tokenizer: no model is called " + Vocabulary.quoted(type),
            TokenizerField.REMEDY);
      }
      return type;
    }
    if (field.node().path("vocab").isArray()) {
      return "Unigram";
    }
    if (field.node().has("merges")) {
      return "BPE";
    }
    return field.node().has("max_input_chars_per_word") ? "WordPiece" : "WordLevel";
  }

  /** The id in the file of each token of the library, without added tokens. */
  int[] fileIds() {
    return fileIds;
  }

  /** Writes the object. */
  void write(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("type", type);
    switch (type) {
      case "BPE" -> pairs(to);
      case "WordPiece" -> {
        field.only("vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word");
        to.writeStringField("unk_token", field.child("unk_token").string(LONGEST_TOKEN));
        to.writeStringField(
            "continuing_subword_prefix",
            field.child("continuing_subword_prefix").string(LONGEST_AFFIX));
        to.writeNumberField(
            "max_input_chars_per_word",
            field.child("max_input_chars_per_word").integer(0, LONGEST_WORD));
        vocabulary(to);
      }
      case "WordLevel" -> {
        field.only("vocab", "unk_token");
        to.writeStringField("unk_token", field.child("unk_token").string(LONGEST_TOKEN));
        vocabulary(to);
      }
      default -> unigram(to);
    }
    to.writeEndObject();
  }

  private void pairs(JsonGenerator to) throws IOException {
    field.only(
        "vocab",
        "merges",
        "dropout",
        "unk_token",
        "continuing_subword_prefix",
        "end_of_word_suffix",
        "fuse_unk",
        "byte_fallback",
        "ignore_merges");
    TokenizerField dropout = field.child("dropout");
    if (!dropout.absent() && !(dropout.node().isNumber() && dropout.node().doubleValue() == 0)) {
      throw dropout.refuse("is not 0");
    }
    String prefix = field.child("continuing_subword_prefix").optional(LONGEST_AFFIX).orElse("");
    String suffix = field.child("end_of_word_suffix").optional(LONGEST_AFFIX).orElse("");
    boolean bytes = field.child("byte_fallback").bool(false);
    if (bytes && !(prefix.isEmpty() && suffix.isEmpty())) {
      throw field.child("byte_fallback").refuse("is set beside a prefix or suffix of words");
    }
    var unknown = field.child("unk_token").optional(LONGEST_TOKEN);
    if (unknown.isPresent()) {
      to.writeStringField("unk_token", unknown.get());
    }
    if (!prefix.isEmpty()) {
      to.writeStringField("continuing_subword_prefix", prefix);
    }
    if (!suffix.isEmpty()) {
      to.writeStringField("end_of_word_suffix", suffix);
    }
    to.writeBooleanField("fuse_unk", field.child("fuse_unk").bool(false));
    to.writeBooleanField("byte_fallback", bytes);
    to.writeBooleanField("ignore_merges", field.child("ignore_merges").bool(false));
    vocabulary(to);
    merges(to, prefix);
  }

  private void merges(JsonGenerator to, String prefix) throws IOException {
    TokenizerField merges = field.child("merges");
    if (!merges.node().isArray()) {
      throw merges.refuse(merges.node().isMissingNode() ? "missing" : "is not a list");
    }
    if (merges.node().size() > MOST_MERGES) {
      throw merges.refuse("has more than " + MOST_MERGES + " entries");
    }
    to.writeArrayFieldStart("merges");
    for (int i = 0; i < merges.node().size(); i++) {
      JsonNode merge = merges.node().get(i);
      if (merge.isTextual() && merge.textValue().startsWith("#version")) {
        continue;
      }
      String[] pair = pair(merge);
      if (pair.length != 2) {
        throw merge(i, "is no pair of tokens");
      }
      if (!ids.containsKey(pair[0])
          || !ids.containsKey(pair[1])
          || !pair[1].startsWith(prefix)
          || !ids.containsKey(pair[0] + pair[1].substring(prefix.length()))) {
        throw merge(
            i,
            "is "
                + Vocabulary.quoted(pair[0] + " " + pair[1])
                + ", of which a part or the whole is not in the vocabulary");
      }
      to.writeStartArray();
      to.writeString(pair[0]);
      to.writeString(pair[1]);
      to.writeEndArray();
    }
    to.writeEndArray();
  }

  private static String[] pair(JsonNode merge) {
    if (merge.isTextual()) {
      return merge.textValue().split(" ", -1);
    }
    boolean two =
        merge.isArray()
            && merge.size() == 2
            && merge.get(0).isTextual()
            && merge.get(1).isTextual();
    return two ? new String[] {merge.get(0).textValue(), merge.get(1).textValue()} : new String[0];
  }

  private InputException merge(int i, String problem) {
    return new InputException(
        field.file(), "model.merges[" + i + "]", problem, TokenizerField.REMEDY);
  }

  private void unigram(JsonGenerator to) throws IOException {
    field.only("vocab", "unk_id", "byte_fallback");
    TokenizerField unknown = field.child("unk_id");
    if (!unknown.absent()) {
      to.writeNumberField("unk_id", unknown.integer(0, fileIds.length - 1));
    }
    to.writeBooleanField("byte_fallback", field.child("byte_fallback").bool(false));
    to.writeArrayFieldStart("vocab");
    for (JsonNode pair : field.node().path("vocab")) {
      to.writeStartArray();
      to.writeString(pair.get(0).textValue());
      to.writeNumber(pair.get(1).doubleValue());
      to.writeEndArray();
    }
    to.writeEndArray();
  }

  private void vocabulary(JsonGenerator to) throws IOException {
    to.writeObjectFieldStart("vocab");
    int place = 0;
    for (var names = field.node().path("vocab").fieldNames(); names.hasNext(); ) {
      to.writeNumberField(names.next(), place++);
    }
    to.writeEndObject();
  }
}
