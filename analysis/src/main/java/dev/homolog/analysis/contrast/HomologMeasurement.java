package dev.homolog.analysis.contrast;

import dev.homolog.analysis.closeup.CloseUpMeasurement;
import dev.homolog.analysis.correlation.CorrelationMeasurement;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.explanation.ExplanationMeasurement;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.table.Table;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Groups of counterparts: mutual best matches above the threshold, and what they respond to. */
public final class HomologMeasurement implements Measurement {
  private final Setting setting;
  private final double threshold;
  private final CorrelationMeasurement correlations;
  private final ExplanationMeasurement explanations;
  private final CloseUpMeasurement closeUp;
  private Optional<Homologs> homologs = Optional.empty();

  /** The measurements before this that it asks are the last three parameters. */
  public HomologMeasurement(
      Setting setting,
      double threshold,
      CorrelationMeasurement correlations,
      ExplanationMeasurement explanations,
      CloseUpMeasurement closeUp) {
    this.setting = setting;
    this.threshold = threshold;
    this.correlations = correlations;
    this.explanations = explanations;
    this.closeUp = closeUp;
  }

  @Override
  public void conclude() {
    homologs = Optional.of(Homologs.of(correlations.found().summary(), threshold));
  }

  private List<Homologs.Group> groups() {
    return homologs.orElseThrow().groups();
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(homologs.orElseThrow());
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    MemberFamilies families =
        new MemberFamilies(explanations.found(), setting.reference().dMlp(), closeUp.found());
    return Stream.of(
        List.of(ContrastTables.homologs(groups(), setting.neurons(), families)).iterator());
  }

  @Override
  public void describe(Facts study) {
    study.object("result").put("homologs", groups().size());
  }
}
