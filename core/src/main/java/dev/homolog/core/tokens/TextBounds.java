package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a text may ask of the native library with one tokenizer. Beyond it, time grows as the square
 * of the text, or the library ends the process.
 *
 * @param file of the tokenizer
 * @param growth how many times as long the components may make a text
 * @param kind of the regular expression that asks most
 * @param edges added tokens at each of which the library looks through all text before
 */
record TextBounds(Path file, int growth, TokenizerPattern.Kind kind, List<String> edges) {
  private static final long MOST_CHARACTERS = 1L << 28;
  private static final int LONGEST_RUN = 1 << 19;
  private static final int LONGEST_SPACE = 1 << 14;
  private static final int LONGEST_BACKTRACKING = 1 << 15;
  private static final long MOST_EDGES = 1L << 35;
  private static final String REMEDY = "cut the text into shorter documents";

  static TextBounds of(Path file, TokenizerBudget budget, AddedTokens tokens) {
    List<String> edges = new ArrayList<>();
    for (AddedTokens.Token token : tokens.tokens()) {
      if (token.leftStrip() || token.singleWord()) {
        edges.add(token.content());
      }
    }
    return new TextBounds(file, budget.growth(), budget.hardest(), edges);
  }

  /**
   * Looks at a text before it is encoded.
   *
   * @throws InputException if it asks too much
   */
  void require(String text) {
    if ((long) text.length() * growth > MOST_CHARACTERS) {
      throw refuse(
          "a text of " + text.length() + " characters may become " + growth + " times as long");
    }
    switch (kind) {
      case LINEAR -> {
        // Any text.
      }
      case KNOWN -> requireRuns(text, LONGEST_RUN);
      case WHITE_SPACE -> requireRuns(text, LONGEST_SPACE);
      case BACKTRACKING -> {
        if (text.length() > LONGEST_BACKTRACKING) {
          throw refuse(
              "a regular expression that is not known goes back in a text of more than "
                  + LONGEST_BACKTRACKING
                  + " characters");
        }
      }
    }
    for (String edge : edges) {
      long found = 0;
      for (int i = text.indexOf(edge); i >= 0; i = text.indexOf(edge, i + edge.length())) {
        if (++found * text.length() > MOST_EDGES) {
          throw refuse("a text holds the token " + Vocabulary.quoted(edge) + " too often");
        }
      }
    }
  }

  /** Runs of white space; for expressions that are known, of letters too. */
  private void requireRuns(String text, int longest) {
    if (text.length() <= longest) {
      return;
    }
    int space = 0;
    int letters = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean white = Character.isWhitespace(c) || Character.isSpaceChar(c) || c < ' ' || c == 0x85;
      space = white ? space + 1 : 0;
      boolean other = white || c < 0x80 && !Character.isLetter(c);
      letters = other ? 0 : letters + 1;
      if (space > longest || letters > LONGEST_RUN) {
        throw refuse(
            "a text holds more than "
                + (space > longest ? longest + " spaces" : LONGEST_RUN + " letters")
                + " in a row");
      }
    }
  }

  private InputException refuse(String problem) {
    return new InputException(file, "", problem, REMEDY);
  }
}
