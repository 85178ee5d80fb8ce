package dev.homolog.analysis.correlation;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;

/**
 * How neurons are compared and what is kept of it.
 *
 * @param similarity of two neurons
 * @param top matches kept at each end of each row
 * @param threshold excess above which a neuron is universal, and correlation above which a mutual
 *     best match is a homolog
 * @param allPairs whether the other models are compared with each other too
 * @param bySubset whether all is done for each subset of the text on its own too
 * @param allowEqual whether models with the same weights may be compared
 * @param method whether similarities are exact or estimated
 */
public record Comparison(
    Similarity similarity,
    int top,
    double threshold,
    boolean allPairs,
    boolean bySubset,
    boolean allowEqual,
    Method method) {

  /** The published settings: Pearson's correlation, threshold 0.5, 50 matches. */
  public static final Comparison PUBLISHED =
      new Comparison(Similarity.PEARSON, 50, 0.5, false, false, false, Method.EXACT);

  /** The most matches that are kept: about as many as a layer of a large model has neurons. */
  public static final int MOST_TOP = 1 << 16;

  /**
   * @throws InputException if a number is out of range, or a sketch is asked what it cannot tell
   */
  public Comparison {
    InputException.requireRange(InputOption.TOP, top, 1, MOST_TOP);
    if (!(threshold >= -2 && threshold <= 2)) {
      throw new InputException(InputOption.THRESHOLD, threshold + "", "give a number in [-2, 2]");
    }
    if (method.isSketch() && similarity == Similarity.JACCARD) {
      throw new InputException(
          InputOption.METHOD,
          "a sketch does not estimate --similarity " + similarity,
          "give --method exact");
    }
    if (method.isSketch() && bySubset) {
      throw new InputException(
          InputOption.METHOD,
          "a sketch is of the whole text, and --by-subset asks for parts of it",
          "leave one of the two out");
    }
  }

  /** The same with another {@code similarity}. */
  public Comparison withSimilarity(Similarity similarity) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }

  /** The same with another {@code top}. */
  public Comparison withTop(int top) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }

  /** The same with another {@code threshold}. */
  public Comparison withThreshold(double threshold) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }

  /** The same with another {@code allPairs}. */
  public Comparison withAllPairs(boolean allPairs) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }

  /** The same with another {@code bySubset}. */
  public Comparison withBySubset(boolean bySubset) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }

  /** The same with another {@code allowEqual}. */
  public Comparison withAllowEqual(boolean allowEqual) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }

  /** The same with another {@code method}. */
  public Comparison withMethod(Method method) {
    return new Comparison(similarity, top, threshold, allPairs, bySubset, allowEqual, method);
  }
}
