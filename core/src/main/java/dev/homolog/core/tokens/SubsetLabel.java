package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Finds a document's subset in the fields of its JSON as they go by. One thread. */
final class SubsetLabel {
  /** The most characters of a subset's name. */
  static final int LONGEST = 1 << 16;

  /** Characters of a string that is looked at, and of a number or a name that is passed over. */
  private static final int LONGEST_STRING = 1 << 24;

  private static final int LONGEST_NUMBER = 1 << 20;

  /** Takes what Python's repr makes of a dictionary too. */
  private static final JsonFactory LENIENT =
      builder()
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
          .enable(JsonReadFeature.ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER)
          .build();

  private final TextFields fields;
  private final List<Open> all = new ArrayList<>();
  private final BitSet seen = new BitSet();
  private String label = "";
  private int best = Integer.MAX_VALUE;
  private long replaced;

  /**
   * A key that may still be found.
   *
   * @param key which of the fields' keys
   * @param rest what is left of it inside an object
   */
  private record Open(int key, String rest) {}

  SubsetLabel(TextFields fields) {
    this.fields = fields;
    for (int key = 0; key < fields.subsetKeys().size(); key++) {
      all.add(new Open(key, fields.subsetKeys().get(key)));
    }
  }

  /**
   * Parsers of documents. They keep no names, of which a line may have millions. A number that
   * nobody reads may be NaN, infinite or long.
   */
  static JsonFactoryBuilder builder() {
    return new JsonFactoryBuilder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxStringLength(LONGEST_STRING)
                .maxNumberLength(LONGEST_NUMBER)
                .maxNameLength(LONGEST_NUMBER)
                .build())
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);
  }

  /** The subset, if a key that names one has been read. */
  Optional<String> found() {
    return label.isEmpty() ? Optional.empty() : Optional.of(label);
  }

  /** Malformed parts of all names of subsets that were read. */
  long replaced() {
    return replaced;
  }

  /**
   * Reads the value of one of the document's keys, or passes it over.
   *
   * @param parser at the value
   * @return what is wrong with the value, empty if nothing is
   */
  Optional<String> value(JsonParser parser, String name) throws IOException {
    return value(parser, name, all);
  }

  private Optional<String> value(JsonParser parser, String name, List<Open> open)
      throws IOException {
    Optional<Integer> here = Optional.empty();
    List<Open> inside = new ArrayList<>();
    for (Open one : open) {
      if (one.rest.equals(name)) {
        here = here.or(() -> Optional.of(one.key));
      } else if (one.rest.startsWith(name + ".")) {
        inside.add(new Open(one.key, one.rest.substring(name.length() + 1)));
      }
    }
    JsonToken token = parser.currentToken();
    if (!inside.isEmpty() && token == JsonToken.START_OBJECT) {
      return object(parser, inside);
    }
    if (here.isPresent()) {
      return take(parser, here.get());
    }
    if (!inside.isEmpty() && token == JsonToken.VALUE_STRING) {
      readString(parser.getText(), inside);
    } else {
      parser.skipChildren();
    }
    return Optional.empty();
  }

  private Optional<String> object(JsonParser parser, List<Open> open) throws IOException {
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      parser.nextToken();
      Optional<String> problem = value(parser, key, open);
      if (problem.isPresent()) {
        return problem;
      }
    }
    return Optional.empty();
  }

  private Optional<String> take(JsonParser parser, int key) throws IOException {
    JsonToken token = parser.currentToken();
    if (seen.get(key)) {
      return Optional.of("not JSON: Duplicate field '" + parser.currentName() + "'");
    }
    seen.set(key);
    boolean named = fields.subset().isPresent();
    if (token == JsonToken.VALUE_NULL) {
      return Optional.empty();
    }
    if (token != JsonToken.VALUE_STRING && !(named && token.isScalarValue())) {
      parser.skipChildren();
      return refused(key, " is not a string");
    }
    String text = parser.getText();
    if (text.length() > LONGEST) {
      return refused(key, " has more than " + LONGEST + " characters");
    }
    if (!text.isBlank() && key < best) {
      Utf8 name = Utf8.wellFormed(text);
      best = key;
      label = name.text();
      replaced += name.replaced();
    }
    return Optional.empty();
  }

  /** What is wrong with a value, if its key says surely that it is a subset's name. */
  private Optional<String> refused(int key, String problem) {
    return fields.sure(key)
        ? Optional.of("\"" + fields.subsetKeys().get(key) + "\"" + problem)
        : Optional.empty();
  }

  /** Looks for all keys in an object that is written into a string. */
  void readString(String object) {
    readString(object, all);
  }

  private void readString(String object, List<Open> open) {
    try (JsonParser parser = LENIENT.createParser(withoutPython(object))) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        object(parser, open);
      }
    } catch (JsonProcessingException e) {
      return; // a string like any other, of which what stands before has been read
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a string is always there
    }
  }

  /** Python's literals outside of quotation marks as those of JSON. */
  private static String withoutPython(String object) {
    StringBuilder json = new StringBuilder(object.length());
    char quote = 0;
    for (int i = 0; i < object.length(); i++) {
      char c = object.charAt(i);
      if (quote != 0) {
        json.append(c);
        if (c == '\\' && i + 1 < object.length()) {
          json.append(object.charAt(++i));
        } else if (c == quote) {
          quote = 0;
        }
      } else if (object.startsWith("None", i)) {
        json.append("null");
        i += 3;
      } else if (object.startsWith("True", i) || object.startsWith("False", i)) {
        json.append(Character.toLowerCase(c));
      } else {
        quote = c == '"' || c == '\'' ? c : 0;
        json.append(c);
      }
    }
    return json.toString();
  }
}
