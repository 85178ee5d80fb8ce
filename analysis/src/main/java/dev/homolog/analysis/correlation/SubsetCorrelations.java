package dev.homolog.analysis.correlation;

import dev.homolog.core.Brief;
import java.util.List;

/**
 * Correlations over the tokens of each subset of the text on their own.
 *
 * @param subsets in the order of the text's names
 */
public record SubsetCorrelations(List<OfSubset> subsets) {

  /**
   * One subset of the text.
   *
   * @param tokens kept tokens
   * @param universality of each reference neuron over them
   */
  public record OfSubset(String name, long tokens, Universality universality) {}

  @Override
  public String toString() {
    return Brief.of("SubsetCorrelations").with("subsets", subsets).toString();
  }
}
