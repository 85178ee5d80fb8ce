package dev.homolog.analysis;

import dev.homolog.analysis.Plan.Flops;
import dev.homolog.analysis.Plan.Part;
import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.RotationBaseline;
import dev.homolog.analysis.correlation.SumMemory;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.explanation.ExplanationSink;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.statistics.StatisticsSink;
import dev.homolog.analysis.weights.WeightTables;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Works out what a study takes before it begins, and in how many passes it fits. The figures follow
 * the code that allocates; where that changes, this changes.
 */
final class Planner {
  /** Fewer neurons of the reference a pass are not worth reading the text again. */
  private static final int LEAST_ROWS = 64;

  /** Arrays that the kernels of the host pack factors into. */
  static final long PACKING = 70L << 20;

  /** What DuckDB takes at most to write a table, and what a row of matches takes of it. */
  static final long WRITER = 1L << 30;

  private static final long MATCH_BYTES = 40;

  /** A mean, a maximum and a count on the heap, and the place that refers to them. */
  private static final long SUMMARY_BYTES = 48;

  private final StudyOptions options;
  private final Kernels kernels;
  private final List<ModelConfig> models = new ArrayList<>();
  private final List<Long> copiedWeights = new ArrayList<>();
  private final ActivationStream.Text text;
  private final FeatureSet features;
  private final int subsets;
  private final MemoryBounds bounds;

  Planner(
      StudyOptions options,
      Kernels kernels,
      StudyInputs inputs,
      ActivationStream.Text text,
      MemoryBounds bounds) {
    this.options = options;
    this.kernels = kernels;
    this.text = text;
    this.features = inputs.features();
    this.bounds = bounds;
    this.subsets = options.comparison().bySubset() ? text.table().subsets().size() : 0;
    for (ActivationStream.Model model : inputs.models()) {
      models.add(model.checkpoint().config());
      copiedWeights.add(
          model.checkpoint().names().stream()
              .mapToLong(name -> kernels.weightBytes(model.checkpoint().tensor(name)))
              .sum());
    }
  }

  /**
   * The plan with the fewest passes that fits.
   *
   * @throws InputException if none does; it names the bound and what would make it fit
   */
  Plan plan() {
    int neurons = models.getFirst().neurons();
    int most = Math.max(1, neurons / LEAST_ROWS);
    MemoryCheck check =
        new MemoryCheck(
            options.resources().memory(),
            bounds,
            kernels,
            ", or lower --batch or --top, or name fewer models");
    MemoryCheck.Heap heap =
        new MemoryCheck.Heap(results() + weightResults() + MemoryCheck.LEAST_HEAP, heap());
    InputException broken = null;
    for (int passes = 1; passes <= most; passes++) {
      int rows = Math.ceilDiv(neurons, passes);
      Plan plan = plan(Math.ceilDiv(neurons, rows), rows);
      Optional<InputException> problem = check.problem(plan, heap);
      if (problem.isEmpty()) {
        return plan;
      }
      broken = problem.get();
    }
    throw broken;
  }

