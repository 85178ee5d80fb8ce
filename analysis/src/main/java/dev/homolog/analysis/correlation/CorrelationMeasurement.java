package dev.homolog.analysis.correlation;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.statistics.MomentsMeasurement;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.memory.DType;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Correlations of the reference's neurons with those of the other models, and the baseline. Each
 * pass adds the neurons that it is for; after the last the {@link Correlations} are complete.
 */
public final class CorrelationMeasurement implements Measurement {
  private final Setting setting;
  private final Comparison comparison;
  private final Baseline baseline;
  private final List<Path> folders;
  private final MomentsMeasurement moments;
  private final List<ModelNeurons> models;
  private final List<double[][]> draws = new ArrayList<>();
  private long kept;
  private Optional<CorrelationPass.Settings> settings = Optional.empty();
  private Optional<CorrelationSummary.Builder> summary = Optional.empty();
  private Optional<CorrelationPass> pass = Optional.empty();
  private Optional<SketchPass> sketch = Optional.empty();
  private Optional<Correlations> correlations = Optional.empty();

  /**
   * @param folders of the other models, whose names may tell a training step
   * @param moments of all neurons, which come before this in the list of measurements
   * @throws InputException if the baseline permutes tokens and a batch has too few
   */
  public CorrelationMeasurement(
      Setting setting,
      Comparison comparison,
      Baseline baseline,
      List<Path> folders,
      MomentsMeasurement moments) {
    this.setting = setting;
    this.comparison = comparison;
    this.baseline = baseline;
    this.folders = List.copyOf(folders);
    this.moments = moments;
    this.models = setting.neurons();
    requirePermutable();
  }

  private void requirePermutable() {
    if (baseline.kind() == Baseline.Kind.PERMUTATION) {
      long leastKept = ActivationStream.leastKept(setting.text());
      if (leastKept < PermutedSink.LEAST_KEPT) {
        throw new InputException(
            InputOption.BASELINE,
            "tokens are permuted within batches, and one holds only " + leastKept + " kept tokens",
            "give text and --batch for at least " + PermutedSink.LEAST_KEPT);
      }
    }
  }

  @Override
  public Cost cost(Shape shape) {
    return new CorrelationCost(shape, comparison, baseline).total();
  }

  /** A sketch is of all neurons, and has the same size for fewer. */
  @Override
  public boolean inOnePass() {
    return comparison.method().isSketch();
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    if (settings.isEmpty()) {
      settings = Optional.of(settings(pass));
    }
    if (comparison.method().isSketch()) {
      SketchPass sums = new SketchPass(settings(), pass.arena(), moments::momentsOfThePass);
      sketch = Optional.of(sums);
      return sums.sinks();
    }
    CorrelationPass sums =
        new CorrelationPass(settings(), memory(pass), strips(pass), moments::momentsOfThePass);
    this.pass = Optional.of(sums);
    return sums.sinks();
  }

  private CorrelationPass.Settings settings(Pass pass) {
    return new CorrelationPass.Settings(
        setting.kernels(),
        comparison,
        baseline,
        setting.seed(),
        models,
        pass.pilots().post().as(comparison.similarity().preparation()),
        rotations(),
        setting.text().tokens());
  }

  /** Made when sums are first reduced: a run that only sums needs none. */
  private CorrelationSummary.Builder summary(Pass pass) {
    if (summary.isEmpty()) {
      summary =
          Optional.of(
              new CorrelationSummary.Builder(
                  setting.kernels(),
                  pass.stays(),
                  models,
                  comparison.top(),
                  comparison.allPairs()));
    }
    return summary();
  }

  private List<Rotation> rotations() {
    if (baseline.kind() != Baseline.Kind.ROTATION) {
      return List.of();
    }
    if (baseline.rotation() != null) {
      return List.of(Rotation.read(baseline.rotation(), models.subList(1, models.size())));
    }
    return IntStream.range(0, baseline.draws())
        .mapToObj(draw -> Rotation.random(setting.seed(), draw))
        .toList();
  }

  private SumMemory memory(Pass pass) {
    return SumMemory.of(
        setting.kernels(), pass.arena(), setting.text().table().tokens(), setting.text().tokens());
  }

