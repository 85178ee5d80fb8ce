package dev.homolog.core.tokens;

/**
 * Text in which every surrogate has its partner, and how many had to be replaced by U+FFFD to get
 * there.
 */
record Utf8(String text, long replaced) {
  private static final char REPLACEMENT = '\uFFFD';

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
