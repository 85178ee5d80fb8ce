package dev.homolog.analysis.correlation;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** How the best correlations settle as the text is read: looks at the sums between batches. */
public final class ConvergenceMeasurement implements Measurement {
  private final CorrelationMeasurement correlations;
  private final Convergence.Builder convergence;
  private final int neurons;
  private final ActivationStream.Text text;
  private final long tokens;
  private final double threshold;
  private Optional<Convergence> found = Optional.empty();

  /**
   * @param correlations which come before this in the list of measurements
   */
  public ConvergenceMeasurement(
      Setting setting, Comparison comparison, CorrelationMeasurement correlations) {
    this.correlations = correlations;
    this.text = setting.text();
    this.tokens = setting.text().table().tokens();
    this.neurons = setting.reference().neurons();
    this.threshold = comparison.threshold();
    this.convergence = new Convergence.Builder(tokens);
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    convergence.pass(pass.number());
    return List.of();
  }

  @Override
  public void batch(Pass pass, long tokensRead) {
    // The end is taken from the results.
    if (tokensRead < tokens && convergence.wanted(tokensRead)) {
      CorrelationPass sums = correlations.pass();
      double[][] best = sums.best(chunks());
      convergence.add(tokensRead, best, sums.baseline(chunks(), best, 1, ProgressListener.NONE));
    }
  }

  @Override
  public List<Double> heardAt() {
    return Convergence.SHARES;
  }

  @Override
  public void reduce(Pass pass) {
    convergence.add(tokens, correlations.best(chunks()), correlations.baseline(chunks(), 1));
    if (pass.last()) {
      found = Optional.of(convergence.build(threshold));
    }
  }

  @Override
  public void save(StateWriter state, Pass next) {
    convergence.save(state);
  }

  @Override
  public void restore(StateReader state, Pass next) {
    convergence.restore(
        state, next.number() + 1, positions -> ActivationStream.isBetweenBatches(text, positions));
    found = next.after() ? Optional.of(convergence.build(threshold)) : Optional.empty();
  }

  private List<Strip> chunks() {
    return Convergence.chunks(correlations.pass().strip(), neurons);
  }

  private Convergence convergence() {
    return found.orElseThrow(() -> new IllegalStateException("not all passes are done"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(convergence());
  }

  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    return Stream.of(List.of(CorrelationTables.convergence(convergence())).iterator());
  }
}
