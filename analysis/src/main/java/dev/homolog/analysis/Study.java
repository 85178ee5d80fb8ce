package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.PermutedSink;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.correlation.Strip;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.explanation.ExplanationSink;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.analysis.roles.AttentionRole;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.analysis.weights.WeightFindings;
import dev.homolog.analysis.weights.WeightTables;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.MomentsSink;
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
      Compared compared =
          alone() ? measure(inputs, text, planner, plan) : compare(inputs, text, planner, plan);
      CloseUp closeUp =
          alone()
              ? compared.closeUp
              : everything()
                  ? phases.time("close-up", 0, () -> closeUp(inputs, text, compared.found))
                  : null;
      WeightFindings weights =
          everything()
              ? phases.time("weights", 0, () -> weights(inputs, compared.found.universality()))
              : null;
      NeuronRoles roles = options.roles() ? roles(inputs, text) : null;
      return new StudyResult(
          options,
          StudyFacts.of(kernels, inputs, compared, phases),
          compared.moments,
          compared.constants,
          compared.found,
          compared.statistics,
          compared.explanations,
          closeUp,
          weights,
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
      StudyStatistics statistics,
      Explanations explanations,
      CloseUp closeUp) {}

  private boolean alone() {
    return options.extent() == StudyOptions.Extent.ACTIVATIONS;
  }

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
      Pilots pilots = pilots(stream, text, planner, bare);
      Plan plan = pilots.plan;
      StudyPass.Setting setting =
          new StudyPass.Setting(
              options, kernels, stream, text, pilots.of.post(), rotations, inputs.features());
      ReferenceStatistics statistics =
          everything()
              ? new ReferenceStatistics(kernels, arena, stream, text, pilots.of.pre())
              : null;
      Findings findings = new Findings(options, kernels, arena, stream, text, inputs.features());
      for (int pass = 0; pass < plan.passes(); pass++) {
        List<Strip> strips = strips(models, pass, plan);
        try (Arena scratch = Arena.ofShared()) {
          // Gigabytes: where they are the arena's own, their first touch takes time here.
          StudyPass part = phases.time("sums", 0, () -> new StudyPass(setting, scratch, strips));
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
          pilots.tokens,
          text.rows(),
          findings.moments(),
          findings.constants(),
          found,
          statistics == null ? null : statistics.found(chosen(found.universality())),
          findings.explanations(),
          null);
    }
  }

  private record Pilots(ActivationStream.Pilots of, long tokens, Plan plan) {}

  private Pilots pilots(
      ActivationStream stream, ActivationStream.Text text, Planner planner, Plan bare) {
    long rows = text.table().rows();
    long context = text.table().context();
    long most = Math.max(1, Math.min(rows / PILOT_SHARE, PILOT_TOKENS / context));
    Rows pilotRows = Rows.spread(rows, most);
    Calibration.Listener clock = new Calibration.Listener(progress);
    long tokens = pilotRows.count() * context;
    boolean preactivations = everything() || alone();
    ActivationStream.Pilots pilots =
        phases.time("pilot", tokens, () -> stream.pilots(pilotRows, preactivations, clock));
    Plan plan =
        bare.withSeconds(
            phases.time("calibration", 0, () -> planner.seconds(bare, clock.finish(kernels))));
    planned.accept(plan);
    return new Pilots(pilots, tokens, plan);
  }

  /** The reference without others to compare it with: all in one pass. */
  private Compared measure(
      StudyInputs inputs, ActivationStream.Text text, Planner planner, Plan bare) {
    Focus focus = options.focus();
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream = ActivationStream.open(kernels, arena, inputs.models(), text);
      Pilots pilots = pilots(stream, text, planner, bare);
      MomentsSink moments = new MomentsSink(kernels, arena, pilots.of.post(), stream.neurons());
      ReferenceStatistics statistics =
          new ReferenceStatistics(kernels, arena, stream, text, pilots.of.pre());
      ExplanationSink explanations =
          new ExplanationSink(
              kernels,
              arena,
              inputs.features(),
              pilots.of.post(),
              new ExplanationSink.Columns(0, stream.neurons()),
              text.tokens());
      List<Integer> named = named(inputs.models().getFirst().checkpoint().config());
      CloseUp.Sinks closeUp =
          new CloseUp.Sinks(
              kernels,
              arena,
              scene(inputs, text),
              stream.models(),
              named.stream().map(id -> new CloseUp.Subject(id, List.of(), List.of())).toList());
      List<ActivationSink> sinks = new ArrayList<>(List.of(moments, explanations));
      sinks.addAll(statistics.sinks());
      if (!named.isEmpty()) {
        sinks.addAll(closeUp.list());
      }
      try (CacheSink cache =
          focus.cache().isEmpty()
              ? null
              : new CacheSink(
                  kernels, arena, stream.models().getFirst(), focus, text.table(), text.tokens())) {
        if (cache != null) {
          sinks.add(cache);
        }
        Rows rows = Rows.all(text.table().rows());
        long tokens = text.table().tokens();
        phases.time(
            "activations",
            tokens,
            () -> stream.run("activations", rows, pilots.of.post(), sinks, progress));
        if (cache != null) {
          cache.commit();
        }
        return new Compared(
            pilots.plan,
            pilots.tokens,
            text.rows(),
            NeuronMoments.of(moments.moments(), stream.models().getFirst()),
            NeuronMoments.constants(moments.moments(), stream.models()),
            null,
            statistics.found(named),
            phases.time(
                "explanations", 0, () -> explained(explanations, inputs.features(), stream)),
            named.isEmpty() ? null : closeUp.found(tokens));
      }
    }
  }

  private static Explanations explained(
      ExplanationSink sink, FeatureSet features, ActivationStream stream) {
    Explanations.Builder builder =
        new Explanations.Builder(features, stream.models().getFirst().count());
    builder.add(sink, 0);
    return builder.build();
  }

  private List<Integer> named(ModelConfig config) {
    return options.focus().neurons().stream()
        .map(name -> name.require("--neuron", config).flat(config))
        .toList();
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

  private CloseUp closeUp(StudyInputs inputs, ActivationStream.Text text, StudyComparisons found) {
    List<PairMatches> pairs = found.summary().pairs();
    double threshold = options.comparison().threshold();
    List<CloseUp.Subject> subjects =
        chosen(found.universality()).stream()
            .map(id ->
                new CloseUp.Subject(
                    id,
                    pairs.stream().map(pair -> pair.highest().match(id, 0)).toList(),
                    pairs.stream().map(pair -> Homologs.match(pair, id, threshold)).toList()))
            .toList();
    return CloseUp.of(kernels, scene(inputs, text), subjects, progress);
  }

  private CloseUp.Scene scene(StudyInputs inputs, ActivationStream.Text text) {
    return new CloseUp.Scene(
        inputs.models(), text, inputs.tokenizer(), inputs.features(), options.seed());
  }

  private WeightFindings weights(StudyInputs inputs, Universality universality) {
    int[] chosen = chosen(universality).stream().mapToInt(Integer::intValue).toArray();
    return WeightFindings.of(
        kernels,
        inputs.models().getFirst().checkpoint(),
        new WeightTables.Request(options.processing(), chosen, inputs.tokenizer()::tokenText),
        progress);
  }

  private NeuronRoles roles(StudyInputs inputs, ActivationStream.Text text) {
    Positions queries = Positions.from(AttentionRole.usualAfter(text.table().context()));
    var how = new NeuronRoles.Options(options.processing(), queries, options.seed());
    return Roles.of(inputs, kernels, text.rows(), how, phases, progress);
  }

  private static List<Integer> chosen(Universality universality) {
    return universality.ranking().stream().limit(CHOSEN).toList();
  }
}
