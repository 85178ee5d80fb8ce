package dev.homolog.core.tokens;

/**
 * What the components of a tokenizer add up to: how much they lengthen a text, and what their
 * regular expressions ask of it.
 */
final class TokenizerBudget {
  private static final int MOST_COMPONENTS = 32;
  private static final int MOST_GROWTH = 256;
  private static final int MOST_BACKTRACKING = 4;

  private int components;
  private long growth = 1;
  private int byteLevels;
  private int backtracking;
  private TokenizerPattern.Kind hardest = TokenizerPattern.Kind.LINEAR;

  void component(TokenizerField field) {
    if (++components > MOST_COMPONENTS) {
      throw field.refuse("is one of more than " + MOST_COMPONENTS + " components");
    }
  }

  /** A component makes text up to so many times as long. */
  void grow(TokenizerField field, long times) {
    growth *= Math.max(1, times);
    if (growth > MOST_GROWTH) {
      throw field.refuse("lengthens the text too much, with the components before it");
    }
  }

  /** Bytes as characters: done again and again, they become ever more. */
  void byteLevel(TokenizerField field) {
    if (++byteLevels > 2) {
      throw field.refuse("is the third component of its kind");
    }
  }

  void pattern(TokenizerField field, TokenizerPattern.Kind kind) {
    if (kind == TokenizerPattern.Kind.BACKTRACKING && ++backtracking > MOST_BACKTRACKING) {
      throw field.refuse("is one of too many regular expressions that go back in the text");
    }
    if (kind.compareTo(hardest) > 0) {
      hardest = kind;
    }
  }

  /** How many times as long a text may become. */
  int growth() {
    return (int) growth;
  }

  /** The kind of the expression that asks most of a text. */
  TokenizerPattern.Kind hardest() {
    return hardest;
  }
}
