package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.util.List;

/**
 * Looks at a regular expression before the native library sees it. The library's matcher goes back
 * in the text without a bound of time, and ends the process at a bound of steps.
 *
 * <p>An alternative can go back only where something after a repetition can fail. An expression is
 * refused if one alternative has two such repetitions, if repetitions are nested, or if it can
 * match nothing.
 */
final class TokenizerPattern {
  private static final int LONGEST = 4000;
  private static final int DEEPEST = 6;
  private static final int MOST_REPEATS = 1000;
  private static final int MOST_WAYS = 4096;
  private static final int MOST_WAYS_BACK = 64;

  /** What an expression asks of a text, from least to most. */
  enum Kind {
    /** Time is in proportion to the text. */
    LINEAR,
    /** An expression that many models have: in proportion, as long as no run is endless. */
    KNOWN,
    /** It goes back over white space: time is the square of the longest run. */
    WHITE_SPACE,
    /** Time may be the square of the text. */
    BACKTRACKING
  }

  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String UPPER =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+";
  private static final String LOWER =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*";
  private static final String MARKS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*";
  private static final String SPACE = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String LETTERS = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  private static final String OTHERS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";

  /** Of GPT-4 and Llama 3, Qwen, OLMo, GPT-4o, Mistral and DeepSeek. */
  private static final List<String> KNOWN =
      List.of(
          CONTRACTIONS + LETTERS + "|\\p{N}{1,3}" + OTHERS + SPACE,
          CONTRACTIONS + LETTERS + "|\\p{N}" + OTHERS + SPACE,
          CONTRACTIONS + LETTERS + "|\\p{N}{1,2}" + OTHERS + SPACE,
          CONTRACTIONS
              + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
              + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
              + SPACE,
          "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}"
              + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
          "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,2}"
              + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
          UPPER + CONTRACTIONS + "?|" + LOWER + CONTRACTIONS + "?|\\p{N}{1,3}" + MARKS + SPACE,
          UPPER + "|" + LOWER + "|\\p{N}{1,3}" + MARKS + SPACE,
          UPPER + "|" + LOWER + "|\\p{N}" + MARKS + SPACE,
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
              + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
              + SPACE);

  /**
   * What part of an expression can do.
   *
   * @param least characters that it takes at least
   * @param ways in which it can take a text, repetitions without bound not counted
   * @param open repetitions without bound in it
   * @param back repetitions without bound that something after them can undo
   * @param space whether all that is undone is white space
   */
  private record Part(long least, long ways, int open, int back, boolean space) {
    static final Part CHARACTER = new Part(1, 1, 0, 0, true);
    static final Part ASSERTION = new Part(0, 1, 0, 0, true);
  }

  /** A repetition as it is written. */
  private record Repeat(int least, int most) {
    static final int ENDLESS = Integer.MAX_VALUE;
  }

  private final TokenizerField field;
  private final String text;
  private int at;

  private TokenizerPattern(TokenizerField field, String text) {
    this.field = field;
    this.text = text;
  }

  /**
   * What an expression asks of a text.
   *
   * @throws InputException if it is not safe to run
   */
  static Kind check(TokenizerField field) {
    String text = field.text(LONGEST);
    if (KNOWN.contains(text)) {
      return Kind.KNOWN;
    }
    Part whole = new TokenizerPattern(field, text).whole();
    if (whole.back == 0) {
      return Kind.LINEAR;
    }
    return whole.space ? Kind.WHITE_SPACE : Kind.BACKTRACKING;
  }

  private Part whole() {
    Part part = alternatives(0);
    if (at < text.length()) {
      throw refuse("has a bracket too many");
    }
    if (part.least == 0) {
      throw refuse("can match nothing");
    }
    return part;
  }

  /** Up to a closing bracket or the end. */
  private Part alternatives(int depth) {
    if (depth > DEEPEST) {
      throw refuse("is nested too deep");
    }
    Part all = sequence(depth);
    while (at < text.length() && text.charAt(at) == '|') {
      at++;
      Part next = sequence(depth);
      all =
          new Part(
              Math.min(all.least, next.least),
              all.ways + next.ways,
              Math.max(all.open, next.open),
              Math.max(all.back, next.back),
              (all.back == 0 || all.space) && (next.back == 0 || next.space));
    }
    if (all.ways > MOST_WAYS) {
      throw refuse("has too many ways to match a text");
    }
    return all;
  }

