package dev.homolog.core.tokens;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Text without malformed parts, and how many had to be replaced by U+FFFD to get there.
 *
 * @param text well formed: every surrogate has its partner
 * @param replaced malformed sequences of bytes, or lone surrogates, that were replaced
 */
record Utf8(String text, long replaced) {
  private static final char REPLACEMENT = '\uFFFD';

  /**
   * Decodes UTF-8; a malformed sequence becomes one U+FFFD and is counted, a genuine U+FFFD is not.
   */
  static Utf8 decode(byte[] bytes) {
    String fast = new String(bytes, StandardCharsets.UTF_8);
    if (fast.indexOf(REPLACEMENT) < 0) {
      return new Utf8(fast, 0);
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length); // never more chars than bytes
    long replaced = 0;
    for (CoderResult result = decoder.decode(in, out, true);
        result.isError();
        result = decoder.decode(in, out, true)) {
      in.position(in.position() + result.length());
      out.put(REPLACEMENT);
      replaced++;
    }
    return new Utf8(out.flip().toString(), replaced);
  }

  /**
   * Replaces surrogates without partner (JSON can write them as escapes); the length stays the
   * same.
   */
  static Utf8 wellFormed(String text) {
    long replaced = 0;
    StringBuilder fixed = null;
    for (int i = 0; i < text.length(); i++) {
      if (!Character.isSurrogate(text.charAt(i))) {
        continue;
      }
      if (Character.isSupplementaryCodePoint(text.codePointAt(i))) {
        i++;
        continue;
      }
      if (fixed == null) {
        fixed = new StringBuilder(text);
      }
      fixed.setCharAt(i, REPLACEMENT);
      replaced++;
    }
    return new Utf8(fixed == null ? text : fixed.toString(), replaced);
  }
}
