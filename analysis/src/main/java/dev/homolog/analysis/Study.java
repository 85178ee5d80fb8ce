package dev.homolog.analysis;

import dev.homolog.analysis.correlation.CorrelationMeasurement;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.lineage.LineageMeasurement;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.passes.Checkpoints;
import dev.homolog.analysis.passes.Passes;
import dev.homolog.analysis.passes.SavedJournal;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.passes.StopRequest;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.Journal;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.UnchangedFiles;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Preparation;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
  private final StopRequest stop = new StopRequest();
  private Optional<Saving> saving = Optional.empty();

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

  /**
   * Saves the state of the run as it goes on; a state that is there already is gone on from.
   *
   * @throws InputException activations are written to a file too, which cannot go on
   */
  public Study savingTo(Saving where) {
    if (options.focus().cache().isPresent()) {
      throw new InputException(
          InputOption.CACHE, "a run that writes it cannot be resumed", "leave one of the two out");
    }
    saving = Optional.of(where);
    return this;
  }

  @Override
  public boolean stop(Duration patience) {
    return saving.isPresent() && stop.save(patience);
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
        Optional<Checkpoints> checkpoints = checkpoints(setting, list);
        Passes passes = new Passes(setting, list, planner, checkpoints);
        Preparation preparation = options.comparison().similarity().preparation();
        Plan plan;
        try {
          plan = passes.read(preparation, pilotRows, inputs.reading(), listener::planned);
        } finally {
          checkpoints.ifPresent(Checkpoints::close);
        }
        afterwards(list, checkpoints);
        RunFacts.TokenFacts tokens =
            RunFacts.TokenFacts.of(table, (long) pilotRows.count() * table.context());
        RunFacts facts = facts(setting, tokens, plan, passes.resumedFrom());
        return new StudyResult(options, facts, list, inputs.tokenizer());
      }
    }
  }

  private Optional<Checkpoints> checkpoints(Setting setting, List<Measurement> measurements) {
    return saving.map(
        where -> Checkpoints.open(where, stop, identity(setting), setting, measurements));
  }

  private static void afterwards(List<Measurement> list, Optional<Checkpoints> checkpoints) {
    boolean keeps = list.stream().anyMatch(Measurement::keepsJournal);
    Optional<SavedJournal> saved = keeps ? checkpoints.map(Checkpoints::journal) : Optional.empty();
    Journal journal = saved.isPresent() ? saved.get() : Journal.NONE;
    for (Measurement measurement : list) {
      Runnable work = () -> measurement.afterwards(journal);
      if (saved.isPresent() && measurement.keepsJournal()) {
        saved.get().during(work); // a stop waits for nothing else
      } else {
        work.run();
      }
    }
  }

  /** What a run that goes on must have in common with the one that stopped. */
  private Identity identity(Setting setting) {
    Identity identity = ModelStudy.identity(setting.kernels(), setting.models(), setting.text());
    options.identify(identity);
    return identity;
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

  private RunFacts facts(
      Setting setting, RunFacts.TokenFacts tokens, Plan plan, OptionalLong resumedFrom) {
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
        setting.text().rows(),
        resumedFrom);
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
