package dev.homolog.analysis.plan;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Cost.Flops;
import dev.homolog.analysis.measure.Cost.Part;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.ForwardCost;
import dev.homolog.core.model.Transformer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Computes the cost of a study before it begins, and the number of passes that fit into memory. It
 * adds up the costs of the measurements. Its own part is only the process and the stream.
 */
public final class Planner {
  /** Fewer neurons of the reference a pass are not worth reading the text again. */
  private static final int LEAST_ROWS = 64;

  /** Arrays that the kernels of the host pack factors into. */
  static final long PACKING = 70L << 20;

  /** What DuckDB takes at most to write a table. */
  static final long WRITER = 1L << 30;

  private static final String FORWARD = "forward pass";

  private final Kernels kernels;
  private final Setting setting;
  private final List<ModelConfig> models;
  private final List<? extends Measurement> measurements;
  private final MemoryBounds bounds;
  private final MemoryCheck check;
  private final OptionalInt rowsAPass;

  /**
   * @param resources what the run may use
   * @param bounds what the machine and the JVM allow
   */
  public Planner(
      Resources resources,
      Setting setting,
      List<? extends Measurement> measurements,
      MemoryBounds bounds) {
    this(resources, setting, measurements, bounds, OptionalInt.empty());
  }

  /**
   * The same.
   *
   * @param rowsAPass neurons of the reference a pass; if absent, the most that fit
   */
  public Planner(
      Resources resources,
      Setting setting,
      List<? extends Measurement> measurements,
      MemoryBounds bounds,
      OptionalInt rowsAPass) {
    this.rowsAPass = rowsAPass;
    this.kernels = setting.kernels();
    this.setting = setting;
    this.measurements = measurements;
    this.bounds = bounds;
    this.models = setting.models().stream().map(model -> model.checkpoint().config()).toList();
    this.check =
        new MemoryCheck(
            resources.memory(),
            bounds,
            kernels,
            inOnePass()
                ? ", or lower --sketch-size, --batch or --top, or name fewer models"
                : ", or lower --batch or --top, or name fewer models");
  }

  /**
   * The plan with the fewest passes that fits.
   *
   * @throws InputException if none does; it names the bound and what would make it fit
   */
  public Plan plan() {
    if (rowsAPass.isPresent()) {
      return plan(rowsAPass.getAsInt());
    }
    int neurons = models.getFirst().neurons();
    int most = inOnePass() ? 1 : Math.max(1, neurons / LEAST_ROWS);
    Optional<InputException> broken = Optional.empty();
    for (int passes = 1; passes <= most; passes++) {
      int rows = Math.ceilDiv(neurons, passes);
      int needed = Math.ceilDiv(neurons, rows);
      Sum sum = new Sum(new Shape(kernels, models, setting.text(), rows, needed));
      Plan plan = sum.plan(needed, rows);
      broken = check.problem(plan, sum.heap());
      if (broken.isEmpty()) {
        return plan;
      }
    }
    throw broken.orElseThrow();
  }

  private boolean inOnePass() {
    return measurements.stream().anyMatch(Measurement::inOnePass);
  }

  /**
   * The plan with that many neurons a pass, of a run that goes on.
   *
   * @throws InputException if it does not fit
   */
  public Plan plan(int rowsAPass) {
    int passes = Math.ceilDiv(models.getFirst().neurons(), rowsAPass);
    Sum sum = new Sum(new Shape(kernels, models, setting.text(), rowsAPass, passes));
    Plan plan = sum.plan(passes, rowsAPass);
    check
        .problem(plan, sum.heap())
        .ifPresent(problem -> {
          throw problem;
        });
    return plan;
  }

  /** The most bytes of a saved state: all that measurements hold in a pass and in the look. */
  public long stateBytes(Plan plan) {
    Shape shape = new Shape(kernels, models, setting.text(), plan.rowsAPass(), plan.passes());
    return measurements.stream()
        .map(measurement -> measurement.cost(shape))
        .flatMap(cost -> Stream.concat(cost.passes().stream(), cost.look().stream()))
        .mapToLong(Part::bytes)
        .sum();
  }

  /** Seconds of a plan on a machine of that speed. */
  public double seconds(Plan plan, Calibration calibration) {
    double forward = calibration.secondsAToken() * setting.text().table().tokens() * plan.passes();
    double seconds = forward;
    for (Flops kind : plan.flops()) {
      boolean done = !Double.isNaN(kind.seconds());
      double others =
          kind.name().equals(FORWARD) ? 0 : kind.operations() / calibration.flopsASecond();
      seconds += done ? kind.seconds() : others;
    }
    return seconds;
  }

