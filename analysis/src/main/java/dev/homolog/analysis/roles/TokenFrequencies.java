package dev.homolog.analysis.roles;

import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Frequencies of tokens in a text, without the first of each row, plus one for every token of the
 * vocabulary.
 *
 * @param logP natural logarithms of the frequencies [vocab]
 * @param direction the same less their mean, scaled to length 1 [vocab]
 * @param tokens number of tokens that were counted
 * @param unseen share of the vocabulary that does not occur
 */
record TokenFrequencies(double[] logP, double[] direction, long tokens, double unseen) {

  /** Of all rows of a table; {@code direction} is 0 where all tokens are as frequent. */
  static TokenFrequencies of(TokenTable table, int vocabulary) {
    long[] counts = new long[vocabulary];
    long total = vocabulary;
    for (long row = 0; row < table.rows(); row++) {
      var ids = table.ids(row, 1);
      for (int p = 1; p < table.context(); p++) {
        counts[ids.getAtIndex(ValueLayout.JAVA_INT, p)]++;
        total++;
      }
    }
    double[] logP = new double[vocabulary];
    double mean = 0;
    for (int v = 0; v < vocabulary; v++) {
      logP[v] = Math.log((counts[v] + 1.0) / total);
      mean += logP[v] / vocabulary;
    }
    double[] direction = new double[vocabulary];
    double square = 0;
    for (int v = 0; v < vocabulary; v++) {
      direction[v] = logP[v] - mean;
      square += direction[v] * direction[v];
    }
    for (int v = 0; v < vocabulary; v++) {
      direction[v] = square == 0 ? 0 : direction[v] / Math.sqrt(square);
    }
    double unseen = Arrays.stream(counts).filter(count -> count == 0).count();
    return new TokenFrequencies(logP, direction, total - vocabulary, unseen / vocabulary);
  }
}
