package dev.homolog.core.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads one JSON object from a file that may be hostile. UTF-8 is strict, keys are unique, depth
 * and list length are bounded, and nothing but white space may follow. Values come back as String,
 * Long, BigInteger (beyond a long), Double, Boolean, List, Map or null.
 *
 * @param where the file, for messages
 * @param field the part of it that is JSON; empty for the whole
 * @param remedy what the user can do when it is refused
 * @param maxDepth levels of objects and lists, the outermost included
 * @param maxList entries of one list
 */
public record StrictJson(String where, String field, String remedy, int maxDepth, int maxList) {
  private static final int MAX_NAME = 50_000;
  private static final int MAX_NUMBER = 1_000;
  private static final int MAX_STRING = 20_000_000;

  /** Names, values, brackets. One makes 50 bytes on the heap of as few as 2 in the file. */
  private static final int MAX_TOKENS = 1_000_000;

  private static final int CLIP = 200;

  /** Bytes of the longest mark of an encoding that is looked for. */
  private static final int MARK = 3;

  /** How the parser names a number that Python writes and JSON does not have. */
  private static final Pattern NO_NUMBER =
      Pattern.compile("Non-standard token '(-?(?:NaN|Infinity|INF))'");

  // Names are neither interned nor put into a symbol table: a file can hold a million of them.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNameLength(MAX_NAME)
                  .maxNumberLength(MAX_NUMBER)
                  .maxStringLength(MAX_STRING)
                  .maxTokenCount(MAX_TOKENS)
                  .build())
          .build();

  /**
   * The object that {@code bytes} hold.
   *
   * @throws InputException if they are anything else
   */
  public Map<String, Object> readObject(InputStream bytes) {
    return readMarked(new PushbackInputStream(bytes, MARK));
  }

  private Map<String, Object> readMarked(PushbackInputStream bytes) {
    try {
      refuseMark(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // A decoder of our own: the parser's is lenient, and a reader made from a charset's name
    // replaces silently.
    Reader text =
        new InputStreamReader(
            bytes,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    try (JsonParser parser = FACTORY.createParser(text)) {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        throw refuse(first == null ? "holds no JSON" : "is not a JSON object", null);
      }
      Map<String, Object> object = object(parser, 1);
      if (parser.nextToken() != null) {
        throw refuse("holds more than one JSON value", null);
      }
      return object;
    } catch (CharacterCodingException e) {
      throw refuse("is not UTF-8", e);
    } catch (StreamConstraintsException e) {
      throw refuse(
          String.format(
              Locale.ROOT,
              "goes beyond the limits on JSON (%d characters a name, %d a number, %d a string; %d tokens)",
              MAX_NAME,
              MAX_NUMBER,
              MAX_STRING,
              MAX_TOKENS),
          e);
    } catch (JsonProcessingException e) {
      String problem =
          e.getLocation() == null
              ? "is not JSON"
              : String.format(
                  Locale.ROOT,
                  "is not JSON (at line %d, column %d)",
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr());
      Matcher number = NO_NUMBER.matcher(e.getOriginalMessage());
      if (number.find()) {
        throw new InputException(
            where,
            field,
            problem + ": " + number.group(1) + " is no number of JSON",
            "put null in its place: sed -i -E 's/-?\\b(NaN|Infinity)\\b/null/g' " + where,
            e);
      }
      throw refuse(problem, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Refuses what begins with the mark of an encoding, which editors of Windows write. */
  private void refuseMark(PushbackInputStream bytes) throws IOException {
    byte[] start = bytes.readNBytes(MARK);
    bytes.unread(start);
    int first = start.length < 2 ? 0 : (start[0] & 0xff) << 8 | start[1] & 0xff;
    if (first == 0xfeff || first == 0xfffe) {
      throw new InputException(
          where,
          field,
          "is UTF-16, expected UTF-8",
          "convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW");
    }
    if (first == 0xefbb && start.length == MARK && (start[2] & 0xff) == 0xbf) {
      throw new InputException(
          where,
          field,
          "begins with a byte order mark, which JSON has not",
          "take it out: sed -i '1s/^\\xEF\\xBB\\xBF//' " + where);
    }
  }

  private Map<String, Object> object(JsonParser parser, int depth) throws IOException {
    checkDepth(depth);
    Map<String, Object> object = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = unicode(parser.currentName());
      if (object.containsKey(key)) {
        throw refuse(String.format(Locale.ROOT, "key %s is there twice", describe(key)), null);
      }
      parser.nextToken();
      object.put(key, value(parser, depth));
    }
    return object;
  }

  private List<Object> list(JsonParser parser, int depth) throws IOException {
    checkDepth(depth);
    List<Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (list.size() == maxList) {
        throw refuse(
            String.format(Locale.ROOT, "holds a list of more than %d entries", maxList), null);
      }
      list.add(value(parser, depth));
    }
    return list;
  }

  private Object value(JsonParser parser, int depth) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser, depth + 1);
      case START_ARRAY -> list(parser, depth + 1);
      case VALUE_STRING -> unicode(parser.getText());
      case VALUE_NUMBER_INT -> integer(parser.getBigIntegerValue());
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static Object integer(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private void checkDepth(int depth) {
    if (depth > maxDepth) {
      throw refuse(
          String.format(Locale.ROOT, "is nested more than %d levels deep", maxDepth), null);
    }
  }

  /**
   * Half a surrogate pair can be escaped in JSON but is no character and cannot be written back.
   */
  private String unicode(String text) {
    if (!isUnicode(text)) {
      throw refuse("holds a string with half a surrogate pair", null);
    }
    return text;
  }

  /** Whether every surrogate of the string has its other half. */
  public static boolean isUnicode(String text) {
    return text.codePoints()
        .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  private InputException refuse(String problem, Throwable cause) {
    return new InputException(where, field, problem, remedy, cause);
  }

  /** A value as messages show it: strings quoted, long ones cut, lists and objects only named. */
  public static String describe(Object value) {
    return switch (value) {
      case String text -> '"' + clip(text) + '"';
      case List<?> _ -> "a list";
      case Map<?, ?> _ -> "an object";
      case null -> "null";
      default -> clip(Objects.toString(value));
    };
  }

  /** The text, cut to 200 characters. */
  public static String clip(String text) {
    return text.length() <= CLIP ? text : text.substring(0, CLIP) + "…";
  }
}