  /**
   * The plan of one task that reads no text.
   *
   * @param cost of the task; what it takes afterwards and beside a device stand at once
   * @param neurons that it is about
   * @throws InputException if it does not fit; it names the bound
   */
  public static Plan ofOneTask(
      Resources resources, Kernels kernels, MemoryBounds bounds, Cost cost, int neurons) {
    boolean onDevice = kernels.freeDeviceBytes().isPresent();
    long heap = Math.max(bounds.idleHeap(), cost.results() + (onDevice ? 0 : PACKING));
    List<Part> host = new ArrayList<>();
    host.add(new Part("held before", bounds.resident()));
    host.add(new Part("JVM", MemoryCheck.JVM_GROWTH));
    host.add(new Part("heap", heap));
    host.addAll(cost.besideDevice());
    host.add(new Part("writing", Math.min(WRITER, cost.writing())));
    List<Part> parts = join(host, cost.afterwards());
    long kernelsMemory = bytes(cost.afterwards());
    Plan plan =
        new Plan(
            0,
            neurons,
            parts,
            bytes(host) + (onDevice ? 0 : kernelsMemory),
            onDevice ? kernelsMemory : 0,
            cost.operations(),
            Double.NaN);
    MemoryCheck.Heap needed = new MemoryCheck.Heap(cost.results() + MemoryCheck.LEAST_HEAP, heap);
    new MemoryCheck(resources.memory(), bounds, kernels, "")
        .problem(plan, needed)
        .ifPresent(problem -> {
          throw problem;
        });
    return plan;
  }

  /** The costs of all measurements in so many passes, added up. */
  private final class Sum {
    private final Shape shape;
    private final List<Cost> costs;

    Sum(Shape shape) {
      this.shape = shape;
      this.costs = measurements.stream().map(measurement -> measurement.cost(shape)).toList();
    }

    /** Results, without which it does not run, and the heap that it comes to with garbage. */
    MemoryCheck.Heap heap() {
      long results = costs.stream().mapToLong(Cost::results).sum();
      long late = costs.stream().mapToLong(Cost::lateResults).sum();
      long packing = shape.onDevice() ? 0 : PACKING;
      return new MemoryCheck.Heap(
          results + late + MemoryCheck.LEAST_HEAP, Math.max(bounds.idleHeap(), packing + results));
    }

    Plan plan(int passes, int rows) {
      List<Part> host = new ArrayList<>();
      host.add(new Part("held before", bounds.resident()));
      host.add(new Part("JVM", MemoryCheck.JVM_GROWTH));
      host.add(new Part("heap", heap().planned()));
      List<Part> kernelsMemory = worst();
      if (shape.onDevice()) {
        host.add(writing());
        host.addAll(merged(Cost::besideDevice));
      } else {
        host.addAll(kernelsMemory);
      }
      List<Part> parts = new ArrayList<>(host);
      if (shape.onDevice()) {
        parts.addAll(kernelsMemory);
      }
      return new Plan(
          passes,
          rows,
          List.copyOf(parts),
          bytes(host),
          shape.onDevice() ? bytes(kernelsMemory) : 0,
          flops(passes),
          Double.NaN);
    }

    /** The largest of what follow each other where the kernels compute: passes, look, the rest. */
    private List<Part> worst() {
      List<List<Part>> moments = new ArrayList<>();
      moments.add(join(stream(), merged(Cost::passes)));
      moments.add(join(stream(), merged(Cost::look)));
      costs.forEach(cost -> moments.add(cost.afterwards()));
      if (!shape.onDevice()) {
        moments.add(List.of(writing()));
      }
      List<Part> worst = moments.getFirst();
      for (List<Part> moment : moments) {
        worst = bytes(moment) > bytes(worst) ? moment : worst;
      }
      return worst;
    }

    /** What the stream itself holds: weights, buffers, the block of all models and its ids. */
    private List<Part> stream() {
      long weights =
          setting.models().stream()
              .mapToLong(model -> Transformer.copiedWeights(model.checkpoint(), kernels))
              .sum();
      long scratch =
          models.stream()
              .mapToLong(config ->
                  Transformer.scratchBytes(config, kernels.working(), shape.batchTokens()))
              .sum();
      long block = shape.batchTokens() * shape.neurons() * shape.working();
      return List.of(
          new Part("weights", weights),
          new Part(FORWARD, scratch),
          new Part("activations", block + 32 * shape.batchTokens()));
    }

    private Part writing() {
      long tables = costs.stream().mapToLong(Cost::tables).sum();
      long largest = costs.stream().mapToLong(Cost::writing).max().orElse(0);
      return new Part("writing", tables + Math.min(WRITER, largest));
    }

    private List<Part> merged(Function<Cost, List<Part>> which) {
      return join(List.of(), costs.stream().map(which).flatMap(List::stream).toList());
    }

    private static Flops added(Flops one, Flops other) {
      return new Flops(
          one.name(), one.operations() + other.operations(), one.seconds() + other.seconds());
    }

    private List<Flops> flops(int passes) {
      double forward =
          models.stream()
              .mapToDouble(config -> ForwardCost.of(config, shape.context()).neurons())
              .sum();
      Map<String, Flops> kinds = new LinkedHashMap<>();
      kinds.put(FORWARD, new Flops(FORWARD, passes * (double) shape.tokens() * forward));
      costs.stream()
          .map(Cost::operations)
          .flatMap(List::stream)
          .forEach(kind -> kinds.merge(kind.name(), kind, Sum::added));
      return List.copyOf(kinds.values());
    }
  }

  /** Parts of one name are one part. */
  private static List<Part> join(List<Part> first, List<Part> added) {
    Map<String, Long> bytes = new LinkedHashMap<>();
    first.forEach(part -> bytes.merge(part.name(), part.bytes(), Long::sum));
    added.forEach(part -> bytes.merge(part.name(), part.bytes(), Long::sum));
    return bytes.entrySet().stream().map(part -> new Part(part.getKey(), part.getValue())).toList();
  }

  private static long bytes(List<Part> parts) {
    return parts.stream().mapToLong(Part::bytes).sum();
  }
}
