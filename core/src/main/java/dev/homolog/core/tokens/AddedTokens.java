package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The tokens that are looked for in a text before anything else. The native library takes no id for
 * one: a token of the vocabulary keeps its own, others get the next that are free. So the ids of a
 * file must be these, or the library is given ids of its own.
 */
final class AddedTokens {
  private static final int MOST = 1 << 15;
  private static final int LONGEST = 4096;

  /**
   * One of them, with what Python's {@code AddedToken} says of it.
   *
   * @param content as it stands in a text
   */
  record Token(
      String content,
      boolean singleWord,
      boolean leftStrip,
      boolean rightStrip,
      boolean normalized,
      boolean special) {

    /** As a name alone makes it. */
    static Token special(String content) {
      return new Token(content, false, false, false, false, true);
    }

    /** As a file writes it. */
    static Token of(TokenizerField field) {
      return new Token(
          field.child("content").string(LONGEST),
          field.child("single_word").bool(),
          field.child("lstrip").bool(),
          field.child("rstrip").bool(),
          field.child("normalized").bool(),
          field.child("special").bool());
    }

    ObjectNode write(ObjectNode to, int id) {
      return to.put("id", id)
          .put("content", content)
          .put("single_word", singleWord)
          .put("lstrip", leftStrip)
          .put("rstrip", rightStrip)
          .put("normalized", normalized)
          .put("special", special);
    }
  }

  private final Map<String, Integer> vocabulary;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Set<Token> known = new HashSet<>();
  private final List<Token> tokens = new ArrayList<>();
  private final boolean anyIds;
  private int greatest = -1;

  /**
   * @param vocabulary of the model, without added tokens
   * @param anyIds whether ids need not be those that the library would give
   */
  AddedTokens(Map<String, Integer> vocabulary, boolean anyIds) {
    this.vocabulary = vocabulary;
    this.anyIds = anyIds;
  }

  boolean inVocabulary(String content) {
    return vocabulary.containsKey(content);
  }

  boolean has(String content) {
    return ids.containsKey(content);
  }

  boolean has(Token token) {
    return known.contains(token);
  }

  List<Token> tokens() {
    return tokens;
  }

  Map<String, Integer> ids() {
    return ids;
  }

  /** The id that the library gives. */
  int next(String content) {
    Integer id = ids.getOrDefault(content, vocabulary.get(content));
    return id != null ? id : Math.max(greatest + 1, vocabulary.size());
  }

  /**
   * Adds a token, if it is not there.
   *
   * @param declared its id in the file
   * @throws dev.homolog.core.InputException if it would get another id
   */
  void add(Token token, OptionalInt declared, TokenizerField from) {
    if (token.content.isEmpty() || !known.add(token)) {
      return;
    }
    if (tokens.size() == MOST) {
      throw from.refuse("is one of more than " + MOST + " added tokens");
    }
    Integer fixed = ids.getOrDefault(token.content, vocabulary.get(token.content));
    int id = next(token.content);
    if (declared.isPresent() && declared.getAsInt() != id) {
      if (!anyIds || fixed != null) {
        throw from.refuse(
            "the id of "
                + Vocabulary.quoted(token.content)
                + " is "
                + declared.getAsInt()
                + ", but tokenizers read it as "
                + id);
      }
      id = declared.getAsInt();
      if (ids.containsValue(id) || vocabulary.containsValue(id)) {
        throw from.refuse(
            "the id of " + Vocabulary.quoted(token.content) + " is that of another token");
      }
    }
    ids.put(token.content, id);
    greatest = Math.max(greatest, id);
    tokens.add(token);
  }

  /** All of them, as a file has them. */
  void write(ArrayNode to) {
    tokens.forEach(token -> token.write(to.addObject(), ids.get(token.content)));
  }
}
