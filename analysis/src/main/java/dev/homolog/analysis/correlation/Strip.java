package dev.homolog.analysis.correlation;

/**
 * Neurons [from, to) of one model, by flat id, which a pass compares with all neurons of all models
 * after it.
 *
 * @param model its number, 0 the reference
 */
public record Strip(int model, int from, int to) {
  /** Number of neurons. */
  public int rows() {
    return to - from;
  }
}
