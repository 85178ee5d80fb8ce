package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.PermutedSink;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.correlation.Strip;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.core.InputException;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Which neurons of a reference model are universal: the straight line from checkpoints and text to
 * a table. One pass over the tokens, each model running once a batch, serves all measurements.
 */
public final class Study {
  /** Neurons that get a close look, the best by excess first. */
  static final int CHOSEN = 1000;

  /** The most tokens that the pilot reads, and one over the share of the rows that it may be. */
  private static final int PILOT_TOKENS = 4096;

  private static final int PILOT_SHARE = 16;

  private final StudyOptions options;
  private final Kernels kernels;
  private final ProgressListener progress;
  private final Consumer<Plan> planned;
  private final Supplier<MemoryBounds> bounds;
  private final Phases phases = new Phases();

  private Study(
      StudyOptions options,
      Kernels kernels,
      ProgressListener progress,
      Consumer<Plan> planned,
      Supplier<MemoryBounds> bounds) {
    this.bounds = bounds;
    this.options = options;
    this.kernels = kernels;
    this.progress = progress;
    this.planned = planned;
  }

  /** As the method below, in silence. */
  public static StudyResult run(StudyOptions options, Kernels kernels) {
    return run(options, kernels, ProgressListener.NONE);
  }

  /** As the method below, without word of the plan. */
  public static StudyResult run(StudyOptions options, Kernels kernels, ProgressListener progress) {
    return run(options, kernels, progress, _ -> {});
  }

  /**
   * Runs a study.
   *
   * @param kernels what computes; stays open
   * @param planned hears the plan before the models read the text, of which the pilot has read a
   *     little by then
   * @throws dev.homolog.core.InputException if a model, a tokenizer or the text cannot be used, or
   *     if the study does not fit into memory in any number of passes
   */
  public static StudyResult run(
      StudyOptions options, Kernels kernels, ProgressListener progress, Consumer<Plan> planned) {
    return new Study(options, kernels, progress, planned, MemoryBounds::now).run();
  }

  /** As if the machine had that much memory. */
  static StudyResult within(MemoryBounds bounds, StudyOptions options, Kernels kernels) {
    return new Study(options, kernels, ProgressListener.NONE, _ -> {}, () -> bounds).run();
  }

  private StudyResult run() {
    try (StudyInputs inputs = StudyInputs.open(options, progress, phases)) {
      int batch = options.resources().batchRows(inputs.table().context());
      ActivationStream.Text text = new ActivationStream.Text(inputs.table(), batch);
      requireSubsets(text);
      requirePermutable(text);
      Planner planner = new Planner(options, kernels, inputs, text, bounds.get());
      Plan plan = planner.plan();
      Compared compared = compare(inputs, text, planner, plan);
      CloseUp closeUp =
          everything()
              ? phases.time(
                  "close-up", 0, () -> closeUp(inputs, text, compared.found.universality()))
              : null;
      NeuronRoles roles = options.roles() ? roles(inputs, text) : null;
      return new StudyResult(
          options,
          StudyFacts.of(kernels, inputs, compared, phases),
          compared.moments,
          compared.constants,
          compared.found,
          compared.statistics,
          closeUp,
          roles,
          inputs.tokenizer());
    }
  }

  /** What the passes found, when their memory is free again. */
  record Compared(
      Plan plan,
      long pilotTokens,
      int batchRows,
      List<NeuronMoments> moments,
      List<Integer> constants,
      StudyComparisons found,
      StudyStatistics statistics) {}

  private boolean everything() {
    return options.extent() == StudyOptions.Extent.EVERYTHING;
  }

