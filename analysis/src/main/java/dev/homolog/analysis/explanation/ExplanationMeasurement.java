package dev.homolog.analysis.explanation;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ActivationSink;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Which features of the text explain the reference's neurons. */
public final class ExplanationMeasurement implements Measurement {
  /** What the heap holds of a neuron's family, and the moments and statistics beside it. */
  private static final long NEURON_BYTES = 80;

  private final Setting setting;
  private final FeatureSet features;
  private final Supplier<List<Integer>> chosen;
  private final Explanations.Builder builder;
  private Optional<ExplanationSink> sink = Optional.empty();
  private Optional<Explanations> explanations = Optional.empty();

  /**
   * @param chosen flat ids of the neurons of which more is listed, known when all passes are done
   */
  public ExplanationMeasurement(
      Setting setting, FeatureSet features, Supplier<List<Integer>> chosen) {
    this.setting = setting;
    this.features = features;
    this.chosen = chosen;
    this.builder = new Explanations.Builder(features, setting.reference().neurons());
  }

  @Override
  public Cost cost(Shape shape) {
    long neurons = shape.reference().neurons();
    return new Cost()
        .passes("explanations", ExplanationSink.bytes(features, shape.rows(), shape.batchTokens()))
        .results(features.bytes() + Explanations.bytes(features, neurons) + neurons * NEURON_BYTES);
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    ExplanationSink sums =
        new ExplanationSink(
            setting.kernels(),
            pass.arena(),
            features,
            pass.pilots().post(),
            new ExplanationSink.Columns(pass.from(), pass.to()),
            setting.text().tokens());
    sink = Optional.of(sums);
    return List.of(sums);
  }

  @Override
  public void reduce(Pass pass) {
    setting.phases().run(Phase.EXPLANATIONS, () -> builder.add(sink.orElseThrow(), pass.from()));
    sink = Optional.empty();
    if (pass.last()) {
      explanations = Optional.of(builder.build());
    }
  }

  @Override
  public void save(StateWriter state, Pass next) {
    if (!next.first()) {
      builder.build().save(state);
    }
  }

  @Override
  public void restore(StateReader state, Pass next) {
    if (!next.first()) {
      builder.restore(state);
      explanations = next.after() ? Optional.of(builder.build()) : Optional.empty();
    }
  }

  /** What explains each neuron, after the last pass. */
  public Explanations found() {
    return explanations.orElseThrow(() -> new IllegalStateException("not all passes are done"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(found());
  }

  @Override
  public void addColumns(Table.Builder neurons) {
    List<Explanations.OfFamily> families =
        IntStream.range(0, found().neurons()).mapToObj(found()::family).toList();
    ExplanationColumns.NEURONS.addTo(neurons, families);
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    int dMlp = setting.reference().dMlp();
    return Stream.of(new ExplanationTables(found(), dMlp, Set.copyOf(chosen.get())).explanations());
  }
}
