package dev.homolog.analysis.contrast;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.CorrelationMeasurement;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** How universal neurons differ from the others, and in which layers best matches lie. */
public final class ContrastMeasurement implements Measurement {
  private final Baseline baseline;
  private final CorrelationMeasurement correlations;

  /**
   * @param correlations which come before this in the list of measurements
   */
  public ContrastMeasurement(Baseline baseline, CorrelationMeasurement correlations) {
    this.baseline = baseline;
    this.correlations = correlations;
  }

  /** Without a baseline no neuron is universal, and nothing is compared. */
  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    List<Table> tables = new ArrayList<>();
    if (baseline.kind() != Baseline.Kind.NONE) {
      tables.add(ContrastTables.comparison(neurons));
    }
    tables.add(ContrastTables.depths(neurons, correlations.found().summary().pairs()));
    return tables.stream().map(table -> List.of(table).iterator());
  }
}
