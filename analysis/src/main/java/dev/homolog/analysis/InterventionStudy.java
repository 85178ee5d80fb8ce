package dev.homolog.analysis;

import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.passes.KeptRun;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.plan.BatchPlan;
import dev.homolog.analysis.plan.BatchRows;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.Manifest;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.UnchangedFiles;
import dev.homolog.core.intervention.Intervention;
import dev.homolog.core.intervention.Metrics;
import dev.homolog.core.intervention.Mode;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.intervention.Reading;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Changes neurons of a model on a text and measures what becomes of its predictions. */
public final class InterventionStudy implements OpenStudy<InterventionStudy.Result> {
  private final Options options;
  private final Inputs inputs;
  private final KeptRun kept = new KeptRun();
  private final BatchRows batchRows = new BatchRows();

  /**
   * What is done to which neurons of a model, on which text. All neurons are changed together; each
   * value is a run of its own.
   *
   * @param model folder of the model
   * @param input text or tokens
   * @param neurons which, at least one
   * @param change what becomes of their activations
   * @param frozen what stays as it is without the intervention
   * @param resources what it may use
   */
  public record Options(
      Path model,
      TokenInput input,
      List<NeuronId> neurons,
      Change change,
      Frozen frozen,
      Resources resources) {

    /**
     * Other activations.
     *
     * @param site where they are changed
     * @param mode what becomes of them
     * @param values of the mode, in the order of the result; one 0 for a mode that takes none
     * @param positions of a row
     */
    public record Change(Site site, Mode mode, List<Double> values, Positions positions) {
      /**
       * @throws InputException if a value is missing, out of range or too many
       */
      public Change {
        if (!mode.takesValue()) {
          if (!values.isEmpty() && !values.equals(List.of(0.0))) {
            throw new InputException(
                InputOption.VALUE, "--mode " + mode + " takes none", "leave it out");
          }
          values = List.of(0.0);
        } else if (values.isEmpty()) {
          throw new InputException(
              InputOption.VALUE, "--mode " + mode + " needs one", "give a number");
        }
        for (double value : values) {
          if (!Double.isFinite(value)) {
            throw new InputException(InputOption.VALUE, value + "", "give a finite number");
          }
        }
        values = List.copyOf(values);
      }

      @Override
      public String toString() {
        return Brief.of("Change")
            .with("site", site)
            .with("mode", mode)
            .with("values", values)
            .with("positions", positions)
            .toString();
      }
    }

    /**
     * Parts of the model that stay as they are without the intervention.
     *
     * @param scale the last LayerNorm's scale
     * @param attention keys, values and patterns of all layers after the first that is changed
     */
    public record Frozen(boolean scale, boolean attention) {
      public static final Frozen NOTHING = new Frozen(false, false);
    }

    /**
     * @throws InputException if no neuron is named, or one twice; {@code where()} is the flag of
     *     the command that would hold it, as with {@link Change}
     */
    public Options {
      Objects.requireNonNull(model, "model");
      neurons = List.copyOf(neurons);
      if (neurons.isEmpty()) {
        throw new InputException(
            InputOption.NEURON, "no neuron is named", "name one, such as 3.117");
      }
      for (int i = 0; i < neurons.size(); i++) {
        if (neurons.indexOf(neurons.get(i)) < i) {
          throw new InputException(
              InputOption.NEURON, neurons.get(i).plain() + " is given twice", "leave one out");
        }
      }
    }

    @Override
    public String toString() {
      return Brief.of("Options")
          .with("model", model)
          .with("input", input)
          .with("neurons", neurons)
          .with("change", change)
          .with("frozen", frozen)
          .with("resources", resources)
          .toString();
    }
  }