  /** The pass's neurons of the reference, and an equal share of each model compared with others. */
  private List<Strip> strips(Pass pass) {
    List<Strip> strips = new ArrayList<>();
    strips.add(new Strip(0, pass.from(), pass.to()));
    int last = comparison.allPairs() ? models.size() - 1 : 1;
    for (int model = 1; model < last; model++) {
      int neurons = models.get(model).count();
      int rows = Math.ceilDiv(neurons, pass.passes());
      int from = Math.min(neurons, pass.number() * rows);
      int to = Math.min(neurons, from + rows);
      if (from < to) {
        strips.add(new Strip(model, from, to));
      }
    }
    return strips;
  }

  @Override
  public void reduce(Pass pass) {
    if (sketch.isPresent()) {
      reduce(pass, sketch.get());
      return;
    }
    CorrelationPass sums = pass();
    setting
        .phases()
        .run(
            Phase.CORRELATIONS,
            () -> summary(pass).add(sums.sink(), sums.measure(), setting.progress()));
  }

  /** Makes the products that a sketch stands for, and takes what is wanted out of each strip. */
  private void reduce(Pass pass, SketchPass sums) {
    Phases phases = setting.phases();
    List<Integer> neurons = models.stream().map(ModelNeurons::count).toList();
    SketchStrips strips = SketchStrips.of(neurons, comparison, setting.kernels().working());
    ProgressListener progress = setting.progress();
    try (Arena arena = Arena.ofShared()) {
      Measure measure = phases.time(Phase.CORRELATIONS, sums::complete);
      CorrelationSink within =
          phases.time(Phase.CORRELATIONS, () -> sums.withinLayers(arena, progress));
      for (int number = 0; number < strips.count(); number++) {
        try (Arena ofStrip = Arena.ofShared()) {
          List<Strip> compared = strips(part(pass, strips, number));
          CorrelationSink products =
              phases.time(
                  Phase.CORRELATIONS,
                  () -> {
                    CorrelationSink made = sums.products(ofStrip, within, compared, progress);
                    summary(pass).add(made, measure, progress);
                    return made;
                  });
          addBaseline(new CorrelationPass(settings(), products, measure));
        }
      }
      kept = measure.tokens();
    }
  }

  /** A strip in the place of a pass. */
  private Pass part(Pass pass, SketchStrips strips, int number) {
    int from = number * strips.rows();
    int to = Math.min(models.getFirst().count(), from + strips.rows());
    return new Pass(
        number, strips.count(), from, to, pass.stream(), pass.pilots(), pass.arena(), pass.stays());
  }

  // ---- what measurements of the same pass ask ----

  /** Reduces the baseline's sums of a pass whose correlations are reduced; a sketch's are. */
  void reduceBaseline(Pass pass) {
    if (sketch.isEmpty()) {
      addBaseline(pass());
    }
    if (pass.last()) {
      kept = sketch.isEmpty() ? pass().measure().tokens() : kept;
      correlations = Optional.of(join());
    }
  }

  private void addBaseline(CorrelationPass sums) {
    List<Strip> strips = List.of(sums.strip());
    List<double[][]> ofPass =
        setting
            .phases()
            .time(
                Phase.BASELINE,
                () -> sums.baseline(strips, best(strips), Integer.MAX_VALUE, setting.progress()));
    for (int draw = 0; draw < ofPass.size(); draw++) {
      if (draws.size() == draw) {
        draws.add(empty());
      }
      copyStrip(ofPass.get(draw), draws.get(draw), sums.strip());
    }
  }

  private Correlations join() {
    return Correlations.of(
        summary().build(), new Correlations.Evidence(comparison, folders, greatest(), draws, kept));
  }

  @Override
  public void save(StateWriter state, Pass next) {
    summary(next).save(state.in("summary"));
    state.put("draws", draws);
    state.put("kept", kept);
  }

  @Override
  public void restore(StateReader state, Pass next) {
    settings = Optional.of(settings(next));
    summary(next).restore(state.in("summary"));
    draws.addAll(
        state.blocks("draws", baseline.draws(), models.size() - 1, models.getFirst().count()));
    kept = state.number("kept");
    if (next.after()) {
      correlations = Optional.of(join());
    }
  }

  CorrelationPass pass() {
    return pass.orElseThrow(() -> new IllegalStateException("no pass has begun"));
  }

