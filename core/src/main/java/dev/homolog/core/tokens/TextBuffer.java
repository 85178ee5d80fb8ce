package dev.homolog.core.tokens;

/**
 * Collects the text of a document and hands it out in pieces whose tokens, one after the other, are
 * those of the whole. Surrogates without partner become U+FFFD and are counted. One thread.
 */
final class TextBuffer {
  /** So many chars are collected before a piece is handed out. */
  static final int PIECE = 1 << 16;

  /**
   * The most chars without a place to cut; Java and the tokenizer need some tens of times as many
   * bytes.
   */
  static final int LONGEST = 1 << 26;

  private static final char REPLACEMENT = '\uFFFD';

  private final boolean cuttable;
  private final StringBuilder text = new StringBuilder();
  private int cut;
  private long replaced;
  private boolean afterHigh; // the last char was the first half of a pair, as it stood in the text
  private char escapedHigh; // half a pair that an escape wrote, 0 if none

  /**
   * @param cuttable whether the tokenizer allows to cut a text where {@link #mayCut} says so
   */
  TextBuffer(boolean cuttable) {
    this.cuttable = cuttable;
  }

  /**
   * Whether GPT-2's regular expression always begins a new piece between two chars, whatever lies
   * around: no piece goes on with white space after something else. The normalizer NFC joins
   * nothing to a space or a newline.
   */
  static boolean mayCut(char before, char after) {
    return (after == ' ' || after == '\n') && isInk(before);
  }

  /** Surely no white space, whatever the version of Unicode. */
  private static boolean isInk(char c) {
    if (c < 0x80) {
      return c > ' ' && c < 0x7F;
    }
    return switch (Character.getType(c)) {
      case Character.UNASSIGNED,
          Character.CONTROL,
          Character.FORMAT,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /** Adds a char of a {@link Utf8Reader}: {@link Utf8Reader#MALFORMED} unless it ends a pair. */
  void add(char c) {
    endEscape();
    if (Character.isLowSurrogate(c) && !afterHigh) {
      replace();
    } else {
      append(c);
    }
    afterHigh = Character.isHighSurrogate(c);
  }

  /** Adds a char that JSON wrote as an escape; only two escapes make a pair. */
  void addEscaped(char c) {
    afterHigh = false;
    if (escapedHigh != 0 && Character.isLowSurrogate(c)) {
      append(escapedHigh);
      append(c);
      escapedHigh = 0;
      return;
    }
    endEscape();
    if (Character.isHighSurrogate(c)) {
      escapedHigh = c;
    } else if (Character.isLowSurrogate(c)) {
      replace();
    } else {
      append(c);
    }
  }

  private void endEscape() {
    if (escapedHigh != 0) {
      escapedHigh = 0;
      replace();
    }
  }

  private void replace() {
    append(REPLACEMENT);
    replaced++;
  }

  private void append(char c) {
    int length = text.length();
    if (cuttable && length > 0 && mayCut(text.charAt(length - 1), c)) {
      cut = length;
    }
    text.append(c);
  }

  /** Whether {@link #take} has something to hand out before the document ends. */
  boolean full() {
    return text.length() >= PIECE && cut > 0;
  }

  /** Whether no more fits. */
  boolean over() {
    return text.length() > LONGEST;
  }

  /** The text up to the last place where it may be cut. */
  String take() {
    String piece = text.substring(0, cut);
    text.delete(0, cut);
    cut = 0;
    return piece;
  }

  /** All that is left of the document. */
  String rest() {
    endEscape();
    afterHigh = false;
    String piece = text.toString();
    text.setLength(0);
    if (text.capacity() > 4 * PIECE) {
      text.trimToSize();
    }
    cut = 0;
    return piece;
  }

  /** How many parts were replaced since this was last asked. */
  long replaced() {
    long count = replaced;
    replaced = 0;
    return count;
  }
}
