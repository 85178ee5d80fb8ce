package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.core.InputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a {@code tokenizer.json} says of its tokens, as they are spelt there.
 *
 * @param ids token to id, added tokens included
 * @param added the added tokens, which are looked for in the text before anything else
 * @param merges pairs in order of precedence, for byte-pair encodings
 * @param byteLevelPairs whether it is GPT-2's byte-level pair encoding with its regular expression
 *     and no quirks: then no text can be refused, and text may be cut where {@link
 *     TextBuffer#mayCut} says so
 */
record Vocabulary(
    Map<String, Integer> ids,
    Map<String, Integer> added,
    List<String> merges,
    boolean byteLevelPairs) {

  private static final int LARGEST_ID = 1 << 24;
  private static final String REMEDY = TokenizerField.REMEDY;

  /**
   * What a file says of its tokens.
   *
   * @throws InputException if ids are missing or out of range
   */
  static Vocabulary of(Path file, JsonNode root) {
    Map<String, Integer> added = new TreeMap<>();
    for (JsonNode token : root.path("added_tokens")) {
      JsonNode content = token.path("content");
      if (!content.isTextual()) {
        throw new InputException(file, "added_tokens", "a token without content", REMEDY);
      }
      added.put(content.textValue(), id(file, content.textValue(), token.path("id")));
    }
    return of(root, model(file, root), added);
  }

  /** As above, of ids that are known. */
  static Vocabulary of(JsonNode root, Map<String, Integer> model, Map<String, Integer> added) {
    Map<String, Integer> ids = new HashMap<>(model);
    ids.putAll(added);
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : root.path("model").path("merges")) { // "a b", newer files ["a", "b"]
      merges.add(
          merge.isArray() ? merge.path(0).asText() + " " + merge.path(1).asText() : merge.asText());
    }
    return new Vocabulary(ids, new TreeMap<>(added), merges, isByteLevelPairs(root));
  }

  /** As above, of the bytes of a file. */
  static Vocabulary parse(Path file, byte[] bytes) {
    return of(file, TokenizerFiles.tree(file, bytes, REMEDY));
  }

  /** The ids of the model's own tokens. */
  static Map<String, Integer> model(Path file, JsonNode root) {
    JsonNode model = root.path("model");
    if (!model.isObject()) {
      throw new InputException(file, "model", "missing", REMEDY);
    }
    if (model.path("dropout").asDouble(0) > 0) {
      throw new InputException(
          file, "model.dropout", "makes tokens random", "set it to null, as it is after training");
    }
    Map<String, Integer> ids = new HashMap<>();
    readVocabulary(file, model.path("vocab"), ids);
    return ids;
  }

  private static void readVocabulary(Path file, JsonNode vocab, Map<String, Integer> ids) {
    if (vocab.isObject()) {
      vocab.properties().forEach(e -> ids.put(e.getKey(), id(file, e.getKey(), e.getValue())));
    } else if (vocab.isArray()) { // Unigram: pairs of token and score, in the order of ids
      for (int i = 0; i < vocab.size(); i++) {
        ids.put(vocab.get(i).path(0).asText(), i);
      }
    } else {
      throw new InputException(file, "model.vocab", "missing", REMEDY);
    }
    if (ids.isEmpty()) {
      throw new InputException(file, "model.vocab", "empty", REMEDY);
    }
  }

  /** An id, checked. */
  static int id(Path file, String token, JsonNode id) {
    if (!id.canConvertToInt()
        || !id.isIntegralNumber()
        || id.intValue() < 0
        || id.intValue() > LARGEST_ID) {
      throw new InputException(
          file,
          "token " + quoted(token),
          "id " + id + " is not an integer from 0 to " + LARGEST_ID,
          REMEDY);
    }
    return id.intValue();
  }

  private static boolean isByteLevelPairs(JsonNode root) {
    JsonNode model = root.path("model");
    JsonNode split = root.path("pre_tokenizer");
    String normalizer = root.path("normalizer").path("type").asText("");
    boolean plain =
        model.path("type").asText("BPE").equals("BPE")
            && model.path("unk_token").asText("").isEmpty()
            && split.path("type").asText().equals("ByteLevel")
            && split.path("use_regex").asBoolean(true)
            && !split.path("add_prefix_space").asBoolean(true)
            && (normalizer.isEmpty() || normalizer.equals("NFC"));
    for (JsonNode token : root.path("added_tokens")) {
      plain &=
          !token.path("lstrip").asBoolean()
              && !token.path("rstrip").asBoolean()
              && !token.path("single_word").asBoolean()
              && token.path("content").asText().chars().noneMatch(c -> c == '\n')
              && !token.path("content").asText().matches(".*\\S .*");
    }
    return plain;
  }

  /** One more than the largest id. */
  int size() {
    return ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
  }

  /** Without added tokens of this id and more. */
  Vocabulary below(int limit) {
    Map<String, Integer> kept = new HashMap<>(ids);
    Map<String, Integer> keptAdded = new TreeMap<>(added);
    added.forEach((token, id) -> {
      if (id >= limit) {
        kept.remove(token);
        keptAdded.remove(token);
      }
    });
    return new Vocabulary(kept, keptAdded, merges, byteLevelPairs);
  }

  /** The first thing in which another vocabulary differs, by id; empty if the two mean the same. */
  Optional<String> difference(Vocabulary other) {
    if (!ids.equals(other.ids)) {
      return Optional.of(differentToken(other));
    }
    if (!added.equals(other.added)) {
      Map<String, Integer> mine = new TreeMap<>(added);
      Map<String, Integer> theirs = new TreeMap<>(other.added);
      mine.keySet().removeAll(other.added.keySet());
      theirs.keySet().removeAll(added.keySet());
      boolean here = !mine.isEmpty();
      String token = (here ? mine : theirs).keySet().iterator().next();
      return Optional.of(
          quoted(token) + " is an added token " + (here ? "here, not there" : "there, not here"));
    }
    int common = Math.min(merges.size(), other.merges.size());
    for (int i = 0; i < common; i++) {
      if (!merges.get(i).equals(other.merges.get(i))) {
        return Optional.of(
            "merge "
                + i
                + " is "
                + quoted(merges.get(i))
                + " here and "
                + quoted(other.merges.get(i))
                + " there");
      }
    }
    if (merges.size() != other.merges.size()) {
      return Optional.of(merges.size() + " merges here and " + other.merges.size() + " there");
    }
    return Optional.empty();
  }

  /** SHA-256 (hex) of all that {@link #difference} compares. */
  String identity() {
    MessageDigest digest = TokenizerEngine.sha256();
    hash(digest, ids);
    hash(digest, added);
    merges.forEach(merge -> hash(digest, merge));
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void hash(MessageDigest digest, Map<String, Integer> tokens) {
    new TreeMap<>(tokens)
        .forEach((token, id) -> {
          hash(digest, token);
          digest.update((id + "\n").getBytes(StandardCharsets.UTF_8));
        });
    digest.update((tokens.size() + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** With its length in front, so that no two lists of texts are the same bytes. */
  private static void hash(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
  }

  private String differentToken(Vocabulary other) {
    Map<Integer, String> mine = byId();
    Map<Integer, String> theirs = other.byId();
    TreeMap<Integer, String> all = new TreeMap<>(theirs);
    all.putAll(mine);
    for (int id : all.keySet()) {
      String here = mine.get(id);
      String there = theirs.get(id);
      if (here == null || there == null) {
        return "token id "
            + id
            + " is "
            + quoted(here == null ? there : here)
            + (here == null ? " there and unused here" : " here and unused there");
      }
      if (!here.equals(there)) {
        return "token id " + id + " is " + quoted(here) + " here and " + quoted(there) + " there";
      }
    }
    return "two tokens share an id in one of them";
  }

  private Map<Integer, String> byId() {
    Map<Integer, String> tokens = HashMap.newHashMap(ids.size());
    ids.forEach((token, id) -> tokens.merge(id, token, (a, b) -> a.compareTo(b) < 0 ? a : b));
    return tokens;
  }

  /** A token in quotes, with control characters as escapes. */
  static String quoted(String token) {
    StringBuilder text = new StringBuilder("\"");
    token
        .codePoints()
        .forEach(c -> {
          if (Character.isISOControl(c)) {
            text.append("\\u").append(HexFormat.of().toHexDigits((char) c));
          } else {
            text.appendCodePoint(c);
          }
        });
    return text.append('"').toString();
  }
}
