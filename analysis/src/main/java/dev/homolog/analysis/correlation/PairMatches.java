package dev.homolog.analysis.correlation;

import dev.homolog.core.stream.ModelNeurons;

/**
 * What is kept of the correlations between the reference and one other model.
 *
 * @param other the other model
 * @param highest of each neuron of the reference
 * @param lowest likewise, the most negative first
 * @param highestBack of each neuron of the other model with those of the reference
 * @param lowestBack likewise
 * @param histogram of all correlations: equal bins over [−1, 1]
 */
public record PairMatches(
    ModelNeurons other,
    Tails highest,
    Tails lowest,
    Tails highestBack,
    Tails lowestBack,
    long[] histogram) {}