  private Plan plan(int passes, int rows) {
    boolean device = kernels.freeDeviceBytes().isPresent();
    List<Part> host = new ArrayList<>();
    List<Part> there = device ? new ArrayList<>() : host;
    host.add(new Part("held before", bounds.resident()));
    host.add(new Part("JVM", MemoryCheck.JVM_GROWTH));
    host.add(new Part("heap", heap()));
    List<Part> stream = new ArrayList<>();
    stream.add(new Part("weights", copiedWeights.stream().mapToLong(Long::longValue).sum()));
    stream.add(new Part("forward pass", scratch()));
    stream.add(new Part("activations", activations()));
    stream.add(new Part("sums of products", sums(rows)));
    stream.add(new Part("reduction", reduction(rows)));
    stream.add(new Part("matches of the others", columns()));
    if (measured()) {
      stream.add(new Part("statistics", statistics()));
      stream.add(new Part("explanations", ExplanationSink.bytes(features, rows, tokens())));
    }
    if (alone()) {
      stream.add(new Part("closer look", looks() + cache()));
    }
    // The sums are gone when the close look begins, and that when the tables are written.
    List<Part> closeUp = List.of(new Part("close-up", closeUp()));
    List<Part> weights = List.of(new Part("weight tables", weightTables(device)));
    List<Part> writing = device ? List.of() : List.of(new Part("writing", writing()));
    List<Part> roles = options.roles() ? List.of(new Part("roles", roles())) : List.of();
    List<Part> worst = stream;
    for (List<Part> phase : List.of(closeUp, weights, roles, writing)) {
      worst = bytes(phase) > bytes(worst) ? phase : worst;
    }
    there.addAll(worst);
    List<Part> parts = new ArrayList<>(host);
    if (device) {
      host.add(new Part("writing", writing()));
      host.add(new Part("weights as read", weightsAsRead()));
      host.add(new Part("turning", turningOnHost()));
      parts = new ArrayList<>(host);
      parts.addAll(there);
    }
    return new Plan(
        passes,
        rows,
        List.copyOf(parts),
        bytes(host),
        device ? bytes(there) : 0,
        flops(passes),
        Double.NaN);
  }

  /** The reference's weights again, and what looking for roles takes. */
  private long roles() {
    return copiedWeights.getFirst() + NeuronRoles.bytes(models.getFirst(), kernels, tokens());
  }

  private static long bytes(List<Part> parts) {
    return parts.stream().mapToLong(Part::bytes).sum();
  }

  // ---- memory ----

  private long working() {
    return kernels.working().bytes();
  }

  private long tokens() {
    return text.tokens();
  }

  private long others() {
    return models.stream().skip(1).mapToLong(ModelConfig::neurons).sum();
  }

  private long neurons() {
    return models.getFirst().neurons() + others();
  }

  private boolean alone() {
    return options.extent() == StudyOptions.Extent.ACTIVATIONS;
  }

  /** Whether the reference's own activations are measured. */
  private boolean measured() {
    return everything() || alone();
  }

  /** Neurons that get a closer look. */
  private long chosenNeurons() {
    return alone()
        ? options.focus().neurons().size()
        : Math.min(Study.CHOSEN, models.getFirst().neurons());
  }

  /** Of the sinks that take it, and of what they find. */
  private long looks() {
    return CloseUp.bytes(
        chosenNeurons(), models.getFirst().vocabSize(), models.size(), tokens(), (int) working());
  }

  private long cache() {
    return options.focus().cache().isEmpty()
        ? 0
        : CacheSink.bytes(chosenNeurons(), tokens(), (int) working());
  }

  private boolean everything() {
    return options.extent() == StudyOptions.Extent.EVERYTHING;
  }

  /** Sums of the reference's neurons, and of the pilot and the moments of MLP_PRE. */
  private long statistics() {
    ModelConfig config = models.getFirst();
    ModelNeurons reference = new ModelNeurons("", config.layers(), config.dMlp(), 0);
    int all = text.table().subsets().size();
    long context = text.table().context();
    return StatisticsSink.bytes(reference, (int) context, all, tokens(), (int) working())
        + reference.count() * (2 * 6 * Double.BYTES + 8 * working());
  }

  private long scratch() {
    return models.stream()
        .mapToLong(config -> Transformer.scratchBytes(config, kernels.working(), tokens()))
        .sum();
  }

  /** The block of all models, and copies of it with other rows. */
  private long activations() {
    long block = tokens() * neurons() * working();
    long gathered = subsets > 0 ? block : 0;
    long permuted =
        options.baseline().kind() == Baseline.Kind.PERMUTATION
            ? tokens() * others() * working()
            : 0;
    // MLP_PRE of the reference.
    long before = measured() ? tokens() * models.getFirst().neurons() * working() : 0;
    return block + before + gathered + permuted + 32 * tokens();
  }

