package dev.homolog.analysis.statistics;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.MomentsSink;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Statistics of the reference's neurons: moments of MLP_PRE and how often a neuron fires. For
 * chosen neurons they are also by position, by subset and by bin. They do not depend on the neurons
 * of a pass, so they are summed in the first.
 */
public final class StatisticsMeasurement implements Measurement {
  /** A mean, a maximum and a count on the heap, and the place that refers to them. */
  private static final long SUMMARY_BYTES = 48;

  private final Setting setting;
  private final Supplier<List<Integer>> chosen;
  private final int mostChosen;
  private Optional<Sums> sums = Optional.empty();
  private Optional<StudyStatistics> statistics = Optional.empty();

  private record Sums(MomentsSink preactivations, StatisticsSink statistics) {}

  /**
   * @param chosen flat ids of the neurons of which more is kept, known when all passes are done
   * @param mostChosen how many these can be
   */
  public StatisticsMeasurement(Setting setting, Supplier<List<Integer>> chosen, int mostChosen) {
    this.setting = setting;
    this.chosen = chosen;
    this.mostChosen = mostChosen;
  }

  @Override
  public Cost cost(Shape shape) {
    int working = shape.working();
    ModelNeurons reference =
        new ModelNeurons("", shape.reference().layers(), shape.reference().dMlp(), 0);
    long sink =
        StatisticsSink.bytes(
            reference, shape.context(), shape.subsets(), shape.batchTokens(), working);
    // Sums of MLP_PRE, its pilot and the pilot's sums.
    long preactivations = reference.count() * (2L * 6 * Double.BYTES + 8L * working);
    long summaries = shape.context() + shape.subsets() + 1L;
    return new Cost()
        .passes("statistics", sink + preactivations)
        .passes("activations", shape.batchTokens() * reference.count() * working)
        .results(mostChosen * (SUMMARY_BYTES * summaries + 24L * (StatisticsSink.BINS + 2)));
  }

  @Override
  public Set<Site> pilotSites() {
    return Set.of(Site.MLP_PRE);
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    if (!pass.first()) {
      return List.of();
    }
    Sums empty = empty(pass);
    sums = Optional.of(empty);
    return List.of(empty.preactivations, empty.statistics);
  }

  private Sums empty(Pass pass) {
    ModelNeurons reference = setting.neurons().getFirst();
    long tokens = setting.text().tokens();
    return new Sums(
        MomentsSink.ofPreactivations(
            setting.kernels(), pass.stays(), pass.pilots().pre(), reference.count(), tokens),
        new StatisticsSink(
            setting.kernels(), pass.stays(), reference, context(), subsets(), tokens));
  }

  @Override
  public void save(StateWriter state, Pass next) {
    if (!next.first()) {
      Sums full = sums.orElseThrow();
      state.put(full.preactivations.state());
      state.put(full.statistics.state());
    }
  }

  @Override
  public void restore(StateReader state, Pass next) {
    if (!next.first()) {
      Sums full = empty(next);
      full.preactivations.merge(state.tensors(full.preactivations.state()));
      full.statistics.merge(state.tensors(full.statistics.state()));
      sums = Optional.of(full);
    }
  }

  private int context() {
    return setting.text().table().context();
  }

  private int subsets() {
    return setting.text().table().subsets().size();
  }

  @Override
  public void conclude() {
    Sums full = sums.orElseThrow();
    statistics =
        Optional.of(
            StudyStatistics.of(
                full.statistics.statistics(),
                full.preactivations.moments(),
                setting.neurons().getFirst(),
                context(),
                subsets(),
                chosen.get()));
    sums = Optional.empty();
  }

  private StudyStatistics statistics() {
    return statistics.orElseThrow(() -> new IllegalStateException("not all passes are done"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(statistics());
  }

  @Override
  public void addColumns(Table.Builder neurons) {
    StatisticsColumns.PRE.addTo(neurons, statistics().neurons());
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    if (statistics().chosen().isEmpty()) {
      return Stream.of();
    }
    StatisticsTables tables = new StatisticsTables(statistics(), setting.text().table().subsets());
    return Stream.of(tables.positions(), tables.subsets(), tables.histograms())
        .map(table -> List.of(table).iterator());
  }
}
