package dev.homolog.analysis;

import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.passes.KeptRun;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.plan.BatchPlan;
import dev.homolog.analysis.plan.BatchRows;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.roles.RoleMeasurement;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.Manifest;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.UnchangedFiles;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.TokenTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Looks for neurons whose role in the model is known: prediction, entropy, attention heads. */
public final class RoleStudy implements OpenStudy<RoleStudy.Result> {
  private final Options options;
  private final Inputs inputs;
  private final KeptRun kept = new KeptRun();
  private final BatchRows batchRows = new BatchRows();

  /**
   * Whose roles are looked for, and on which text.
   *
   * @param model folder of the model
   * @param input text or tokens
   * @param queries positions of the queries that neurons are taken out of. If absent, all from 64
   *     on, or from a quarter of the context if that is less.
   * @param processing of the weights that candidates are chosen by
   * @param resources what it may use
   * @param seed of the random neurons beside candidates
   */
  public record Options(
      Path model,
      TokenInput input,
      Optional<Positions> queries,
      Processing processing,
      Resources resources,
      long seed) {

    public Options {
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(processing, "processing");
    }

    /** The positions in rows of that many tokens. */
    private Positions queries(int context) {
      Positions positions = queries.orElse(Positions.from(AttentionRole.usualAfter(context)));
      if (positions.from() >= context) {
        boolean one = positions.to() - positions.from() == 1;
        throw new InputException(
            one ? InputOption.POSITION : InputOption.AFTER,
            positions.from() + ", but rows have " + context + " tokens",
            "give less than that");
      }
      return positions;
    }

    @Override
    public String toString() {
      return Brief.of("Options")
          .with("model", model)
          .with("input", input)
          .with("queries", queries)
          .with("processing", processing)
          .with("resources", resources)
          .with("seed", seed)
          .toString();
    }
  }

  /** The roles of a model's neurons. */
  public record Result(Options options, NeuronRoles roles, RunFacts facts) {

    /** Writes the tables and, last, {@code study.json}. */
    public void write(RunFolder folder, Invocation invocation) {
      roles.tables().forEach(table -> folder.write(table, invocation.format()));
      Facts study = Manifest.of(invocation, facts, this::describe);
      study.put("processing", options.processing.toString());
      roles.describe(study.object("result"));
      folder.finish(study);
    }

    private void describe(Facts json) {
      ModelStudy.describe(json, facts, options.input, options.resources, options.seed);
      Positions queries = roles.attention().queries();
      json.put("after", queries.from());
      json.put("one_position", queries.to() - queries.from() == 1);
    }

    @Override
    public String toString() {
      return Brief.of("Result")
          .with("options", options)
          .with("roles", roles)
          .with("facts", facts)
          .toString();
    }
  }

  private RoleStudy(Options options, Inputs inputs) {
    this.options = options;
    this.inputs = inputs;
  }

  /** Runs it; {@link #open} says what is refused at once. */
  public static Result run(Options options, Kernels kernels, RunListener listener) {
    try (RoleStudy study = open(options)) {
      return study.run(kernels, listener);
    }
  }

  /**
   * Opens the model's configuration, header and tokenizer, and looks for the text.
   *
   * @throws InputException if something of these cannot be used
   */
  public static RoleStudy open(Options options) {
    Inputs inputs =
        Inputs.open(List.of(options.model), options.input, options.resources.followLinks());
    try {
      inputs.requireUnembedding();
      return new RoleStudy(options, inputs);
    } catch (RuntimeException | Error e) {
      inputs.close();
      throw e;
    }
  }

  /** Saves what is found as the run goes on; what is there already is not done again. */
  public RoleStudy savingTo(Saving where) {
    kept.savingTo(where);
    return this;
  }

  @Override
  public boolean stop(Duration patience) {
    return kept.stop(patience);
  }

  /**
   * Runs it, once.
   *
   * @throws InputException if the model or the text cannot be used, or if it does not fit into
   *     memory
   */
  @Override
  public Result run(Kernels kernels, RunListener listener) {
    return UnchangedFiles.during(inputs.checkpoints(), () -> measure(kernels, listener));
  }

  private Result measure(Kernels kernels, RunListener listener) {
    Phases phases = new Phases();
    try (TokenTable table =
        inputs.read(options.resources.memory(), kernels.working(), listener, phases)) {
      var rolesOptions =
          new NeuronRoles.Options(
              options.processing, options.queries(table.context()), options.seed);
      BatchPlan planned =
          BatchPlan.of(
              options.resources,
              kernels,
              inputs.models().getFirst().checkpoint(),
              table.rows(),
              table.context(),
              tokens -> NeuronRoles.bytes(inputs.reference(), kernels, tokens));
      return batchRows.during(
          kernels,
          listener::halved,
          kept::hasState,
          () -> measure(table, planned, rolesOptions, kernels, phases, listener));
    }
  }

  private Result measure(
      TokenTable table,
      BatchPlan planned,
      NeuronRoles.Options rolesOptions,
      Kernels kernels,
      Phases phases,
      RunListener listener) {
    BatchPlan batches = planned.withRows(batchRows.of(planned.rows()));
    Setting setting =
        new Setting(
            kernels,
            inputs.models(),
            new ActivationStream.Text(table, batches.rows()),
            inputs.tokenizer(),
            options.seed,
            phases,
            listener);
    try (RoleMeasurement roles = new RoleMeasurement(setting, rolesOptions)) {
      kept.during(kernels, () -> identity(setting, rolesOptions), roles::afterwards);
      return new Result(
          options, roles.found(), ModelStudy.facts(inputs, table, kernels, batches, phases));
    }
  }

  private static Identity identity(Setting setting, NeuronRoles.Options roles) {
    Identity identity = ModelStudy.identity(setting.kernels(), setting.models(), setting.text());
    return identity
        .put("the command", "roles")
        .put("--seed", roles.seed())
        .put("--processing", roles.processing())
        .put("positions of queries", roles.queries());
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
