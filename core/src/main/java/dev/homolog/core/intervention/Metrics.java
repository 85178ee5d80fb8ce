package dev.homolog.core.intervention;

/**
 * What is measured of predictions, at a position or on average. Averages leave out the last
 * position of each row, and tokens that are BOS or EOS.
 *
 * @param loss −log p of the token that follows, in nats
 * @param entropy of the prediction, exact, in nats
 * @param rank of the token that follows: how many have a greater logit
 * @param recipRank 1 / (rank + 1)
 * @param scale √(variance + epsilon) of the last LayerNorm's input
 * @param expectation Σ p w of given weights of the vocabulary; 0 without
 */
public record Metrics(
    double loss, double entropy, double rank, double recipRank, double scale, double expectation) {

  /** Number of metrics. */
  static final int COUNT = 6;

  static Metrics of(double[] values) {
    return new Metrics(values[0], values[1], values[2], values[3], values[4], values[5]);
  }
}
