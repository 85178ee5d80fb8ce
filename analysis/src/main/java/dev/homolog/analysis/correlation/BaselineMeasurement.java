package dev.homolog.analysis.correlation;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;

/**
 * The baseline's best matches, out of the sums of {@link CorrelationMeasurement}, which also writes
 * them. They are reduced on their own: it takes long, and what needs no baseline comes before.
 */
public final class BaselineMeasurement implements Measurement {
  private final CorrelationMeasurement correlations;

  /** Of these correlations, which come before it in the study's list. */
  public BaselineMeasurement(CorrelationMeasurement correlations) {
    this.correlations = correlations;
  }

  @Override
  public void reduce(Pass pass) {
    correlations.reduceBaseline(pass);
  }
}
