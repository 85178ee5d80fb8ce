package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One line of a Pile-shaped file: {@code {"text": …, "meta": {"pile_set_name": …}}}; other keys are
 * passed over.
 *
 * @param text as the line has it, perhaps with surrogates that have no partner
 * @param label the subset, if the line names one
 */
record JsonLine(String text, Optional<String> label) {
  private static final String REMEDY = "give one object a line, as {\"text\": \"…\"}";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Documents.LONGEST).build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /**
   * @throws InputException that names the file and the line
   */
  static JsonLine parse(String line, Path file, long number) {
    String where = "line " + number;
    try (JsonParser parser = JSON.createParser(line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InputException(file, where, "not a JSON object", REMEDY);
      }
      Optional<String> text = Optional.empty();
      Optional<String> label = Optional.empty();
      for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
        JsonToken value = parser.nextToken();
        if (key.equals("text")) {
          if (value != JsonToken.VALUE_STRING) {
            throw new InputException(file, where, "\"text\" is not a string", REMEDY);
          }
          text = Optional.of(parser.getText());
        } else if (key.equals("meta") && value == JsonToken.START_OBJECT) {
          label = label(parser, file, where);
        } else {
          parser.skipChildren();
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
        throw new InputException(file, where, "more than one JSON object", REMEDY);
      }
      if (text.isEmpty()) {
        throw new InputException(file, where, "no \"text\"", REMEDY);
      }
      return new JsonLine(text.get(), label);
    } catch (JsonProcessingException e) {
      throw new InputException(file, where, problem(e), REMEDY);
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail to be read", e);
    }
  }

  private static Optional<String> label(JsonParser parser, Path file, String where)
      throws IOException {
    Optional<String> label = Optional.empty();
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      JsonToken value = parser.nextToken();
      if (!key.equals("pile_set_name") || value == JsonToken.VALUE_NULL) {
        parser.skipChildren();
      } else if (value == JsonToken.VALUE_STRING) {
        label = Optional.of(parser.getText());
      } else {
        throw new InputException(file, where, "\"meta.pile_set_name\" is not a string", REMEDY);
      }
    }
    return label;
  }

  /** What a parser found wrong, without the place, which it cannot show, and not too long. */
  static String problem(JsonProcessingException e) {
    String message =
        e.getOriginalMessage().replaceAll(" \\(start marker at \\[Source: [^\\]]*\\]\\)", "");
    return "not JSON: " + (message.length() <= 160 ? message : message.substring(0, 160) + "…");
  }
}