  CorrelationPass.Settings settings() {
    return settings.orElseThrow();
  }

  private CorrelationSummary.Builder summary() {
    return summary.orElseThrow();
  }

  /** Greatest correlation by other model and neuron of the chunks, of passes that are reduced. */
  double[][] best(List<Strip> chunks) {
    return chosen(greatest(), chunks);
  }

  /** The same of the baseline, by draw. */
  List<double[][]> baseline(List<Strip> chunks, int mostDraws) {
    return draws.stream().limit(mostDraws).map(draw -> chosen(draw, chunks)).toList();
  }

  /** Greatest correlation by other model and reference neuron, NaN where no pass has been yet. */
  private double[][] greatest() {
    double[][] greatest = empty();
    CorrelationSummary.Builder summary = summary();
    for (int other = 0; other < greatest.length; other++) {
      int number = other;
      Arrays.setAll(greatest[other], i -> summary.greatest(number, i));
    }
    return greatest;
  }

  /** The neurons of chunks, in order. */
  private static double[][] chosen(double[][] all, List<Strip> chunks) {
    return Arrays.stream(all)
        .map(ofModel ->
            chunks.stream()
                .flatMapToDouble(chunk -> Arrays.stream(ofModel, chunk.from(), chunk.to()))
                .toArray())
        .toArray(double[][]::new);
  }

  /** A value for each other model and neuron of the reference. */
  double[][] empty() {
    return new double[models.size() - 1][models.getFirst().count()];
  }

  static void copyStrip(double[][] part, double[][] all, Strip strip) {
    for (int other = 0; other < all.length; other++) {
      System.arraycopy(part[other], 0, all[other], strip.from(), strip.rows());
    }
  }

  // ---- what was found ----

  /** What was found, after the last pass. */
  public Correlations found() {
    return correlations.orElseThrow(() -> new IllegalStateException("not all passes are done"));
  }

  /** Frees what only passes need, such as rotations that were read. */
  @Override
  public void conclude() {
    settings = Optional.empty();
    summary = Optional.empty();
    pass = Optional.empty();
    sketch = Optional.empty();
    draws.clear();
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(found());
  }

  @Override
  public void addColumns(Table.Builder neurons) {
    CorrelationTables.addColumns(neurons, found(), comparison.threshold());
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    CorrelationSummary summary = found().summary();
    return Stream.of(
        CorrelationTables.matches(summary.pairs()),
        List.of(CorrelationTables.histograms(summary.pairs())).iterator());
  }

  @Override
  public void describe(Facts study) {
    study.put("similarity", comparison.similarity().toString());
    Method method = comparison.method();
    study.put("method", method.kind().toString());
    Facts options = study.object("options");
    options.put("method", method.kind().toString());
    if (method.isSketch()) {
      options.put("sketch_size", method.size());
      study
          .object("sketch")
          .put("size", method.size())
          .put("seed", setting.seed())
          .put("standard_error", method.standardError());
    }
    options.put("similarity", comparison.similarity().toString());
    options.put("baseline", baseline.kind().toString());
    options.put("baseline_draws", baseline.draws());
    if (baseline.rotation() != null) {
      options.put("rotation", baseline.rotation().toString());
    }
    options.put("top", comparison.top()).put("threshold", comparison.threshold());
    options.put("all_pairs", comparison.allPairs()).put("by_subset", comparison.bySubset());
    Facts result = study.object("result");
    result.put("universal", found().universality().count(comparison.threshold()));
    result.put("homologs", 0); // as long as no measurement looks for them
    study.list("chance");
    for (Correlations.OfChance chance : found().chance()) {
      Facts law = study.addObject("chance").put("other", chance.other());
      law.put("median", chance.median()).put("upper_5_percent", chance.upper());
      law.put("neurons_above", chance.above());
    }
  }

  /** The precision of a study that compares models, with the type of its sums of products. */
  public static String precision(Setting setting, Comparison comparison) {
    long tokens = setting.text().table().tokens();
    DType type =
        comparison.method().isSketch()
            ? SketchPass.sums(setting.kernels(), comparison.method())
            : SumMemory.type(setting.kernels(), tokens, setting.text().tokens());
    String ofKernels = setting.kernels().precision();
    return type == DType.F32 ? ofKernels + ", those of products fp32" : ofKernels;
  }
}
