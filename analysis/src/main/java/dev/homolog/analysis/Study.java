package dev.homolog.analysis;

import dev.homolog.analysis.correlation.CorrelationMeasurement;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.lineage.LineageMeasurement;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.plan.Calibration;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.UnchangedFiles;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Which neurons of a reference model are universal: the straight line from checkpoints and text to
 * a table. One pass over the tokens, each model running once a batch, serves all measurements.
 */
public final class Study implements OpenStudy<StudyResult> {
  /** The most tokens that the pilot reads, and the inverse of its greatest share of the rows. */
  private static final int PILOT_TOKENS = 4096;

  private static final int PILOT_SHARE = 16;

  private final StudyOptions options;
  private final Inputs inputs;

  private Study(StudyOptions options, Inputs inputs) {
    this.options = options;
    this.inputs = inputs;
  }

  /** As the method below, in silence. */
  public static StudyResult run(StudyOptions options, Kernels kernels) {
    return run(options, kernels, RunListener.NONE);
  }

  /**
   * Runs a study.
   *
   * @param kernels what computes; stays open
   * @throws dev.homolog.core.InputException if a model, a tokenizer or the text cannot be used, or
   *     if the study does not fit into memory in any number of passes
   */
  public static StudyResult run(StudyOptions options, Kernels kernels, RunListener listener) {
    try (Study study = open(options)) {
      return study.run(kernels, listener);
    }
  }

  /**
   * Opens the models' configurations, headers and tokenizers, and looks for the text. What a study
   * would refuse at once is refused before a backend is opened for it.
   *
   * @throws dev.homolog.core.InputException if a model, a tokenizer or the input cannot be used
   */
  public static Study open(StudyOptions options) {
    List<Path> folders = new ArrayList<>(List.of(options.reference()));
    folders.addAll(options.others());
    Inputs inputs = Inputs.open(folders, options.input(), options.resources().followLinks());
    try {
      if (options.extent() == StudyOptions.Extent.EVERYTHING || options.roles()) {
        inputs.requireUnembedding();
      }
      if (options.baseline().rotation() != null) {
        List<ModelNeurons> models = ActivationStream.columns(inputs.models());
        Rotation.requireFits(options.baseline().rotation(), models.subList(1, models.size()));
      }
      options
          .focus()
          .neurons()
          .forEach(name -> name.require(InputOption.NEURON, inputs.reference()));
      return new Study(options, inputs);
    } catch (RuntimeException | Error e) {
      inputs.close();
      throw e;
    }
  }

  /** Runs it, once; see {@link #run(StudyOptions, Kernels, RunListener)}. */
  @Override
  public StudyResult run(Kernels kernels, RunListener listener) {
    return run(kernels, listener, MemoryBounds::now);
  }

  /** Runs with memory bounds from {@code bounds} in place of the machine's. */
  StudyResult run(Kernels kernels, RunListener listener, Supplier<MemoryBounds> bounds) {
    return UnchangedFiles.during(inputs.checkpoints(), () -> measure(kernels, listener, bounds));
  }

  private StudyResult measure(
      Kernels kernels, RunListener listener, Supplier<MemoryBounds> bounds) {
    Phases phases = new Phases();
    LineageMeasurement lineage = new LineageMeasurement(options.comparison().allowEqual());
    try (TokenTable table =
        inputs.read(
            options.resources().memory(),
            kernels.working(),
            listener,
            phases,
            () -> compareWeights(lineage, kernels.threads(), phases, listener))) {
      Setting setting = setting(kernels, table, phases, listener);
      try (Measurements measurements = Measurements.of(options, setting, lineage)) {
        List<Measurement> list = measurements.list();
        Planner planner = new Planner(options.resources(), setting, list, bounds.get());
        Rows pilotRows = pilotRows(table);
        Plan plan = readText(setting, list, planner, pilotRows, listener);
        list.forEach(Measurement::afterwards);
        RunFacts.TokenFacts tokens =
            RunFacts.TokenFacts.of(table, (long) pilotRows.count() * table.context());
        return new StudyResult(options, facts(setting, tokens, plan), list, inputs.tokenizer());
      }
    }
  }

  private void compareWeights(
      LineageMeasurement lineage, int threads, Phases phases, RunListener listener) {
    if (!options.others().isEmpty()) {
      phases.run(
          Phase.LINEAGE, () -> lineage.compare(inputs.models(), options.seed(), threads, listener));
    }
  }

  /** A study as if the machine had that much memory. */
  static StudyResult within(MemoryBounds bounds, StudyOptions options, Kernels kernels) {
    try (Study study = open(options)) {
      return study.run(kernels, RunListener.NONE, () -> bounds);
    }
  }