  private Part sequence(int depth) {
    int start = at;
    long least = 0;
    long ways = 1;
    int open = 0;
    int back = 0;
    boolean space = true;
    boolean openSpace = true;
    while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') {
      int from = at;
      Part atom = atom(depth);
      boolean white = text.startsWith("\\s", from) && at == from + 2;
      Repeat repeat = repeat();
      boolean endless = repeat.most == Repeat.ENDLESS;
      Part part = repeated(atom, repeat);
      if (part.least > 0 || atom.least == 0) { // it can fail, and undo what stands before it
        if (open > 0) {
          back = Math.max(back, open);
          space &= openSpace;
        }
        if (ways > (open > 0 ? MOST_WAYS_BACK : MOST_WAYS)) {
          throw refuse("has too many ways to match a text");
        }
      }
      back = Math.max(back, part.back);
      space &= part.back == 0 || part.space;
      least += part.least;
      ways = Math.min(ways * part.ways, MOST_WAYS + 1L);
      open += part.open;
      openSpace &= part.open == 0 || endless && white;
    }
    // Goes back by one character at most.
    boolean short1 = text.substring(start, at).equals("\\s+(?!\\S)");
    if (back > 1) {
      throw refuse("goes back over two repetitions");
    }
    return new Part(least, ways, open, short1 ? 0 : back, space);
  }

  private Part repeated(Part atom, Repeat repeat) {
    if (repeat.most == 1 && repeat.least == 1) {
      return atom;
    }
    if (repeat.most == Repeat.ENDLESS) {
      if (atom.least == 0 || atom.ways > 1 || atom.open > 0) {
        throw refuse("repeats what is repeated or can be empty");
      }
      return new Part(atom.least * repeat.least, 1, 1, atom.back, atom.space);
    }
    if (repeat.most > 1 && (atom.open > 0 || atom.least * repeat.most > LONGEST)) {
      throw refuse("repeats what is repeated");
    }
    long ways = 1;
    for (int i = 0; i < repeat.most && ways <= MOST_WAYS; i++) {
      ways *= atom.ways;
    }
    ways *= repeat.most - repeat.least + 1L;
    return new Part(
        atom.least * repeat.least,
        Math.min(ways, MOST_WAYS + 1L),
        atom.open,
        atom.back,
        atom.space);
  }

  /** The repetition after an atom; none is once. */
  private Repeat repeat() {
    if (at == text.length()) {
      return new Repeat(1, 1);
    }
    Repeat repeat =
        switch (text.charAt(at)) {
          case '?' -> new Repeat(0, 1);
          case '*' -> new Repeat(0, Repeat.ENDLESS);
          case '+' -> new Repeat(1, Repeat.ENDLESS);
          case '{' -> braces();
          default -> new Repeat(1, 1);
        };
    boolean mark = "?*+".indexOf(text.charAt(at)) >= 0;
    boolean braces = !mark && text.charAt(at) == '{';
    if (mark || braces) {
      at = mark ? at + 1 : text.indexOf('}', at) + 1;
      if (mark && at < text.length() && "?+".indexOf(text.charAt(at)) >= 0) {
        at++; // as few as possible, or without going back
      }
      if (at < text.length() && "?*+{".indexOf(text.charAt(at)) >= 0) {
        throw refuse("repeats what is repeated");
      }
    }
    return repeat;
  }

  private Repeat braces() {
    int end = text.indexOf('}', at);
    String inside = end < 0 ? "" : text.substring(at + 1, end);
    if (!inside.matches("[0-9]{1,4}|[0-9]{1,4},[0-9]{0,4}|,[0-9]{1,4}")) {
      throw refuse("has a brace that is no repetition");
    }
    int comma = inside.indexOf(',');
    int least = comma == 0 ? 0 : Integer.parseInt(comma < 0 ? inside : inside.substring(0, comma));
    int most =
        comma < 0
            ? least
            : comma == inside.length() - 1
                ? Repeat.ENDLESS
                : Integer.parseInt(inside.substring(comma + 1));
    if (least > MOST_REPEATS || most != Repeat.ENDLESS && (most > MOST_REPEATS || most < least)) {
      throw refuse("repeats more than " + MOST_REPEATS + " times");
    }
    return new Repeat(least, most);
  }

  private Part atom(int depth) {
    char c = text.charAt(at);
    switch (c) {
      case '(' -> {
        return group(depth);
      }
      case '[' -> {
        set(0);
        return Part.CHARACTER;
      }
      case '\\' -> {
        return escape();
      }
      case '^', '$' -> {
        at++;
        return Part.ASSERTION;
      }
      case '?', '*', '+', '{' -> throw refuse("repeats nothing");
      default -> {
        at += Character.charCount(text.codePointAt(at));
        return Part.CHARACTER;
      }
    }
  }

  private Part group(int depth) {
    at++;
    boolean look = false;
    if (at < text.length() && text.charAt(at) == '?') {
      at++;
      String rest = text.substring(at, Math.min(text.length(), at + 3));
      if (rest.startsWith("<=") || rest.startsWith("<!")) {
        at += 2;
        look = true;
      } else if (rest.startsWith("=") || rest.startsWith("!")) {
        at++;
        look = true;
      } else if (rest.startsWith(":")) {
        at++;
      } else if (rest.startsWith("i:")) {
        at += 2;
      } else {
        throw refuse("has a group of a kind that is not known");
      }
    }
    Part part = alternatives(depth + 1);
    if (at >= text.length()) {
      throw refuse("has a bracket too few");
    }
    at++;
    if (!look) {
      return part;
    }
    if (part.open > 0 || part.ways > MOST_WAYS_BACK) {
      throw refuse("looks ahead or behind without a bound");
    }
    return Part.ASSERTION;
  }

  /** A set of characters in brackets, which may hold sets. */
  private void set(int depth) {
    if (depth > 2) {
      throw refuse("is nested too deep");
    }
    at++;
    if (at < text.length() && text.charAt(at) == '^') {
      at++;
    }
    if (at < text.length() && text.charAt(at) == ']') {
      throw refuse("has an empty set");
    }
    while (at < text.length() && text.charAt(at) != ']') {
      switch (text.charAt(at)) {
        case '[' -> set(depth + 1);
        case '\\' -> {
          if (!escape().equals(Part.CHARACTER)) {
            throw refuse("has an escape in a set that is not known");
          }
        }
        default -> at++;
      }
    }
    if (at >= text.length()) {
      throw refuse("has a bracket too few");
    }
    at++;
  }

  private Part escape() {
    at++;
    if (at >= text.length()) {
      throw refuse("ends in a backslash");
    }
    char c = text.charAt(at++);
    if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z') {
      return Part.ASSERTION;
    }
    if (c == 'p' || c == 'P' || c == 'x' && at < text.length() && text.charAt(at) == '{') {
      int end = text.indexOf('}', at);
      if (end < 0 || end - at > 40 || !text.substring(at, end).matches("\\{\\^?[A-Za-z0-9_ -]+")) {
        throw refuse("has an escape that is not known");
      }
      at = end + 1;
      return Part.CHARACTER;
    }
    if (c == 'x' || c == 'u') {
      int digits = c == 'x' ? 2 : 4;
      if (at + digits > text.length() || !text.substring(at, at + digits).matches("[0-9A-Fa-f]+")) {
        throw refuse("has an escape that is not known");
      }
      at += digits;
      return Part.CHARACTER;
    }
    boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    if (letter && "sSdDwWnrtfvhH".indexOf(c) < 0) {
      throw refuse("has an escape that is not known");
    }
    if (Character.isHighSurrogate(c)) {
      at++;
    }
    return Part.CHARACTER;
  }

  private InputException refuse(String problem) {
    return field.refuse("the regular expression " + Vocabulary.quoted(clip(text)) + " " + problem);
  }

  private static String clip(String text) {
    return text.length() <= 60 ? text : text.substring(0, text.offsetByCodePoints(0, 50)) + "…";
  }
}
