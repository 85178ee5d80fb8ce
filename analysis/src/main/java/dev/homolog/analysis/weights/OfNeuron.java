package dev.homolog.analysis.weights;

import dev.homolog.analysis.statistics.RowMoments;

/**
 * What a neuron's own weights say.
 *
 * @param inNorm |w_in|
 * @param outNorm |w_out|
 * @param bias b_in
 * @param similarity cosine of w_in and w_out; NaN where one of them is 0
 * @param vocabulary population moments over all rows of the vocabulary of cos(w_out, column of
 *     W_U); all NaN where w_out is 0
 * @param vocabularyProduct the same of w_outᵀ W_U
 */
public record OfNeuron(
    double inNorm,
    double outNorm,
    double bias,
    double similarity,
    RowMoments vocabulary,
    RowMoments vocabularyProduct) {

  /** |w_in|² + |w_out|²: what weight decay takes off. */
  public double l2Penalty() {
    return inNorm * inNorm + outNorm * outNorm;
  }
}
