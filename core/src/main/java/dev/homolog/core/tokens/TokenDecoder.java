package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Tokens back to text, as Python's {@code Tokenizer.decode} does it for the decoders in use. It
 * only shows text, so a decoder that is not known leaves the tokens as they are spelt.
 */
final class TokenDecoder {
  private static final int MOST_STEPS = 32;
  private static final int DEEPEST = 4;
  private static final int LONGEST = 64;
  private static final char REPLACEMENT = '\uFFFD';
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");
  private static final byte[] BYTES = bytes();

  private final List<UnaryOperator<List<String>>> steps = new ArrayList<>();
  private final boolean plain;

  /**
   * @param decoder of the file
   */
  TokenDecoder(JsonNode decoder) {
    this.plain = !decoder.isObject();
    read(decoder, 0);
  }

  private void read(JsonNode decoder, int depth) {
    String type = decoder.path("type").asText("");
    if (steps.size() == MOST_STEPS || depth > DEEPEST) {
      return;
    }
    switch (type) {
      case "Sequence" -> decoder.path("decoders").forEach(part -> read(part, depth + 1));
      case "ByteLevel" -> steps.add(tokens -> List.of(byteLevel(tokens)));
      case "ByteFallback" -> steps.add(TokenDecoder::byteFallback);
      case "Fuse" -> steps.add(tokens -> List.of(String.join("", tokens)));
      case "Replace" -> {
        String pattern = decoder.path("pattern").path("String").asText("");
        String content = decoder.path("content").asText("");
        if (!pattern.isEmpty() && content.length() <= LONGEST) {
          each(token -> token.replace(pattern, content));
        }
      }
      case "Strip" -> {
        String content = decoder.path("content").asText("");
        int start = decoder.path("start").asInt(0);
        int stop = decoder.path("stop").asInt(0);
        if (!content.isEmpty()) {
          each(token -> strip(token, content, start, stop));
        }
      }
      case "Metaspace" -> metaspace(decoder);
      case "WordPiece" -> {
        String prefix = decoder.path("prefix").asText("##");
        boolean clean = decoder.path("cleanup").asBoolean(true);
        steps.add(tokens -> wordPieces(tokens, prefix, clean));
      }
      case "BPEDecoder" -> {
        String suffix = decoder.path("suffix").asText("</w>");
        steps.add(tokens -> suffixes(tokens, suffix));
      }
      default -> {
        // Shown as it is spelt.
      }
    }
  }

  private void each(UnaryOperator<String> change) {
    steps.add(tokens -> tokens.stream().map(change).toList());
  }

  private void metaspace(JsonNode decoder) {
    String mark = decoder.path("replacement").asText("\u2581");
    boolean prefix =
        decoder.path("add_prefix_space").asBoolean(true)
            && !decoder.path("prepend_scheme").asText("").equals("never");
    if (mark.isEmpty()) {
      return;
    }
    steps.add(tokens -> {
      List<String> made = new ArrayList<>();
      for (String token : tokens) {
        made.add(token.replace(mark, made.isEmpty() && prefix ? "" : " "));
      }
      return made;
    });
  }

  /** The text of tokens that belong together. */
  String decode(List<String> tokens) {
    if (tokens.isEmpty()) {
      return "";
    }
    List<String> parts = tokens;
    for (UnaryOperator<List<String>> step : steps) {
      parts = step.apply(parts);
    }
    return String.join(plain ? " " : "", parts);
  }

  /** Each byte has a character, as GPT-2 gave it. */
  private static String byteLevel(List<String> tokens) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String token : tokens) {
      byte[] bytes = new byte[token.length()];
      boolean known = true;
      for (int i = 0; i < bytes.length && known; i++) {
        char c = token.charAt(i);
        known = c < BYTES.length && (BYTES[c] != 0 || c == 0x100);
        bytes[i] = known ? BYTES[c] : 0;
      }
      all.writeBytes(known ? bytes : token.getBytes(StandardCharsets.UTF_8));
    }
    return text(all.toByteArray());
  }

  /** The byte of each character; 0 where it has none, and for the character of byte 0. */
  private static byte[] bytes() {
    byte[] bytes = new byte[0x144];
    int next = 0x100;
    for (int i = 0; i < 256; i++) {
      boolean itself = i >= '!' && i <= '~' || i >= 0xA1 && i <= 0xAC || i >= 0xAE;
      bytes[itself ? i : next++] = (byte) i;
    }
    return bytes;
  }

  private static List<String> byteFallback(List<String> tokens) {
    List<String> made = new ArrayList<>();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String token : tokens) {
      if (BYTE.matcher(token).matches()) {
        bytes.write(Integer.parseInt(token.substring(3, 5), 16));
      } else {
        flush(bytes, made);
        made.add(token);
      }
    }
    flush(bytes, made);
    return made;
  }

  private static void flush(ByteArrayOutputStream bytes, List<String> to) {
    byte[] all = bytes.toByteArray();
    bytes.reset();
    if (all.length == 0) {
      return;
    }
    try {
      to.add(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(all)).toString());
    } catch (CharacterCodingException e) {
      to.add(String.valueOf(REPLACEMENT).repeat(all.length));
    }
  }

  private static String strip(String token, String content, int start, int stop) {
    String rest = token;
    for (int i = 0; i < start && rest.startsWith(content); i++) {
      rest = rest.substring(content.length());
    }
    for (int i = 0; i < stop && rest.endsWith(content); i++) {
      rest = rest.substring(0, rest.length() - content.length());
    }
    return rest;
  }

  private static List<String> wordPieces(List<String> tokens, String prefix, boolean clean) {
    List<String> made = new ArrayList<>();
    for (String token : tokens) {
      String piece = token;
      if (!made.isEmpty()) {
        piece = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
      }
      made.add(clean ? clean(piece) : piece);
    }
    return made;
  }

  /** English, as Python's tokenizers tidy it. */
  private static String clean(String text) {
    return text.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }

  private static List<String> suffixes(List<String> tokens, String suffix) {
    List<String> made = new ArrayList<>();
    for (String token : tokens) {
      String after = made.size() == tokens.size() - 1 ? "" : " ";
      made.add(suffix.isEmpty() ? token : token.replace(suffix, after));
    }
    return made;
  }

  /**
   * UTF-8 with U+FFFD for each longest part that could have begun a character. Java's decoder makes
   * one of an encoded surrogate, where others make three.
   */
  static String text(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    int at = 0;
    while (at < bytes.length) {
      int first = bytes[at++] & 0xFF;
      if (first < 0x80) {
        text.append((char) first);
        continue;
      }
      int more = first >= 0xF0 && first <= 0xF4 ? 3 : first >= 0xE0 ? 2 : 1;
      if (first < 0xC2 || first > 0xF4) {
        text.append(REPLACEMENT);
        continue;
      }
      int least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
      int most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
      int point = first & 0x3F >> more;
      int left = more;
      while (left > 0
          && at < bytes.length
          && (bytes[at] & 0xFF) >= least
          && (bytes[at] & 0xFF) <= most) {
        point = point << 6 | bytes[at++] & 0x3F;
        least = 0x80;
        most = 0xBF;
        left--;
      }
      if (left > 0) {
        text.append(REPLACEMENT);
      } else {
        text.appendCodePoint(point);
      }
    }
    return text.toString();
  }
}
