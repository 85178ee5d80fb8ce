package dev.homolog.cli;

import dev.homolog.analysis.run.RunFacts;
import java.io.PrintWriter;
import java.util.Locale;

/** What a summary says of a text that is not quite as it should be. */
final class TextNotes {
  private TextNotes() {}

  /** Prints a line for everything that there is to say, which may be nothing. */
  static void print(RunFacts.TokenFacts tokens, PrintWriter to) {
    if (tokens.replacedCharacters() > 0) {
      to.printf(
          Locale.ROOT,
          "Replaced %,d malformed parts of the text by U+FFFD: it is not all UTF-8%n",
          tokens.replacedCharacters());
    }
    if (tokens.subsetsDropped()) {
      to.println("The documents name more than 1,024 subsets, which count as none");
    } else if (tokens.unlabelled() > 0) {
      to.printf(
          Locale.ROOT,
          "Documents that name no subset: %,d of %,d%n",
          tokens.unlabelled(),
          tokens.documents());
    }
  }
}
