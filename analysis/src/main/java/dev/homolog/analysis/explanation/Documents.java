package dev.homolog.analysis.explanation;

import dev.homolog.core.tokens.TokenTable;
import java.util.function.IntBinaryOperator;

/**
 * Which document a position is of, and random labels of documents. A label is like a subset that is
 * unrelated to the text. The variance that random labels explain is due to the documents alone. A
 * real subset has to explain more.
 *
 * @param count documents of the text
 * @param documentAt document by row and position
 */
record Documents(int count, IntBinaryOperator documentAt) {
  /** Times that all documents are given a label. */
  static final int DRAWS = 4;

  /** Labels of a draw. */
  static final int LABELS = 8;

  static Documents of(TokenTable table) {
    return new Documents(table.documents(), table::documentOf);
  }

  /** The label of a document, which depends on its number alone. */
  static int label(int draw, int document) {
    long z = (document + 1L) * 0x9e3779b97f4a7c15L + draw * 0xd1b54a32d192ed03L;
    // The finish of SplitMix64.
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return (int) ((z ^ (z >>> 31)) >>> 61);
  }
}