  private long sums(long rows) {
    long copies = 1L + subsets;
    if (options.baseline().kind() == Baseline.Kind.PERMUTATION) {
      copies += options.baseline().draws();
    }
    long cross = rows * others() * copies;
    if (options.comparison().allPairs()) {
      long after = others();
      for (ModelConfig config : models.subList(1, models.size() - 1)) {
        after -= config.neurons();
        cross += Math.ceilDiv(config.neurons() * rows, models.getFirst().neurons()) * after;
      }
    }
    long grams = 0;
    if (options.baseline().kind() == Baseline.Kind.ROTATION) {
      for (ModelConfig config : models.subList(1, models.size())) {
        grams += (long) config.layers() * config.dMlp() * config.dMlp() * (1 + subsets);
      }
    }
    long moments = 6 * neurons() * (2 + subsets) + 5L * models.getFirst().neurons();
    return sumBytes() * (cross + grams)
        + Double.BYTES * moments
        + 6 * neurons() * working()
        + rotation();
  }

  private long sumBytes() {
    return SumMemory.type(kernels, text.table().tokens(), tokens()).bytes();
  }

  /** Matrices from a file are held as they are in it. */
  private long rotation() {
    try {
      Path file = options.baseline().rotation();
      return file == null ? 0 : Files.size(file);
    } catch (IOException e) {
      return 0; // it is gone, and reading it says so
    }
  }

  /**
   * A block of similarities, and of turned ones, with the matrices that turn them, one of them in
   * halves too.
   */
  private long reduction(long rows) {
    long widest = models.stream().skip(1).mapToLong(ModelConfig::neurons).max().orElse(0);
    long block = Math.min(CorrelationSummary.BLOCK_BYTES, working() * Math.max(rows, 1) * widest);
    if (options.baseline().kind() != Baseline.Kind.ROTATION) {
      return block;
    }
    long m = widestLayer();
    long turned = Math.min(RotationBaseline.BLOCK_BYTES, working() * rows * m);
    return Math.max(block, 2 * turned + m * m * (Double.BYTES + 5 * working() + Short.BYTES));
  }

  /** Best matches of the other models' neurons, which are found over all blocks of similarities. */
  private long columns() {
    long bytes = 0;
    for (int i = 1; i < models.size(); i++) {
      long k = options.comparison().top() + (options.comparison().allPairs() ? i - 1L : 0);
      bytes += CorrelationSummary.columnBytes(models.get(i).neurons(), k, kernels.working());
    }
    return bytes;
  }

  /** What of the matrices that turn a layer passes through the host beside a device. */
  private long turningOnHost() {
    long m = widestLayer();
    return options.baseline().kind() == Baseline.Kind.ROTATION
        ? m * m * (Double.BYTES + 2 * working())
        : 0;
  }

  /** Neurons of the widest layer of an other model. */
  private long widestLayer() {
    return models.stream().skip(1).mapToLong(ModelConfig::dMlp).max().orElse(0);
  }

  private long matchRows() {
    long rows = 0;
    for (ModelConfig other : models.subList(1, models.size())) {
      rows += 2L * options.comparison().top() * (models.getFirst().neurons() + other.neurons());
    }
    return rows;
  }

  /** Packed factors and results lie on the heap. */
  private long heap() {
    long packing = kernels.freeDeviceBytes().isPresent() ? 0 : PACKING;
    return Math.max(bounds.idleHeap(), packing + results());
  }

  /** Matches, and best similarities with each other model: of the text, of draws, of subsets. */
  private long results() {
    long draws = options.baseline().draws();
    long best = (long) (models.size() - 1) * models.getFirst().neurons() * Double.BYTES;
    return Tails.bytes(matchRows(), 1) + best * (1 + draws) * (1 + subsets) + chosen();
  }

  /**
   * Explanations, and what is kept of the chosen neurons: boxed counts, and means by position and
   * subset.
   */
  private long chosen() {
    if (!measured()) {
      return 0;
    }
    long chosen = chosenNeurons();
    long summaries = text.table().context() + text.table().subsets().size() + 1L;
    return features.bytes()
        + Explanations.bytes(features, models.getFirst().neurons())
        + models.getFirst().neurons() * 80L
        + chosen * (SUMMARY_BYTES * summaries + 24L * (StatisticsSink.BINS + 2));
  }