  /** What such a study would take, by its sizes alone. */
  static Plan plan(MemoryBounds bounds, StudyOptions options, Kernels kernels) {
    Phases phases = new Phases();
    OptionalLong memory = options.resources().memory();
    try (Study study = open(options);
        TokenTable table = study.inputs.read(memory, kernels.working(), RunListener.NONE, phases)) {
      Setting setting = study.setting(kernels, table, phases, RunListener.NONE);
      LineageMeasurement lineage = new LineageMeasurement(options.comparison().allowEqual());
      try (Measurements measurements = Measurements.of(options, setting, lineage)) {
        return new Planner(options.resources(), setting, measurements.list(), bounds).plan();
      }
    }
  }

  private Setting setting(Kernels kernels, TokenTable table, Phases phases, RunListener listener) {
    int batchRows = options.resources().batchRows(table.context());
    return new Setting(
        kernels,
        inputs.models(),
        new ActivationStream.Text(table, batchRows),
        inputs.tokenizer(),
        options.seed(),
        phases,
        listener);
  }

  /** The pilot's rows are spread over the text, which may begin with all of one kind. */
  private static Rows pilotRows(TokenTable table) {
    long pilotRows = Math.min(table.rows() / PILOT_SHARE, PILOT_TOKENS / table.context());
    return Rows.spread(table.rows(), Math.max(1, pilotRows));
  }

  /** Makes all passes over the text and the close-up; returns the plan. */
  private Plan readText(
      Setting setting,
      List<Measurement> measurements,
      Planner planner,
      Rows pilotRows,
      RunListener listener) {
    Plan bare = planner.plan().after(inputs.reading());
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream =
          ActivationStream.open(setting.kernels(), arena, setting.models(), setting.text());
      Plan plan;
      try (Arena stays = Arena.ofShared()) {
        // Only pilot and passes read it, so that it is gone in the close look.
        stream.place(Site.MLP_PRE, stays);
        Calibration.Listener clock = new Calibration.Listener(listener);
        ActivationStream.Pilots pilots = pilots(setting, measurements, stream, pilotRows, clock);
        plan =
            setting
                .phases()
                .time(
                    Phase.CALIBRATION,
                    () -> bare.withSeconds(planner.seconds(bare, clock.finish(setting.kernels()))));
        listener.planned(plan);
        Pilot prepared = pilots.post().as(options.comparison().similarity().preparation());
        for (int number = 0; number < plan.passes(); number++) {
          int from = number * plan.rowsAPass();
          int to = Math.min(setting.reference().neurons(), from + plan.rowsAPass());
          try (Arena ofPass = Arena.ofShared()) {
            Pass pass = new Pass(number, plan.passes(), from, to, stream, pilots, ofPass, stays);
            read(pass, prepared, setting, measurements);
          }
        }
        measurements.forEach(Measurement::conclude);
        stream.release(Site.MLP_PRE);
      }
      measurements.forEach(measurement -> measurement.look(stream));
      return plan;
    }
  }

  private static ActivationStream.Pilots pilots(
      Setting setting,
      List<Measurement> measurements,
      ActivationStream stream,
      Rows rows,
      Calibration.Listener clock) {
    boolean preactivations =
        measurements.stream().anyMatch(m -> m.pilotSites().contains(Site.MLP_PRE));
    return setting
        .phases()
        .time(
            Phase.PILOT,
            (long) rows.count() * setting.text().table().context(),
            () -> stream.pilots(rows, preactivations, clock));
  }

  private void read(Pass pass, Pilot prepared, Setting setting, List<Measurement> measurements) {
    // Gigabytes: where they are the arena's own, their first touch takes time here.
    List<ActivationSink> sinks =
        setting
            .phases()
            .time(
                Phase.SUMS,
                () -> measurements.stream().flatMap(m -> m.sinks(pass).stream()).toList());
    TokenTable table = setting.text().table();
    setting
        .phases()
        .run(
            Phase.ACTIVATIONS,
            table.tokens(),
            () ->
                pass.stream()
                    .run(
                        Phase.ACTIVATIONS.toString(),
                        Rows.all(table.rows()),
                        prepared,
                        sinks,
                        setting.progress(),
                        done -> measurements.forEach(m -> m.batch(pass, done))));
    measurements.forEach(measurement -> measurement.reduce(pass));
  }

  private RunFacts facts(Setting setting, RunFacts.TokenFacts tokens, Plan plan) {
    List<RunFacts.ModelFacts> models = new ArrayList<>();
    for (ActivationStream.Model model : setting.models()) {
      models.add(RunFacts.ModelFacts.of(models.isEmpty() ? "reference" : "other", model));
    }
    Kernels kernels = setting.kernels();
    return new RunFacts(
        List.copyOf(models),
        tokens,
        kernels.description(),
        options.others().isEmpty()
            ? kernels.precision()
            : CorrelationMeasurement.precision(setting),
        RunFacts.PhaseFacts.of(setting.phases()),
        plan,
        setting.text().rows());
  }

  @Override
  public List<String> notes() {
    return inputs.notes();
  }

  @Override
  public void close() {
    inputs.close();
  }
}
