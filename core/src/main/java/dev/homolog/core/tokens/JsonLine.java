package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * One line of a Pile-shaped file: {@code {"text": …, "meta": {"pile_set_name": …}}}; other keys are
 * passed over. Jackson reads all but the value of "text", which it would hold whole: that is read
 * here, piece by piece, and Jackson sees an empty string. One thread.
 */
final class JsonLine {
  private static final String REMEDY = "give one object a line, as {\"text\": \"…\"}";
  private static final int LONGEST_LABEL = 1 << 16;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(LONGEST_LABEL).build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final Utf8Reader in;
  private final Path file;
  private final String where;
  private final Rest rest = new Rest();
  private final JsonParser parser;
  private Optional<String> label = Optional.empty();

  /**
   * Reads as far as the text.
   *
   * @param in at the line's first char
   * @throws InputException that names the file and the line
   */
  JsonLine(Utf8Reader in, Path file, long number) throws IOException {
    this.in = in;
    this.file = file;
    this.where = "line " + number;
    this.parser = JSON.createParser(rest);
    try {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw refused("not a JSON object");
      }
      if (!nextText()) {
        end();
        throw refused("no \"text\"");
      }
    } catch (JsonProcessingException e) {
      throw refused(problem(e));
    }
  }

  /** Goes on to the value of "text"; false at the object's end. */
  private boolean nextText() throws IOException {
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      JsonToken value = parser.nextToken();
      if (key.equals("text")) {
        if (value != JsonToken.VALUE_STRING) {
          throw refused("\"text\" is not a string");
        }
        return true;
      } else if (key.equals("meta") && value == JsonToken.START_OBJECT) {
        readLabel();
      } else {
        parser.skipChildren();
      }
    }
    return false;
  }

  private void readLabel() throws IOException {
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      JsonToken value = parser.nextToken();
      if (!key.equals("pile_set_name") || value == JsonToken.VALUE_NULL) {
        parser.skipChildren();
      } else if (value == JsonToken.VALUE_STRING) {
        Utf8 name = Utf8.wellFormed(parser.getText());
        label = Optional.of(name.text());
        rest.replaced += name.replaced();
      } else {
        throw refused("\"meta.pile_set_name\" is not a string");
      }
    }
  }

  /**
   * Reads on in the text, until the buffer is full or the text ends.
   *
   * @return whether the text has ended
   * @throws InputException that names the file and the line
   */
  boolean read(TextBuffer buffer) throws IOException {
    while (!buffer.full() && !buffer.over()) {
      int c = in.peek();
      if (c == '"') {
        return true; // left for Jackson, which ends its string there
      }
      if (c == Utf8Reader.END || c == '\n') {
        throw refused("not JSON: Unexpected end-of-input in the string \"text\"");
      }
      in.next();
      if (c < ' ') {
        throw refused(String.format(Locale.ROOT, "not JSON: control character %d in a string without an escape", c));
      }
      if (c == '\\') {
        buffer.addEscaped(escape());
      } else {
        buffer.add((char) c);
      }
    }
    return false;
  }

  private char escape() throws IOException {
    int c = in.next();
    return switch (c) {
      case '"', '\\', '/' -> (char) c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> hexadecimal();
      default -> throw refused("not JSON: unknown escape in the string \"text\"");
    };
  }

  private char hexadecimal() throws IOException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int c = in.peek();
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw refused("not JSON: \\u without four hexadecimal digits in the string \"text\"");
      }
      in.next();
      value = value << 4 | digit;
    }
    return (char) value;
  }

  /**
   * Reads the line to its end.
   *
   * @return the subset, if the line names one
   * @throws InputException that names the file and the line
   */
  Optional<String> finish() throws IOException {
    try {
      if (nextText()) {
        throw new IllegalStateException("a second text, which is a duplicate");
      }
      end();
      return label;
    } catch (JsonProcessingException e) {
      throw refused(problem(e));
    }
  }

  private void end() throws IOException {
    if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
      throw refused("more than one JSON object");
    }
    parser.close();
  }

  /** Malformed parts of the line outside its text. */
  long replaced() {
    return rest.replaced;
  }

  private InputException refused(String problem) {
    return new InputException(file, where, problem, REMEDY);
  }

  /** What a parser found wrong, without the place, which it cannot show, and not too long. */
  static String problem(JsonProcessingException e) {
    String message =
        e.getOriginalMessage().replaceAll(" \\(start marker at \\[Source: [^\\]]*\\]\\)", "");
    return "not JSON: " + (message.length() <= 160 ? message : message.substring(0, 160) + "…");
  }

  /**
   * The line as Jackson sees it. It gives no char after a quotation mark before Jackson has asked
   * again, which is after the mark that begins a string.
   */
  private final class Rest extends Reader {
    private boolean ended;
    private boolean afterHigh;
    private long replaced;

    @Override
    public int read(char[] into, int offset, int length) throws IOException {
      int count = 0;
      while (count < length && !ended) {
        int c = in.next();
        if (c == Utf8Reader.END || c == '\n') {
          ended = true;
          break;
        }
        boolean malformed = Character.isLowSurrogate((char) c) && !afterHigh;
        afterHigh = Character.isHighSurrogate((char) c);
        replaced += malformed ? 1 : 0;
        into[offset + count++] = malformed ? '\uFFFD' : (char) c;
        if (c == '"') {
          break;
        }
      }
      return count == 0 && length > 0 ? -1 : count;
    }

    @Override
    public void close() {
      // the line is not the reader's end
    }
  }
}