  private long closeUp() {
    if (!everything()) {
      return 0;
    }
    return copiedWeights.stream().mapToLong(Long::longValue).sum()
        + scratch()
        + tokens() * neurons() * working()
        + looks()
        + CloseUp.memberBytes(
            features, chosenNeurons(), models.size() - 1L, tokens(), (int) working());
  }

  /** Vectors of neurons and tokens, and what is read of the weights to make them. */
  private long weightTables(boolean device) {
    if (!everything()) {
      return 0;
    }
    long there = WeightTables.bytes(models.getFirst(), chosenNeurons(), kernels.working(), device);
    return there + weightResults() + (device ? 0 : weightsAsRead());
  }

  /** DuckDB's memory for the largest table, and the tables that are written last. */
  private long writing() {
    long tables =
        weightResults() + (everything() ? CloseUp.tableBytes(chosenNeurons(), models.size()) : 0);
    long weights = everything() ? WeightTables.writtenBytes(chosenNeurons()) : 0;
    return tables + Math.min(WRITER, Math.max(matchRows() * MATCH_BYTES, weights));
  }

  /** What is found of weights, on the heap, when the sums are gone. */
  private long weightResults() {
    return everything() ? WeightTables.heapBytes(models.getFirst(), chosenNeurons(), true) : 0;
  }

  private long weightsAsRead() {
    return everything() ? WeightTables.hostBytes(models.getFirst(), kernels.working()) : 0;
  }

  // ---- work ----

  private List<Flops> flops(int passes) {
    double all = text.table().tokens();
    double forward = 0;
    for (ModelConfig config : models) {
      forward += forward(config, text.table().context());
    }
    return List.of(
        new Flops("forward pass", passes * all * forward),
        new Flops("products", all * products(passes)),
        new Flops("baseline", baseline()),
        new Flops("weight tables", weightOperations()));
  }

  /** Of one token; the last layer's output is not computed. */
  private static double forward(ModelConfig config, int context) {
    double d = config.dModel();
    double attention = 8 * d * d + 2 * d * context;
    double mlp = 4 * d * config.dMlp();
    return config.layers() * (attention + mlp) - 2 * d * config.dMlp();
  }

  private double products(int passes) {
    double copies = subsets > 0 ? 2 : 1;
    if (options.baseline().kind() == Baseline.Kind.PERMUTATION) {
      copies += options.baseline().draws();
    }
    double cross = 2.0 * models.getFirst().neurons() * others() * copies;
    double after = others();
    for (ModelConfig config : models.subList(1, models.size())) {
      after -= config.neurons();
      if (options.comparison().allPairs()) {
        cross += 2.0 * config.neurons() * after;
      }
      if (options.baseline().kind() == Baseline.Kind.ROTATION) {
        // a triangle
        cross += passes * (subsets > 0 ? 2.0 : 1) * config.neurons() * config.dMlp();
      }
    }
    return cross;
  }

  private double baseline() {
    if (options.baseline().kind() != Baseline.Kind.ROTATION) {
      return 0;
    }
    double once = 0;
    for (ModelConfig config : models.subList(1, models.size())) {
      once +=
          config.layers() * RotationBaseline.operations(models.getFirst().neurons(), config.dMlp());
    }
    return once * options.baseline().draws() * (1 + subsets);
  }

  private double weightOperations() {
    return everything() ? WeightTables.operations(models.getFirst(), chosenNeurons()) : 0;
  }

  /** Seconds of a plan on a machine of that speed. */
  double seconds(Plan plan, Calibration calibration) {
    double forward = calibration.secondsAToken() * text.table().tokens() * plan.passes();
    double rest = 0;
    for (Flops kind : plan.flops()) {
      rest += kind.name().equals("forward pass") ? 0 : kind.operations();
    }
    return forward + rest / calibration.flopsASecond();
  }
}
