package dev.homolog.analysis;

import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.input.ModelNames;
import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Planner;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.Manifest;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.weights.OfNeuron;
import dev.homolog.analysis.weights.WeightColumns;
import dev.homolog.analysis.weights.WeightTables;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.UnchangedFiles;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.DoubleWeights;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * What the weights of one model say of all its neurons, without any text. Tables are written while
 * they are made, so that none is ever held.
 */
public final class WeightStudy implements OpenStudy<WeightStudy.Result> {
  private final Options options;
  private final HuggingFaceCheckpoint checkpoint;
  private final Optional<Tokenizer> tokenizer;

  /**
   * Which weights are studied and how.
   *
   * @param model folder of a model
   * @param processing of its weights
   * @param resources of which the memory counts; there is no text, and so no batch
   * @param format of the tables; writing Parquet takes memory
   */
  public record Options(
      Path model, Processing processing, Resources resources, TableFormat format) {
    /** The model's tokenizer, which a model without one does without. */
    private Optional<Tokenizer> tokenizer() {
      Path file = model.resolve(Inputs.TOKENIZER);
      return Tokenizer.exists(file)
          ? Optional.of(Tokenizer.of(file, resources.followLinks()))
          : Optional.empty();
    }

    private void describe(Facts facts) {
      facts.put("model", model.toString());
      facts.put("processing", processing.toString());
      Manifest.resources(facts, resources);
    }
  }

  private WeightStudy(
      Options options, HuggingFaceCheckpoint checkpoint, Optional<Tokenizer> tokenizer) {
    this.options = options;
    this.checkpoint = checkpoint;
    this.tokenizer = tokenizer;
  }

  /**
   * Opens the model's configuration, header and tokenizer.
   *
   * @throws InputException if something of these cannot be used
   */
  public static WeightStudy open(Options options) {
    HuggingFaceCheckpoint checkpoint =
        HuggingFaceCheckpoint.open(options.model, options.resources.followLinks());
    try {
      checkpoint.requireUnembedding();
      return new WeightStudy(options, checkpoint, options.tokenizer());
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Reads the neurons' vectors. The tables are made when the result is written, by the same
   * kernels, before this study is closed.
   *
   * @param kernels what computes; stays open until the result is closed
   * @throws InputException if the model cannot be used, or does not fit into memory
   */
  @Override
  public Result run(Kernels kernels, RunListener listener) {
    return UnchangedFiles.during(List.of(checkpoint), () -> measure(kernels, listener));
  }

  private Result measure(Kernels kernels, RunListener listener) {
    Phases phases = new Phases();
    String name = ModelNames.of(List.of(options.model)).getFirst();
    RunFacts.ModelFacts model =
        phases.time(
            Phase.FILES,
            () -> RunFacts.ModelFacts.of("model", new ActivationStream.Model(name, checkpoint)));
    DoubleWeights.require(checkpoint, kernels.working());
    Plan plan = plan(kernels);
    listener.planned(plan);
    WeightTables.Request request =
        WeightTables.Request.all(
            options.processing, checkpoint.config(), tokenizer.map(this::text).orElse(null));
    WeightTables tables =
        phases.time(Phase.WEIGHTS, () -> new WeightTables(kernels, checkpoint, request, listener));
    return new Result(
        this, tables, new Outcome(kernels.description(), kernels.precision(), model, plan, phases));
  }

  private IntFunction<String> text(Tokenizer names) {
    return names::tokenText;
  }

  /**
   * What the run has taken so far.
   *
   * @param backend description of the kernels
   * @param precision of the kernels
   */
  private record Outcome(
      String backend, String precision, RunFacts.ModelFacts model, Plan plan, Phases phases) {
    RunFacts facts() {
      return new RunFacts(
          List.of(model),
          RunFacts.TokenFacts.NONE,
          backend,
          precision,
          RunFacts.PhaseFacts.of(phases),
          plan,
          0);
    }
  }

  /** Tables that are made when they are written. */
  public static final class Result implements AutoCloseable {
    private final WeightStudy study;
    private final WeightTables tables;
    private final Outcome outcome;

    private Result(WeightStudy study, WeightTables tables, Outcome outcome) {
      this.study = study;
      this.tables = tables;
      this.outcome = outcome;
    }

    /** The input of the run, and the resources that it has taken so far. */
    public RunFacts facts() {
      return outcome.facts();
    }

    /**
     * Writes the tables {@code neighbours}, {@code vocabulary}, {@code neurons}, {@code
     * composition}, {@code weight_moments} and {@code histograms}, and last {@code study.json}.
     */
    public void write(RunFolder folder, Invocation invocation) {
      Facts json =
          UnchangedFiles.during(List.of(study.checkpoint), () -> writeTables(folder, invocation));
      folder.finish(json);
    }

    private Facts writeTables(RunFolder folder, Invocation invocation) {
      TableFormat format = invocation.format();
      Phases phases = outcome.phases;
      phases.run(Phase.NEIGHBOURS, () -> folder.write(tables.neighbours(), format));
      phases.run(Phase.VOCABULARY, () -> folder.write(tables.vocabulary(), format));
      phases.run(Phase.NEURONS, () -> folder.write(neurons(), format));
      phases.run(Phase.COMPOSITION, () -> folder.write(tables.composition(), format));
      phases.run(Phase.MOMENTS, () -> folder.write(tables.moments(), format));
      phases.run(Phase.HISTOGRAMS, () -> folder.write(tables.histograms(), format));
      Facts json = Manifest.of(invocation, facts(), study.options::describe);
      json.put("processing", study.options.processing.toString());
      json.object("result").put("neurons", outcome.model.neurons());
      return json;
    }

    private Table neurons() {
      List<OfNeuron> neurons = tables.neurons();
      int dMlp = outcome.model.dMlp();
      Table.Builder table = NeuronColumns.all(Table.builder("neurons"), neurons.size(), dMlp);
      WeightColumns.add(table, neurons);
      return table.build();
    }

    @Override
    public void close() {
      tables.close();
    }
  }

  private Plan plan(Kernels kernels) {
    ModelConfig config = checkpoint.config();
    boolean onDevice = kernels.freeDeviceBytes().isPresent();
    boolean parquet = options.format == TableFormat.PARQUET;
    Cost cost =
        new Cost()
            .afterwards(
                "weight tables",
                WeightTables.bytes(config, config.neurons(), kernels.working(), onDevice))
            .besideDevice("weights as read", WeightTables.hostBytes(config, kernels.working()))
            .results(WeightTables.heapBytes(config, config.neurons(), false))
            .writing(parquet ? WeightTables.writtenBytes(config.neurons()) : 0)
            .operations("weight tables", WeightTables.operations(config, config.neurons()));
    return Planner.ofOneTask(
        options.resources, kernels, MemoryBounds.now(), cost, config.neurons());
  }

  @Override
  public List<String> notes() {
    return checkpoint.notes().lines("model " + ModelNames.of(List.of(options.model)).getFirst());
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
