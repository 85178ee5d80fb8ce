package dev.homolog.analysis;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.Plan.Flops;
import dev.homolog.analysis.Plan.Part;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.weights.OfNeuron;
import dev.homolog.analysis.weights.WeightColumns;
import dev.homolog.analysis.weights.WeightTables;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * What the weights of one model say of all its neurons, without any text. Tables are written while
 * they are made, so that none is ever held.
 */
public final class WeightStudy {
  private final Options options;
  private final Kernels kernels;
  private final ProgressListener progress;
  private final Phases phases = new Phases();

  /**
   * What is looked at and how.
   *
   * @param model folder of a model
   * @param processing of its weights
   * @param resources of which the memory counts; there is no text, and so no batch
   */
  public record Options(Path model, Processing processing, Resources resources) {
    /**
     * Opens what is quick to open and closes it again, so that it is refused before a backend is
     * opened.
     *
     * @throws InputException if the model or its tokenizer cannot be used
     */
    public void requireInputs() {
      HuggingFaceCheckpoint.open(model).close();
      tokenizer();
    }

    /** The model's tokenizer, which a model without one does without. */
    private Optional<Tokenizer> tokenizer() {
      Path file = model.resolve(StudyInputs.TOKENIZER);
      boolean pairs =
          Files.exists(model.resolve("vocab.json")) && Files.exists(model.resolve("merges.txt"));
      return Files.exists(file) || pairs ? Optional.of(Tokenizer.of(file)) : Optional.empty();
    }
  }

  /**
   * What was done.
   *
   * @param model that was looked at
   * @param seconds it took
   */
  public record Result(StudyFacts.ModelFacts model, double seconds) {}

  private WeightStudy(Options options, Kernels kernels, ProgressListener progress) {
    this.options = options;
    this.kernels = kernels;
    this.progress = progress;
  }

  /**
   * Looks at the weights and writes the tables {@code neighbours}, {@code vocabulary}, {@code
   * neurons}, {@code composition}, {@code weight_moments} and {@code histograms}, and last {@code
   * study.json}.
   *
   * @param kernels what computes; stays open
   * @param planned hears the plan before anything is computed
   * @throws InputException if the model cannot be used, or does not fit into memory
   */
  public static Result run(
      Options options,
      Kernels kernels,
      RunFolder folder,
      Invocation invocation,
      ProgressListener progress,
      Consumer<Plan> planned) {
    return new WeightStudy(options, kernels, progress).run(folder, invocation, planned);
  }

  private Result run(RunFolder folder, Invocation invocation, Consumer<Plan> planned) {
    try (HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.open(options.model)) {
      Optional<Tokenizer> tokenizer = options.tokenizer();
      String name = StudyInputs.names(List.of(options.model)).getFirst();
      StudyFacts.ModelFacts model =
          phases.time(
              "files",
              0,
              () -> StudyFacts.ModelFacts.of(new ActivationStream.Model(name, checkpoint)));
      Plan plan = plan(checkpoint.config(), invocation.format());
      planned.accept(plan);
      WeightTables.Request request =
          WeightTables.Request.all(
              options.processing,
              checkpoint.config(),
              tokenizer.map(WeightStudy::text).orElse(null));
      write(checkpoint, request, folder, invocation);
      ObjectNode json = manifest(model, plan, invocation);
      folder.finish(json);
      return new Result(model, phases.done().stream().mapToDouble(Phases.Phase::seconds).sum());
    }
  }

  private static IntFunction<String> text(Tokenizer tokenizer) {
    return tokenizer::tokenText;
  }

  private void write(
      Checkpoint checkpoint,
      WeightTables.Request request,
      RunFolder folder,
      Invocation invocation) {
    WeightTables opened =
        phases.time("weights", 0, () -> new WeightTables(kernels, checkpoint, request, progress));
    try (WeightTables tables = opened) {
      TableFormat format = invocation.format();
      phases.time("neighbours", 0, () -> folder.write(tables.neighbours(), format));
      phases.time("vocabulary", 0, () -> folder.write(tables.vocabulary(), format));
      phases.time("neurons", 0, () -> folder.write(neurons(checkpoint, tables.neurons()), format));
      phases.time("composition", 0, () -> folder.write(tables.composition(), format));
      phases.time("moments", 0, () -> folder.write(tables.moments(), format));
      phases.time("histograms", 0, () -> folder.write(tables.histograms(), format));
    }
  }

  private static Table neurons(Checkpoint checkpoint, List<OfNeuron> neurons) {
    int dMlp = checkpoint.config().dMlp();
    int[] layer = new int[neurons.size()];
    int[] neuron = new int[neurons.size()];
    Arrays.setAll(layer, i -> i / dMlp);
    Arrays.setAll(neuron, i -> i % dMlp);
    Table.Builder table = Table.builder("neurons").ints("layer", layer).ints("neuron", neuron);
    WeightColumns.add(table, neurons);
    return table.build();
  }

  private Plan plan(ModelConfig config, TableFormat format) {
    MemoryBounds bounds = MemoryBounds.now();
    boolean device = kernels.freeDeviceBytes().isPresent();
    long found = WeightTables.heapBytes(config, config.neurons(), false);
    long heap = Math.max(bounds.idleHeap(), found + (device ? 0 : Planner.PACKING));
    long there = WeightTables.bytes(config, config.neurons(), kernels.working(), device);
    List<Part> parts = new ArrayList<>();
    parts.add(new Part("held before", bounds.resident()));
    parts.add(new Part("JVM", MemoryCheck.JVM_GROWTH));
    parts.add(new Part("heap", heap));
    parts.add(new Part("weights as read", WeightTables.hostBytes(config, kernels.working())));
    long written = format == TableFormat.PARQUET ? WeightTables.writtenBytes(config.neurons()) : 0;
    parts.add(new Part("writing", Math.min(Planner.WRITER, written)));
    long host = parts.stream().mapToLong(Part::bytes).sum() + (device ? 0 : there);
    parts.add(new Part("weight tables", there));
    Plan plan =
        new Plan(
            0,
            config.neurons(),
            List.copyOf(parts),
            host,
            device ? there : 0,
            List.of(new Flops("weight tables", WeightTables.operations(config, config.neurons()))),
            Double.NaN);
    new MemoryCheck(options.resources.memory(), bounds, kernels, "")
        .problem(plan, new MemoryCheck.Heap(found + MemoryCheck.LEAST_HEAP, heap))
        .ifPresent(problem -> {
          throw problem;
        });
    return plan;
  }

  private ObjectNode manifest(StudyFacts.ModelFacts model, Plan plan, Invocation invocation) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("homolog", StudyManifest.version());
    json.put("command", invocation.command());
    StudyManifest.model(model, json.putArray("models").addObject().put("role", "model"));
    json.put("backend", invocation.backendLine()).put("precision", kernels.precision());
    json.put("processing", options.processing.toString());
    StudyManifest.versions(json.putObject("versions"));
    ObjectNode asked = json.putObject("options");
    asked.put("model", options.model.toString());
    asked.put("processing", options.processing.toString());
    options.resources.memory().ifPresent(bytes -> asked.put("memory", bytes));
    StudyManifest.invocation(invocation, asked);
    StudyManifest.plan(plan, json.putObject("plan"));
    json.putObject("memory").put("peak_bytes", MemoryBounds.peak());
    json.putObject("result").put("neurons", model.neurons());
    json.putNull("resumed_from_token");
    StudyManifest.phases(StudyFacts.phases(phases), json.putArray("phases"));
    return json;
  }
}