  /**
   * What interventions did.
   *
   * @param positions over how many averages are
   * @param nominal without intervention
   * @param values for each value of the options, in order
   * @param operations floating-point operations of the passes
   * @param naiveOperations of as many whole passes as there are values, and one
   * @param facts what it ran on
   */
  public record Result(
      Options options,
      long positions,
      Metrics nominal,
      List<Metrics> values,
      double operations,
      double naiveOperations,
      RunFacts facts) {

    /** Tokens read. */
    public long tokens() {
      return facts.tokens().read();
    }

    /** The model's name. */
    public String model() {
      return facts.models().getFirst().name();
    }

    /** Writes {@code intervention.json}, the same as a table, and, last, {@code study.json}. */
    public void write(RunFolder folder, Invocation invocation, long seed) {
      Facts json = new Facts();
      metrics(json.object("nominal"), nominal);
      json.list("values");
      for (int i = 0; i < values.size(); i++) {
        Facts changed = json.addObject("values").put("value", options.change().values().get(i));
        metrics(changed, values.get(i));
      }
      folder.writeJson("intervention", json);
      folder.write(table(), invocation.format());
      Facts study = Manifest.of(invocation, facts, asked -> describe(asked, seed));
      Facts result = study.object("result").put("positions", positions);
      result.put("operations", operations).put("naive_operations", naiveOperations);
      folder.finish(study);
    }

    private static void metrics(Facts json, Metrics metrics) {
      json.put("loss", metrics.loss())
          .put("entropy", metrics.entropy())
          .put("rank", metrics.rank());
      json.put("recip_rank", metrics.recipRank()).put("scale", metrics.scale());
    }

    private Table table() {
      Table.Builder table = Table.builder("interventions");
      var value = table.doubles("value");
      var loss = table.doubles("loss");
      var entropy = table.doubles("entropy");
      var rank = table.doubles("rank");
      var recipRank = table.doubles("recip_rank");
      var scale = table.doubles("scale");
      var lossChange = table.doubles("loss_change");
      var entropyChange = table.doubles("entropy_change");
      for (int i = 0; i < values.size(); i++) {
        Metrics metrics = values.get(i);
        value.add(options.change().values().get(i));
        loss.add(metrics.loss());
        entropy.add(metrics.entropy());
        rank.add(metrics.rank());
        recipRank.add(metrics.recipRank());
        scale.add(metrics.scale());
        lossChange.add(metrics.loss() - nominal.loss());
        entropyChange.add(metrics.entropy() - nominal.entropy());
      }
      return table.build();
    }

    private void describe(Facts request, long seed) {
      ModelStudy.describe(request, facts, options.input(), options.resources(), seed);
      options.neurons().forEach(id -> request.add("neuron", id.plain()));
      request.put("mode", options.change().mode().toString());
      request.list("value");
      options.change().values().forEach(value -> request.add("value", value));
      request.put("site", options.change().site().name().toLowerCase(Locale.ROOT));
      request.put("positions", options.change().positions().toString());
      request.put("freeze_scale", options.frozen().scale());
      request.put("freeze_attention", options.frozen().attention());
    }

    @Override
    public String toString() {
      return Brief.of("Result")
          .with("options", options)
          .with("positions", positions)
          .with("nominal", nominal)
          .with("values", values)
          .with("operations", operations)
          .with("naiveOperations", naiveOperations)
          .with("facts", facts)
          .toString();
    }
  }

  private InterventionStudy(Options options, Inputs inputs) {
    this.options = options;
    this.inputs = inputs;
  }

  /** Runs it; {@link #open} says what is refused at once. */
  public static Result run(Options options, Kernels kernels, RunListener listener) {
    try (InterventionStudy study = open(options)) {
      return study.run(kernels, listener);
    }
  }

  /**
   * Opens the model's configuration, header and tokenizer, and looks for the neurons and the text.
   *
   * @throws InputException if something of these cannot be used
   */
  public static InterventionStudy open(Options options) {
    Inputs inputs =
        Inputs.open(List.of(options.model), options.input, options.resources.followLinks());
    try {
      inputs.requireUnembedding();
      options.neurons.forEach(id -> id.require(InputOption.NEURON, inputs.reference()));
      return new InterventionStudy(options, inputs);
    } catch (RuntimeException | Error e) {
      inputs.close();
      throw e;
    }
  }

  /** Saves what is found as the run goes on; what is there already is not done again. */
  public InterventionStudy savingTo(Saving where) {
    kept.savingTo(where);
    return this;
  }

