package dev.homolog.analysis;

import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What a study reads and how. Made by {@link #of}, changed by the {@code with} methods.
 *
 * @param reference folder of the model whose neurons are judged
 * @param others folders of the models it is compared with
 * @param input text or tokens
 * @param batchRows rows of tokens a batch
 * @param baseline what correlations are compared with
 * @param top matches kept at each end of each row
 * @param threshold excess above which a neuron is universal
 * @param seed of all that is random
 * @param closeUp whether to look at the chosen neurons' tokens in a second, short pass
 */
public record StudyOptions(
    Path reference,
    List<Path> others,
    TokenInput input,
    int batchRows,
    Baseline baseline,
    int top,
    double threshold,
    long seed,
    boolean closeUp) {

  /**
   * @throws InputException if a value is out of range; {@code where()} is the flag of the command
   *     that would hold it
   */
  public StudyOptions {
    Objects.requireNonNull(reference, "reference");
    others = List.copyOf(others);
    if (others.isEmpty()) {
      throw new InputException(
          "--other", "", "no model to compare with", "name at least one folder");
    }
    Set<Path> seen = new HashSet<>();
    for (Path other : others) {
      if (!seen.add(other.toAbsolutePath().normalize())) {
        throw new InputException("--other", "", other + " is given twice", "leave one out");
      }
    }
    if (batchRows < 1) {
      throw new InputException("--batch", "", "" + batchRows, "give at least 1");
    }
    if (top < 1) {
      throw new InputException("--top", "", "" + top, "give at least 1");
    }
    if (!(threshold >= -2 && threshold <= 2)) {
      throw new InputException("--threshold", "", "" + threshold, "give a number in [-2, 2]");
    }
  }

  /**
   * Opens the models' configurations, headers and tokenizers, looks for the text, and closes all
   * again: what a study would refuse at once is refused before a backend is opened for it.
   *
   * @throws InputException if a model, a tokenizer or the input cannot be used
   */
  public void requireInputs() {
    StudyInputs.check(this);
  }

  /** The published settings: one draw of the rotation baseline, threshold 0.5, 50 matches. */
  public static StudyOptions of(Path reference, List<Path> others, TokenInput input) {
    return new StudyOptions(reference, others, input, 32, Baseline.rotation(1), 50, 0.5, 0, true);
  }

  public StudyOptions withBatchRows(int batchRows) {
    return new StudyOptions(
        reference, others, input, batchRows, baseline, top, threshold, seed, closeUp);
  }

  public StudyOptions withBaseline(Baseline baseline) {
    return new StudyOptions(
        reference, others, input, batchRows, baseline, top, threshold, seed, closeUp);
  }

  public StudyOptions withTop(int top) {
    return new StudyOptions(
        reference, others, input, batchRows, baseline, top, threshold, seed, closeUp);
  }

  public StudyOptions withThreshold(double threshold) {
    return new StudyOptions(
        reference, others, input, batchRows, baseline, top, threshold, seed, closeUp);
  }

  public StudyOptions withSeed(long seed) {
    return new StudyOptions(
        reference, others, input, batchRows, baseline, top, threshold, seed, closeUp);
  }

  public StudyOptions withCloseUp(boolean closeUp) {
    return new StudyOptions(
        reference, others, input, batchRows, baseline, top, threshold, seed, closeUp);
  }
}