  private Compared compare(
      StudyInputs inputs, ActivationStream.Text text, Planner planner, Plan bare) {
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream = ActivationStream.open(kernels, arena, inputs.models(), text);
      List<ModelNeurons> models = stream.models();
      List<Rotation> rotations = rotations(models.subList(1, models.size()));
      long rows = inputs.table().rows();
      long context = inputs.table().context();
      long most = Math.max(1, Math.min(rows / PILOT_SHARE, PILOT_TOKENS / context));
      Rows pilotRows = Rows.spread(rows, most);
      Calibration.Listener clock = new Calibration.Listener(progress);
      ActivationStream.Pilots pilots =
          phases.time(
              "pilot",
              pilotRows.count() * context,
              () -> stream.pilots(pilotRows, everything(), clock));
      Plan plan =
          bare.withSeconds(
              phases.time("calibration", 0, () -> planner.seconds(bare, clock.finish(kernels))));
      planned.accept(plan);
      StudyPass.Setting setting =
          new StudyPass.Setting(options, kernels, stream, text, pilots.post(), rotations);
      ReferenceStatistics statistics =
          everything() ? new ReferenceStatistics(kernels, arena, stream, text, pilots.pre()) : null;
      Findings findings = new Findings(options, kernels, arena, stream, text);
      for (int pass = 0; pass < plan.passes(); pass++) {
        List<Strip> strips = strips(models, pass, plan);
        try (Arena scratch = Arena.ofShared()) {
          StudyPass part = new StudyPass(setting, scratch, strips);
          ProgressListener following = findings.following(part, strips.getFirst(), progress);
          // What does not depend on the pass is measured in the first.
          List<ActivationSink> more =
              statistics != null && pass == 0 ? statistics.sinks() : List.of();
          phases.time(
              "activations",
              rows * context,
              () -> part.run(stream, Rows.all(rows), more, following));
          findings.add(part, strips.getFirst(), phases, progress);
        }
      }
      StudyComparisons found = findings.comparisons();
      return new Compared(
          plan,
          pilotRows.count() * context,
          text.rows(),
          findings.moments(),
          findings.constants(),
          found,
          statistics == null ? null : statistics.found(chosen(found.universality())));
    }
  }

  /** An equal share of the neurons of each model that is compared with those after it. */
  private List<Strip> strips(List<ModelNeurons> models, int pass, Plan plan) {
    List<Strip> strips = new ArrayList<>();
    int last = options.comparison().allPairs() ? models.size() - 1 : 1;
    for (int model = 0; model < last; model++) {
      int rows = Math.ceilDiv(models.get(model).count(), plan.passes());
      int from = Math.min(models.get(model).count(), pass * rows);
      int to = Math.min(models.get(model).count(), from + rows);
      if (from < to) {
        strips.add(new Strip(model, from, to));
      }
    }
    return strips;
  }

  private void requireSubsets(ActivationStream.Text text) {
    if (options.comparison().bySubset() && text.table().subsets().isEmpty()) {
      throw new InputException(
          "--by-subset",
          "",
          "no document of the text has a subset",
          "give .jsonl with meta.pile_set_name, or leave it out");
    }
  }

  private void requirePermutable(ActivationStream.Text text) {
    if (options.baseline().kind() == Baseline.Kind.PERMUTATION) {
      long least = ActivationStream.leastKept(text);
      if (least < PermutedSink.LEAST_KEPT) {
        throw new InputException(
            "--baseline",
            "",
            "tokens are permuted within batches, and one holds only " + least + " kept tokens",
            "give text and --batch for at least " + PermutedSink.LEAST_KEPT);
      }
    }
  }

  private List<Rotation> rotations(List<ModelNeurons> others) {
    Baseline baseline = options.baseline();
    if (baseline.kind() != Baseline.Kind.ROTATION) {
      return List.of();
    }
    if (baseline.rotation() != null) {
      return List.of(Rotation.read(baseline.rotation(), others));
    }
    return IntStream.range(0, baseline.draws())
        .mapToObj(draw -> Rotation.random(options.seed(), draw))
        .toList();
  }

  private CloseUp closeUp(
      StudyInputs inputs, ActivationStream.Text text, Universality universality) {
    return CloseUp.of(
        kernels, inputs.models().getFirst(), text, chosen(universality), options.seed(), progress);
  }

  private NeuronRoles roles(StudyInputs inputs, ActivationStream.Text text) {
    int after = AttentionRole.usualAfter(text.table().context());
    return Roles.of(inputs, kernels, text.rows(), after, options.seed(), phases, progress);
  }

  private static List<Integer> chosen(Universality universality) {
    return universality.ranking().stream().limit(CHOSEN).toList();
  }
}
