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
import dev.homolog.analysis.passes.MergedPasses;
import dev.homolog.analysis.passes.Passes;
import dev.homolog.analysis.passes.SavedJournal;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.passes.ShardPasses;
import dev.homolog.analysis.passes.StopRequest;
import dev.homolog.analysis.plan.BatchRows;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.shard.ShardResult;
import dev.homolog.analysis.shard.ShardSet;
import dev.homolog.analysis.state.CheckpointFolder;
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
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
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
  private final BatchRows batchRows = new BatchRows();
  private Optional<Saving> saving = Optional.empty();
  private Optional<ShardSet> shards = Optional.empty();
  private OptionalInt rowsAPass = OptionalInt.empty();

  private Study(StudyOptions options, Inputs inputs) {
    this.options = options;
    this.inputs = inputs;
  }

  /**
   * Reads one shard of a study's text, and makes a folder of it that {@link #merge} takes. All
   * shards have the same options, and kernels of the same backend.
   *
   * @param folder which is finished then; after a stop, the same call goes on from what it has
   * @param kernels what computes; stays open
   * @throws InputException as of {@link #run(StudyOptions, Kernels, RunListener)}, or if the text
   *     has fewer batches than there are shards
   */
  public static ShardResult shard(
      StudyOptions options, Shard shard, RunFolder folder, Kernels kernels, RunListener listener) {
    try (OpenStudy<ShardResult> study = open(options).ofShard(shard, folder.state())) {
      ShardResult result = study.run(kernels, listener);
      result.write(folder);
      return result;
    }
  }

  /**
   * Joins all shards of a study: what {@link #run(StudyOptions, Kernels, RunListener)} finds, but
   * for rounding. Models and text lie where they lay for the shards.
   *
   * @param shards folders of all shards, in any order
   * @param machine what it may use; rows a batch are those of the shards
   * @param kernels what computes, of the backend that the shards had; stays open
   * @throws InputException if a shard is missing, given twice, damaged, or of another study, or if
   *     models or text have changed
   */
  public static StudyResult merge(
      List<Path> shards, Resources machine, Kernels kernels, RunListener listener) {
    try (Study study = openMerged(shards, machine)) {
      return study.run(kernels, listener);
    }
  }

  /**
   * Opens the study that such shards are of.
   *
   * @throws InputException as of {@link #merge}, as far as it is found without reading text
   */
  public static Study openMerged(List<Path> shards, Resources machine) {
    ShardSet set = ShardSet.read(shards);
    StudyOptions options = set.shards().getFirst().madeOf(saved -> StudyOptions.of(saved, machine));
    Study study = open(options);
    study.shards = Optional.of(set);
    study.batchRows.settle();
    return study;
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

  /**
   * This study over one shard of its text. Its sums go to a folder, and {@link #merge} makes the
   * tables. A shard that was stopped goes on with the pieces that are left.
   *
   * @param folder of the sums alone; need not be there
   * @return what is run in place of this study, and closes it
   * @throws IllegalStateException it compares no models, or saves its state
   */
  public OpenStudy<ShardResult> ofShard(Shard shard, Path folder) {
    if (options.others().isEmpty() || saving.isPresent()) {
      throw new IllegalStateException("activations are not read in shards, nor checkpoints saved");
    }
    batchRows.settle(); // the other shards have the same
    return new ShardStudy(shard, folder);
  }

  /** Reads one shard. */
  private final class ShardStudy implements OpenStudy<ShardResult> {
    private final Shard shard;
    private final Path folder;

    ShardStudy(Shard shard, Path folder) {
      this.shard = shard;
      this.folder = folder;
    }

    @Override
    public ShardResult run(Kernels kernels, RunListener listener) {
      return UnchangedFiles.during(
          inputs.checkpoints(),
          () ->
              prepared(
                  kernels,
                  listener,
                  MemoryBounds::now,
                  ready -> readShard(ready, shard, folder, listener)));
    }

    @Override
    public boolean stop(Duration patience) {
      return stop.save(patience);
    }

    @Override
    public List<String> notes() {
      return Study.this.notes();
    }

    @Override
    public void close() {
      Study.this.close();
    }
  }

  private ShardResult readShard(Ready ready, Shard shard, Path folder, RunListener listener) {
    ShardPasses passes =
        new ShardPasses(ready.setting, ready.measurements, ready.planner, shard, folder, stop);
    Identity identity = identity(ready.setting);
    ShardPasses.Done done =
        passes.read(identity, preparation(), ready.pilotRows, inputs.reading(), listener::planned);
    Read read = new Read(done.plan(), OptionalLong.empty(), OptionalInt.empty());
    return new ShardResult(
        shard,
        options.saved(),
        identity,
        facts(ready, read),
        done.tokens(),
        done.found(),
        done.read());
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
    return prepared(
        kernels,
        listener,
        bounds,
        ready -> {
          List<Measurement> list = ready.measurements;
          Read read =
              shards.map(set -> merge(ready, set, listener)).orElseGet(() -> read(ready, listener));
          return new StudyResult(options, facts(ready, read), list, inputs.tokenizer());
        });
  }

  /** What all is done with once the text is laid out. */
  private record Ready(
      Setting setting, List<Measurement> measurements, Planner planner, Rows pilotRows) {}

  /** How the passes came about. */
  private record Read(Plan plan, OptionalLong resumedFrom, OptionalInt shards) {}

  private <T> T prepared(
      Kernels kernels,
      RunListener listener,
      Supplier<MemoryBounds> bounds,
      Function<Ready, T> work) {
    Phases phases = new Phases();
    LineageMeasurement lineage = new LineageMeasurement(options.comparison().allowEqual());
    try (TokenTable table =
        inputs.read(
            options.resources().memory(),
            kernels.working(),
            listener,
            phases,
            () -> compareWeights(lineage, kernels.threads(), phases, listener))) {
      return batchRows.during(
          kernels,
          listener::halved,
          this::hasState,
          () -> {
            Setting setting = setting(kernels, table, phases, listener);
            try (Measurements measurements = Measurements.of(options, setting, lineage)) {
              List<Measurement> list = measurements.list();
              Planner planner =
                  new Planner(options.resources(), setting, list, bounds.get(), rowsAPass);
              return work.apply(new Ready(setting, list, planner, pilotRows(table)));
            }
          });
    }
  }

  private boolean hasState() {
    return saving.map(where -> !new CheckpointFolder(where.folder()).isEmpty()).orElse(false);
  }

  private Read read(Ready ready, RunListener listener) {
    Optional<Checkpoints> checkpoints = checkpoints(ready.setting, ready.measurements);
    Passes passes = new Passes(ready.setting, ready.measurements, ready.planner, checkpoints);
    Plan plan;
    try {
      plan = passes.read(preparation(), ready.pilotRows, inputs.reading(), listener::planned);
    } finally {
      checkpoints.ifPresent(Checkpoints::close);
    }
    batchRows.settle();
    afterwards(ready.measurements, checkpoints);
    return new Read(plan, passes.resumedFrom(), OptionalInt.empty());
  }

  private Read merge(Ready ready, ShardSet set, RunListener listener) {
    Identity identity = identity(ready.setting);
    MergedPasses passes =
        new MergedPasses(ready.setting, ready.measurements, ready.planner, set, identity);
    Plan plan = passes.merge(inputs.reading(), listener::planned);
    afterwards(ready.measurements, Optional.empty());
    return new Read(plan, OptionalLong.empty(), OptionalInt.of(set.shards().size()));
  }

  private Preparation preparation() {
    return options.comparison().similarity().preparation();
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

  /** The same study with so many neurons of the reference a pass, whatever fits into memory. */
  Study withRowsAPass(int rows) {
    rowsAPass = OptionalInt.of(rows);
    return this;
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
    int rows = batchRows.of(options.resources().batchRows(table.context()));
    return new Setting(
        kernels,
        inputs.models(),
        new ActivationStream.Text(table, rows),
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

  private RunFacts facts(Ready ready, Read read) {
    Setting setting = ready.setting;
    TokenTable table = setting.text().table();
    List<RunFacts.ModelFacts> models = new ArrayList<>();
    for (ActivationStream.Model model : setting.models()) {
      models.add(RunFacts.ModelFacts.of(models.isEmpty() ? "reference" : "other", model));
    }
    Kernels kernels = setting.kernels();
    return new RunFacts(
        List.copyOf(models),
        RunFacts.TokenFacts.of(table, (long) ready.pilotRows.count() * table.context()),
        kernels.description(),
        options.others().isEmpty()
            ? kernels.precision()
            : CorrelationMeasurement.precision(setting, options.comparison()),
        RunFacts.PhaseFacts.of(setting.phases()),
        read.plan,
        setting.text().rows(),
        read.resumedFrom,
        read.shards);
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
