package dev.homolog.analysis.explanation;

import java.util.Locale;

/** How features are called in tables. */
final class Names {
  private Names() {}

  /** A token in quotes; with its id where part of a character hides which it is. */
  static String token(int id, String text) {
    String quoted = "'" + visible(text) + "'";
    return text.indexOf('\uFFFD') < 0 ? quoted : quoted + " (token " + id + ")";
  }

  static String word(String word) {
    return "'" + visible(word) + "' in any spelling";
  }

  /** Line breaks and the like as they are written in programs. */
  private static String visible(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(ch -> {
          switch (ch) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> {
              if (Character.isISOControl(ch)) {
                out.append(String.format(Locale.ROOT, "\\u%04x", ch));
              } else {
                out.appendCodePoint(ch);
              }
            }
          }
        });
    return out.toString();
  }
}
