package dev.homolog.analysis.correlation;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ProgressListener;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Universality over the tokens of each subset of the text on their own. */
public final class SubsetMeasurement implements Measurement {
  private final Setting setting;
  private final Comparison comparison;
  private final Baseline baseline;
  private final CorrelationMeasurement correlations;
  private final List<String> names;
  private final List<Partial> subsets = new ArrayList<>();
  private Optional<SubsetSink> sink = Optional.empty();
  private Optional<SubsetCorrelations> found = Optional.empty();

  /** What passes have found of one subset, for all neurons of the reference. */
  private record Partial(long tokens, double[][] best, List<double[][]> draws) {}

  /**
   * @param correlations which come before this in the list of measurements
   * @throws InputException if no document of the text has a subset
   */
  public SubsetMeasurement(
      Setting setting,
      Comparison comparison,
      Baseline baseline,
      CorrelationMeasurement correlations) {
    this.setting = setting;
    this.comparison = comparison;
    this.baseline = baseline;
    this.correlations = correlations;
    this.names = setting.text().table().subsets();
    if (setting.text().table().subsetsDropped()) {
      throw new InputException(
          InputOption.BY_SUBSET,
          "the documents name more than 1,024 subsets, which count as none",
          "name another key with --subset-key, or leave it out");
    }
    if (names.isEmpty()) {
      throw new InputException(
          InputOption.BY_SUBSET,
          "no document of the text has a subset",
          "give .jsonl with meta.pile_set_name, or leave it out");
    }
  }

  @Override
  public Cost cost(Shape shape) {
    return new CorrelationCost(shape, comparison, baseline).subsets();
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    CorrelationPass.Settings settings = correlations.settings();
    SumMemory memory =
        SumMemory.of(
            setting.kernels(),
            pass.arena(),
            setting.text().table().tokens(),
            setting.text().tokens());
    SubsetSink sums =
        new SubsetSink(
            memory,
            settings.models(),
            correlations.pass().strip(),
            settings.withinLayers(),
            names.size(),
            setting.text().tokens());
    sink = Optional.of(sums);
    return List.of(sums);
  }

  @Override
  public void reduce(Pass pass) {
    setting.phases().run(Phase.SUBSETS, this::addAll);
    sink = Optional.empty();
    if (pass.last()) {
      found = Optional.of(joined());
    }
  }

  @Override
  public void save(StateWriter state, Pass next) {
    if (!next.first()) {
      state.put("tokens", subsets.stream().mapToLong(Partial::tokens).toArray());
      for (int i = 0; i < subsets.size(); i++) {
        StateWriter ofSubset = state.in("subset" + i);
        Partial subset = subsets.get(i);
        ofSubset.put("best", subset.best);
        ofSubset.put("draws", subset.draws);
      }
    }
  }

  @Override
  public void restore(StateReader state, Pass next) {
    if (next.first()) {
      return;
    }
    long[] tokens = new long[names.size()];
    state.read("tokens", tokens);
    for (int i = 0; i < tokens.length; i++) {
      StateReader ofSubset = state.in("subset" + i);
      double[][] best = correlations.empty();
      ofSubset.read("best", best);
      List<double[][]> draws =
          ofSubset.blocks("draws", baseline.draws(), best.length, best[0].length);
      subsets.add(new Partial(tokens[i], best, draws));
    }
    found = next.after() ? Optional.of(joined()) : Optional.empty();
  }

  @Override
  public void conclude() {
    subsets.clear();
  }

  private void addAll() {
    Strip strip = correlations.pass().strip();
    for (int i = 0; i < names.size(); i++) {
      setting.progress().progress("subsets", i, names.size());
      Partial partial = partial(i, strip);
      if (subsets.size() == i) {
        List<double[][]> none = partial.draws.stream().map(_ -> correlations.empty()).toList();
        subsets.add(new Partial(partial.tokens, correlations.empty(), none));
      }
      CorrelationMeasurement.copyStrip(partial.best, subsets.get(i).best, strip);
      for (int draw = 0; draw < partial.draws.size(); draw++) {
        CorrelationMeasurement.copyStrip(
            partial.draws.get(draw), subsets.get(i).draws.get(draw), strip);
      }
    }
    setting.progress().progress("subsets", names.size(), names.size());
  }

  /** The correlations of one subset for the neurons of this pass. */
  private Partial partial(int subset, Strip strip) {
    CorrelationPass.Settings settings = correlations.settings();
    SubsetSink sums = sink.orElseThrow();
    Measure measure = sums.measure(subset, comparison.similarity(), settings.standardisation());
    CorrelationSink products = sums.sums(subset);
    List<Strip> strips = List.of(strip);
    double[][] best = BestMatches.of(products, measure, strip, strips);
    List<double[][]> draws = new ArrayList<>();
    if (baseline.kind() == Baseline.Kind.GAUSSIAN) {
      draws.add(correlations.pass().gaussian(measure.tokens(), best));
    }
    for (Rotation rotation : settings.rotations()) {
      draws.add(
          new RotationBaseline(products, measure)
              .best(rotation, strip, strips, ProgressListener.NONE));
    }
    return new Partial(measure.tokens(), best, draws);
  }

  private SubsetCorrelations subsetCorrelations() {
    return found.orElseThrow(() -> new IllegalStateException("not all passes are done"));
  }

  private SubsetCorrelations joined() {
    List<SubsetCorrelations.OfSubset> bySubset = new ArrayList<>();
    for (int i = 0; i < subsets.size(); i++) {
      Partial subset = subsets.get(i);
      bySubset.add(
          new SubsetCorrelations.OfSubset(
              names.get(i), subset.tokens, Universality.of(subset.best, subset.draws)));
    }
    return new SubsetCorrelations(List.copyOf(bySubset));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(subsetCorrelations());
  }

  /** A part for each subset. */
  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    int dMlp = setting.reference().dMlp();
    return Stream.of(
        subsetCorrelations().subsets().stream()
            .map(subset -> CorrelationTables.ofSubset(subset, dMlp, comparison.threshold()))
            .iterator());
  }
}
