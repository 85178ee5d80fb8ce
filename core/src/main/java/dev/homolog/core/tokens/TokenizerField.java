package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A part of a tokenizer's file, whose fields are checked by type and range as they are read.
 *
 * @param file for messages
 * @param path where in the file the part stands, such as {@code model}
 * @param node what stands there
 */
record TokenizerField(Path file, String path, JsonNode node) {
  static final String REMEDY = "give a tokenizer.json of Hugging Face's tokenizers";

  TokenizerField child(String name) {
    return new TokenizerField(file, path.isEmpty() ? name : path + "." + name, node.path(name));
  }

  boolean absent() {
    return node.isMissingNode() || node.isNull();
  }

  /** The name of the component. */
  String type() {
    if (!node.isObject()) {
      throw refuse("is not an object");
    }
    return child("type").text(100);
  }

  /** Text of at least one and at most so many characters. */
  String text(int most) {
    String text = string(most);
    if (text.isEmpty()) {
      throw refuse("is empty");
    }
    return text;
  }

  /** Text that may be empty. */
  String string(int most) {
    if (!node.isTextual()) {
      throw refuse(node.isMissingNode() ? "missing" : "is not a text");
    }
    String text = node.textValue();
    if (text.length() > most) {
      throw refuse("is longer than " + most + " characters");
    }
    if (!StrictJson.isUnicode(text)) {
      throw refuse("holds half a surrogate pair");
    }
    return text;
  }

  /** Text, where there is any. */
  Optional<String> optional(int most) {
    return absent() ? Optional.empty() : Optional.of(string(most)).filter(text -> !text.isEmpty());
  }

  boolean bool() {
    if (!node.isBoolean()) {
      throw refuse(node.isMissingNode() ? "missing" : "is neither true nor false");
    }
    return node.booleanValue();
  }

  boolean bool(boolean fallback) {
    return absent() ? fallback : bool();
  }

  int integer(int least, int most) {
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.intValue() < least
        || node.intValue() > most) {
      throw refuse("is not an integer from " + least + " to " + most);
    }
    return node.intValue();
  }

  String choice(Set<String> names) {
    String name = text(100);
    if (!names.contains(name)) {
      throw refuse("is " + Vocabulary.quoted(name) + ", which is not known");
    }
    return name;
  }

  /** The entries of a list. */
  List<TokenizerField> list(int most) {
    if (!node.isArray()) {
      throw refuse(node.isMissingNode() ? "missing" : "is not a list");
    }
    if (node.size() > most) {
      throw refuse("has more than " + most + " entries");
    }
    List<TokenizerField> entries = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      entries.add(new TokenizerField(file, path + "[" + i + "]", node.get(i)));
    }
    return entries;
  }

  /** Refuses a field that is not among these: it may change ids. Null and false do not. */
  void only(String... names) {
    Set<String> known = Set.of(names);
    node.properties()
        .forEach(entry -> {
          String name = entry.getKey();
          JsonNode value = entry.getValue();
          boolean off = value.isNull() || value.isBoolean() && !value.booleanValue();
          if (!off && !name.equals("type") && !known.contains(name)) {
            throw child(StrictJson.clip(name)).refuse("is not known");
          }
        });
  }

  InputException refuse(String problem) {
    return new InputException(file, path, problem, REMEDY);
  }
}