  @Override
  public boolean stop(Duration patience) {
    return kept.stop(patience);
  }

  /**
   * Runs them, once.
   *
   * @throws InputException if the model or the text cannot be used, or does not fit into memory
   */
  @Override
  public Result run(Kernels kernels, RunListener listener) {
    return UnchangedFiles.during(inputs.checkpoints(), () -> measure(kernels, listener));
  }

  private Result measure(Kernels kernels, RunListener listener) {
    Phases phases = new Phases();
    try (TokenTable table =
        inputs.read(options.resources.memory(), kernels.working(), listener, phases)) {
      requirePositions(table.context());
      BatchPlan planned = plan(table, kernels);
      return batchRows.during(
          kernels,
          listener::halved,
          kept::hasState,
          () -> measure(table, planned, kernels, phases, listener));
    }
  }

  private BatchPlan plan(TokenTable table, Kernels kernels) {
    Checkpoint checkpoint = inputs.models().getFirst().checkpoint();
    List<List<Intervention>> variants = variants();
    return BatchPlan.of(
        options.resources,
        kernels,
        checkpoint,
        table.rows(),
        table.context(),
        tokens -> Sweep.bytes(checkpoint.config(), kernels, tokens, variants));
  }

  private Result measure(
      TokenTable table, BatchPlan planned, Kernels kernels, Phases phases, RunListener listener) {
    Checkpoint checkpoint = inputs.models().getFirst().checkpoint();
    List<List<Intervention>> variants = variants();
    BatchPlan batches = planned.withRows(batchRows.of(planned.rows()));
    Reading reading = options.frozen.scale() ? Reading.FROZEN_SCALE : Reading.TOTAL;
    try (Arena arena = Arena.ofShared()) {
      Sweep sweep =
          new Sweep(
              checkpoint,
              kernels,
              arena,
              (long) batches.rows() * table.context(),
              variants,
              new Sweep.Options(
                  options.frozen.attention(), List.of(reading), Sweep.Vocabulary.NONE));
      Sweep.Text text =
          new Sweep.Text(table, table.rules(), Rows.all(table.rows()), batches.rows());
      List<Sweep.Result> results = new ArrayList<>();
      phases.run(
          Phase.INTERVENTIONS,
          table.tokens() * (1L + variants.size()),
          () ->
              kept.during(
                  kernels,
                  () -> identity(kernels, table, batches),
                  journal ->
                      results.add(
                          sweep.run(text, listener, _ -> {}, journal.sweep("interventions")))));
      Sweep.Result swept = results.getFirst();
      return new Result(
          options,
          swept.positions(),
          swept.nominal(),
          swept.variants().stream().map(variant -> variant.get(reading)).toList(),
          swept.operations(),
          swept.naiveOperations(),
          ModelStudy.facts(inputs, table, kernels, batches, phases));
    }
  }

  private Identity identity(Kernels kernels, TokenTable table, BatchPlan batches) {
    var text = new ActivationStream.Text(table, batches.rows());
    Identity identity = ModelStudy.identity(kernels, inputs.models(), text);
    identity.put("the command", "intervene");
    identity.put("--neuron", options.neurons.stream().map(NeuronId::plain).toList());
    identity.put("--mode", options.change.mode()).put("--value", options.change.values());
    identity.put("--site", options.change.site()).put("--positions", options.change.positions());
    identity.put("--freeze-scale", options.frozen.scale());
    return identity.put("--freeze-attention", options.frozen.attention());
  }

  /** One for each value, of all neurons. */
  private List<List<Intervention>> variants() {
    Options.Change change = options.change;
    return change.values().stream()
        .map(value ->
            List.of(
                new Intervention(
                    change.site(), options.neurons, change.mode(), value, change.positions())))
        .toList();
  }

  private void requirePositions(int context) {
    Positions positions = options.change.positions();
    if (positions.from() >= context) {
      throw new InputException(
          InputOption.POSITIONS,
          positions + ", but rows have " + context + " tokens",
          "give less than that");
    }
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
