package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CacheMeasurement;
import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.closeup.CloseUpMeasurement;
import dev.homolog.analysis.closeup.Focus;
import dev.homolog.analysis.contrast.ContrastMeasurement;
import dev.homolog.analysis.contrast.HomologMeasurement;
import dev.homolog.analysis.correlation.BaselineMeasurement;
import dev.homolog.analysis.correlation.ConvergenceMeasurement;
import dev.homolog.analysis.correlation.CorrelationMeasurement;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.OtherModels;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.SubsetMeasurement;
import dev.homolog.analysis.explanation.ExplanationMeasurement;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.analysis.lineage.LineageMeasurement;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.roles.RoleMeasurement;
import dev.homolog.analysis.statistics.MomentsMeasurement;
import dev.homolog.analysis.statistics.StatisticsMeasurement;
import dev.homolog.analysis.weights.WeightMeasurement;
import dev.homolog.core.intervention.Positions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The list of the measurements that a study's options require. A new measurement is added here. */
final class Measurements implements AutoCloseable {
  /** Neurons that get a close look, the best by excess first. */
  private static final int CHOSEN = 1000;

  private final StudyOptions options;
  private final Setting setting;
  private final List<Measurement> list = new ArrayList<>();

  private Measurements(StudyOptions options, Setting setting) {
    this.options = options;
    this.setting = setting;
  }

  /**
   * Makes them, and finds that the text is enough for each.
   *
   * @param lineage of the models, if there are several
   * @throws dev.homolog.core.InputException if it is not
   */
  static Measurements of(StudyOptions options, Setting setting, LineageMeasurement lineage) {
    Measurements measurements = new Measurements(options, setting);
    if (!options.others().isEmpty()) {
      measurements.add(lineage);
    }
    switch (options.extent()) {
      case CORRELATIONS -> measurements.baseline(measurements.correlations());
      case EVERYTHING -> measurements.everything();
      case ACTIVATIONS -> measurements.activations();
    }
    return measurements;
  }

  /**
   * In the order in which they are asked, which is that of the columns of the table of neurons.
   * Each may ask those before it.
   */
  List<Measurement> list() {
    return List.copyOf(list);
  }

  private <M extends Measurement> M add(M measurement) {
    list.add(measurement);
    return measurement;
  }

  private CorrelationMeasurement correlations() {
    MomentsMeasurement moments = add(new MomentsMeasurement(setting));
    return add(
        new CorrelationMeasurement(
            setting, options.comparison(), options.baseline(), options.others(), moments));
  }

  private void baseline(CorrelationMeasurement correlations) {
    add(new BaselineMeasurement(correlations));
    if (options.comparison().bySubset()) {
      add(new SubsetMeasurement(setting, options.comparison(), options.baseline(), correlations));
    }
  }

  private void everything() {
    int mostChosen = Math.min(CHOSEN, setting.reference().neurons());
    Best best = new Best();
    add(new StatisticsMeasurement(setting, best::chosen, mostChosen));
    CorrelationMeasurement correlations = correlations();
    best.correlations = correlations;
    FeatureSet features = features();
    ExplanationMeasurement explanations =
        add(new ExplanationMeasurement(setting, features, best::chosen));
    baseline(correlations);
    if (!options.comparison().method().isSketch()) {
      // What a sketch says of part of the text is as uncertain as at the end.
      add(new ConvergenceMeasurement(setting, options.comparison(), correlations));
    }
    CloseUpMeasurement closeUp =
        add(
            new CloseUpMeasurement(
                setting,
                features,
                explanations,
                new CloseUpMeasurement.Who(best::subjects, mostChosen, false)));
    double threshold = options.comparison().threshold();
    add(new HomologMeasurement(setting, threshold, correlations, explanations, closeUp));
    add(new OtherModels(options.baseline(), correlations));
    add(new ContrastMeasurement(options.baseline(), correlations));
    add(new WeightMeasurement(setting, options.processing(), best::chosen, mostChosen));
    roles();
  }

  /** The reference alone, with a close look at the neurons that are named. */
  private void activations() {
    FeatureSet features = features();
    Focus focus = options.focus();
    List<Integer> named =
        focus.neurons().stream().map(neuron -> neuron.flat(setting.reference())).toList();
    Supplier<List<CloseUp.Subject>> subjects =
        () -> named.stream().map(id -> new CloseUp.Subject(id, List.of(), List.of())).toList();
    add(new StatisticsMeasurement(setting, () -> named, named.size()));
    add(new MomentsMeasurement(setting));
    ExplanationMeasurement explanations =
        add(new ExplanationMeasurement(setting, features, () -> named));
    add(
        new CloseUpMeasurement(
            setting,
            features,
            explanations,
            new CloseUpMeasurement.Who(subjects, named.size(), true)));
    focus.cache().ifPresent(cache -> add(new CacheMeasurement(setting, focus, cache)));
    roles();
  }

  private void roles() {
    if (options.roles()) {
      int context = setting.text().table().context();
      Positions queries = Positions.from(AttentionRole.usualAfter(context));
      var rolesOptions = new NeuronRoles.Options(options.processing(), queries, options.seed());
      add(new RoleMeasurement(setting, rolesOptions));
    }
  }

  private FeatureSet features() {
    return setting
        .phases()
        .time(
            Phase.FEATURES,
            () ->
                FeatureSet.of(
                    setting.text().table(), setting.tokenizer(), setting.reference().vocabSize()));
  }

  /** The neurons that stand out, once the passes have found them. */
  private final class Best {
    private CorrelationMeasurement correlations;

    List<Integer> chosen() {
      return correlations.found().universality().ranking().stream()
          .limit(CHOSEN)
          .map(neuron -> neuron.flat(setting.reference()))
          .toList();
    }

    List<CloseUp.Subject> subjects() {
      List<PairMatches> pairs = correlations.found().summary().pairs();
      double threshold = options.comparison().threshold();
      return chosen().stream()
          .map(id ->
              new CloseUp.Subject(
                  id,
                  pairs.stream().map(pair -> pair.highest().match(id, 0)).toList(),
                  pairs.stream().map(pair -> Homologs.match(pair, id, threshold)).toList()))
          .toList();
    }
  }

  @Override
  public void close() {
    list.forEach(Measurement::close);
  }
}
