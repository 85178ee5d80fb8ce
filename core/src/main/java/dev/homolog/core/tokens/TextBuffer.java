package dev.homolog.core.tokens;

/**
 * Collects the text of a document and hands it out in pieces whose tokens, one after the other, are
 * those of the whole. Surrogates without partner become U+FFFD and are counted. One thread.
 */
final class TextBuffer {
  /** So many chars are collected before a piece is handed out. */
  static final int PIECE = 1 << 16;

  /** The most chars of a document that may not be cut. */
  static final int LONGEST = 1 << 26;

  /**
   * The most chars without a place to cut where a document may be. The tokenizer takes them for one
   * word.
   */
  static final int LONGEST_WORD = 1 << 20;

  /**
   * The tokenizer holds up to so many bytes a char of a text that is not cut: 90 to 290 were seen
   * with base64, 250 to 770 with Chinese text.
   */
  static final int BYTES_PER_CHAR = 1024;

  /** Fewer are never the bound: so many are collected in search of a place. */
  static final int LEAST = 4 * PIECE;

  private static final char REPLACEMENT = '\uFFFD';

  /** Where a document may be cut into pieces. */
  enum Cuts {
    /** Nowhere. */
    NONE,
    /** Where {@link #mayCut} says so. */
    SPACES,
    /** There, and where {@link #mayCutWord} says so. */
    WORDS
  }

  private final Cuts cuts;
  private final int longest;
  private final StringBuilder text = new StringBuilder();
  private int cut;
  private int wordCut; // the last place within a word, taken where no other is near
  private long replaced;
  private boolean afterHigh; // the last char was the first half of a pair, as it stood in the text
  private char escapedHigh; // half a pair that an escape wrote, 0 if none

  /**
   * @param cuts which places the tokenizer allows
   * @param room bytes that the tokenizer may hold for a text that is not cut
   */
  TextBuffer(Cuts cuts, long room) {
    this.cuts = cuts;
    this.longest = (int) Math.min(most(cuts), Math.max(LEAST, room / BYTES_PER_CHAR));
  }

  private static int most(Cuts cuts) {
    return cuts == Cuts.NONE ? LONGEST : LONGEST_WORD;
  }

  /**
   * Whether GPT-2's regular expression always begins a new piece between two chars, whatever lies
   * around: no piece goes on with white space after something else. The normalizer NFC joins
   * nothing to a space or a newline.
   */
  static boolean mayCut(char before, char after) {
    return (after == ' ' || after == '\n') && isInk(before);
  }

  /**
   * Whether GPT-2's regular expression always begins a new piece between two chars within what
   * white space surrounds: it has letters and digits in pieces of their own. No added token of the
   * tokenizer may have such a place.
   */
  static boolean mayCutWord(char before, char after) {
    return isLetter(before) && isDigit(after) || isDigit(before) && isLetter(after);
  }

  /** Whether a text has such a place. */
  static boolean hasWordCut(String text) {
    for (int i = 1; i < text.length(); i++) {
      if (mayCutWord(text.charAt(i - 1), text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
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
    if (cuts != Cuts.NONE && length > 0) {
      char before = text.charAt(length - 1);
      if (mayCut(before, c)) {
        cut = length;
      } else if (cuts == Cuts.WORDS && mayCutWord(before, c)) {
        wordCut = length;
      }
    }
    text.append(c);
  }

  /** Whether {@link #take} has something to hand out before the document ends. */
  boolean full() {
    int length = text.length();
    return length >= PIECE && cut > 0 || length >= 2 * PIECE && wordCut > 0;
  }

  /** Whether no more fits. */
  boolean over() {
    return text.length() > longest;
  }

  /** The most chars that are held. */
  int longest() {
    return longest;
  }

  /** What helps where more would have to be held. */
  String remedy() {
    return longest < most(cuts) ? "raise --memory, or split the document" : "split the document";
  }

  /** The text up to the last place where it may be cut. */
  String take() {
    int end = cut > 0 ? cut : wordCut;
    String piece = text.substring(0, end);
    text.delete(0, end);
    cut = 0;
    wordCut = Math.max(0, wordCut - end);
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
    wordCut = 0;
    return piece;
  }

  /** How many parts were replaced since this was last asked. */
  long replaced() {
    long count = replaced;
    replaced = 0;
    return count;
  }
}
