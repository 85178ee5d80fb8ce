package dev.homolog.analysis.correlation;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.table.Table;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tables of each other model alone, and of neurons that are universal in all other models but one.
 */
public final class OtherModels implements Measurement {
  private final CorrelationMeasurement correlations;
  private final boolean judged;

  /**
   * @param correlations which come before this in the list of measurements
   */
  public OtherModels(Baseline baseline, CorrelationMeasurement correlations) {
    this.correlations = correlations;
    this.judged = baseline.kind() != Baseline.Kind.NONE;
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    Correlations result = correlations.found();
    return Stream.of(
            CorrelationTables.byOther(result.byOther(), judged),
            CorrelationTables.allButOne(result))
        .map(table -> List.of(table).iterator());
  }
}
