package dev.homolog.analysis.correlation;

import dev.homolog.core.Brief;
import dev.homolog.core.stream.ModelNeurons;

/**
 * What is kept of the correlations between one model, usually the reference, and another.
 *
 * @param one the first model
 * @param other the other model
 * @param highest of each neuron of the first
 * @param lowest likewise, the most negative first; null where only the best is kept
 * @param highestBack of each neuron of the other model with those of the first
 * @param lowestBack likewise; null where only the best is kept
 * @param histogram of all correlations: equal bins over [−1, 1]; null where only the best is kept
 */
public record PairMatches(
    ModelNeurons one,
    ModelNeurons other,
    Tails highest,
    Tails lowest,
    Tails highestBack,
    Tails lowestBack,
    long[] histogram) {

  /** Whether two neurons are each other's best match. */
  public boolean mutual(int neuronOfOne, int neuronOfOther) {
    return highest.match(neuronOfOne, 0) == neuronOfOther
        && highestBack.match(neuronOfOther, 0) == neuronOfOne;
  }

  @Override
  public String toString() {
    return Brief.of("PairMatches")
        .with("one", one)
        .with("other", other)
        .with("highest", highest)
        .with("lowest", lowest)
        .with("highestBack", highestBack)
        .with("lowestBack", lowestBack)
        .with("histogram", histogram)
        .toString();
  }
}
