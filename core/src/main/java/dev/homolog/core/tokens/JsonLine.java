package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One document of a file of JSON: an object of which {@link TextFields} says what is read; other
 * keys are passed over. Jackson reads all but the value of the text, which it would hold whole:
 * that is read here, piece by piece, and Jackson sees an empty string. One thread.
 */
final class JsonLine {
  private static final JsonFactory JSON = SubsetLabel.builder().build();

  /** So many characters are passed over in search of the text or of what follows it. */
  private static final long MOST_BESIDE = 1L << 27;

  private final Utf8Reader in;
  private final Place place;
  private final Rest rest = new Rest();
  private final JsonParser parser;
  private final SubsetLabel label;

  /**
   * Where a document stands.
   *
   * @param file the file
   * @param where the line or the like, for messages
   * @param aLine whether the document is a line of its own, which it fills
   * @param fields which fields are read
   */
  record Place(Path file, String where, boolean aLine, TextFields fields) {
    InputException refused(String problem) {
      String object = "{\"" + fields.text() + "\": \"…\"}";
      String remedy =
          aLine ? "give one object a line, as " + object : "give objects such as " + object;
      return new InputException(file, where, problem, remedy);
    }
  }

  /**
   * Reads as far as the text.
   *
   * @param in at the document's first char
   * @throws InputException that names the file and the place
   */
  JsonLine(Utf8Reader in, Place place) throws IOException {
    this.in = in;
    this.place = place;
    this.label = new SubsetLabel(place.fields);
    this.parser = JSON.createParser(rest);
    try {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_ARRAY && place.where.equals("line 1") && place.aLine) {
        throw severalLines("a list, not a document a line");
      }
      if (token != JsonToken.START_OBJECT) {
        throw refused("not a JSON object");
      }
      if (!nextText()) {
        end();
        throw refused("no \"" + place.fields.text() + "\"");
      }
    } catch (JsonProcessingException e) {
      if (place.aLine && rest.ended && rest.seen <= 2) {
        throw severalLines("a document over several lines");
      }
      throw refused(problem(e));
    }
  }

  private InputException severalLines(String problem) {
    return new InputException(place.file, place.where, problem, "rename it to end in .json");
  }

  /** Goes on to the value of the text; false at the object's end. */
  private boolean nextText() throws IOException {
    String text = place.fields.text();
    for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
      JsonToken value = parser.nextToken();
      if (key.equals(text)) {
        if (value != JsonToken.VALUE_STRING) {
          throw refused("\"" + text + "\" is not a string");
        }
        return true;
      }
      Optional<String> problem = label.value(parser, key);
      if (problem.isPresent()) {
        throw refused(problem.get());
      }
    }
    return false;
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
        throw inText("Unexpected end-of-input");
      }
      in.next();
      if (c < ' ') {
        throw refused("not JSON: control character " + c + " in a string without an escape");
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
      default -> throw inText("unknown escape");
    };
  }

  private char hexadecimal() throws IOException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int c = in.peek();
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw inText("\\u without four hexadecimal digits");
      }
      in.next();
      value = value << 4 | digit;
    }
    return (char) value;
  }

  /**
   * Reads the document to its end, which is that of the line where it is one.
   *
   * @return the subset, if the line names one
   * @throws InputException that names the file and the line
   */
  Optional<String> finish() throws IOException {
    try {
      if (nextText()) {
        throw refused("not JSON: Duplicate field '" + place.fields.text() + "'");
      }
      end();
      return label.found();
    } catch (JsonProcessingException e) {
      throw refused(problem(e));
    }
  }

  private void end() throws IOException {
    // Jackson has not read past the brace that ends the object; only a line has to end there too.
    if (parser.currentToken() != JsonToken.END_OBJECT
        || place.aLine && parser.nextToken() != null) {
      throw refused("more than one JSON object");
    }
    parser.close();
  }

  /** Malformed parts of the document outside its text. */
  long replaced() {
    return rest.replaced + label.replaced();
  }

  /** Lines that ended within the document. */
  long lines() {
    return rest.lines;
  }

  private InputException inText(String problem) {
    return refused("not JSON: " + problem + " in the string \"" + place.fields.text() + "\"");
  }

  private InputException refused(String problem) {
    return place.refused(problem);
  }

  /** What a parser found wrong, without the place, which it cannot show, and not too long. */
  static String problem(JsonProcessingException e) {
    String message =
        e.getOriginalMessage().replaceAll(" \\(start marker at \\[Source: [^\\]]*\\]\\)", "");
    return "not JSON: " + (message.length() <= 160 ? message : message.substring(0, 160) + "…");
  }

  /**
   * The document as Jackson sees it. It gives no char after a quotation mark before Jackson has
   * asked again, which is after the mark that begins a string. The same holds for a brace, which
   * may end the document.
   */
  private final class Rest extends Reader {
    private boolean ended;
    private boolean afterHigh;
    private long replaced;
    private long lines;
    private long seen;

    @Override
    public int read(char[] into, int offset, int length) throws IOException {
      int count = 0;
      while (count < length && !ended) {
        int c = in.next();
        if (c == Utf8Reader.END || c == '\n' && place.aLine) {
          ended = true;
          break;
        }
        lines += c == '\n' ? 1 : 0;
        boolean malformed = Character.isLowSurrogate((char) c) && !afterHigh;
        afterHigh = Character.isHighSurrogate((char) c);
        replaced += malformed ? 1 : 0;
        into[offset + count++] = malformed ? '\uFFFD' : (char) c;
        if (c == '"' || c == '}') {
          break;
        }
      }
      seen += count;
      if (seen > MOST_BESIDE) {
        throw refused("more than " + MOST_BESIDE + " characters beside its text");
      }
      return count == 0 && length > 0 ? -1 : count;
    }

    @Override
    public void close() {
      // the document is not the reader's end
    }
  }
}
