package dev.homolog.analysis.closeup;

import dev.homolog.analysis.explanation.ExplanationMeasurement;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import java.lang.foreign.Arena;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A closer look at some neurons. Neurons that are named before the text is read are watched during
 * the pass. The best of a study are known after the passes and get a second, short pass.
 */
public final class CloseUpMeasurement implements Measurement {
  private final Setting setting;
  private final FeatureSet features;
  private final ExplanationMeasurement explanations;
  private final Who selection;
  private Optional<CloseUp.Sinks> watching = Optional.empty();
  private Optional<CloseUp> closeUp = Optional.empty();

  /**
   * Which neurons the close-up shows.
   *
   * @param subjects supplies the neurons when the close-up begins
   * @param most how many there are at most
   * @param named whether they are known before the text is read
   */
  public record Who(Supplier<List<CloseUp.Subject>> subjects, int most, boolean named) {}

  /**
   * @param features to explain homologs by
   * @param explanations which come before this in the list of measurements
   */
  public CloseUpMeasurement(
      Setting setting, FeatureSet features, ExplanationMeasurement explanations, Who selection) {
    this.setting = setting;
    this.features = features;
    this.explanations = explanations;
    this.selection = selection;
  }

  @Override
  public Cost cost(Shape shape) {
    int models = shape.models().size();
    int working = shape.working();
    long sinks =
        CloseUp.bytes(
            selection.most, shape.reference().vocabSize(), models, shape.batchTokens(), working);
    if (selection.named) {
      return new Cost().passes("closer look", sinks);
    }
    long members =
        CloseUp.memberBytes(features, selection.most, models - 1L, shape.batchTokens(), working);
    return new Cost()
        .look("close-up", sinks + members)
        .tables(CloseUp.tableBytes(selection.most, models));
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    if (!watchesThePasses() || !pass.first()) {
      return List.of();
    }
    return watch(pass.stays());
  }

  @Override
  public void save(StateWriter state, Pass next) {
    if (watchesThePasses() && !next.first()) {
      List<ActivationSink> sinks = watching.orElseThrow().list();
      for (int i = 0; i < sinks.size(); i++) {
        state.in("sink" + i).put(sinks.get(i).state());
      }
    }
  }

  @Override
  public void restore(StateReader state, Pass next) {
    if (watchesThePasses() && !next.first()) {
      List<ActivationSink> sinks = watch(next.stays());
      for (int i = 0; i < sinks.size(); i++) {
        ActivationSink sink = sinks.get(i);
        sink.merge(state.in("sink" + i).tensors(sink.state()));
      }
    }
  }

  private boolean watchesThePasses() {
    return selection.named && selection.most > 0;
  }

  private CloseUp.Scene scene() {
    return new CloseUp.Scene(setting.models(), setting.text(), setting.tokenizer(), features);
  }

  @Override
  public void conclude() {
    if (selection.named) {
      take(setting.text().table().tokens());
    }
  }

  @Override
  public boolean looksCloser() {
    return !selection.named;
  }

  @Override
  public List<ActivationSink> closer(ActivationStream stream, Arena arena) {
    return selection.named ? List.of() : watch(arena);
  }

  @Override
  public void looked(long tokens) {
    if (!selection.named) {
      take(tokens);
    }
  }

  private List<ActivationSink> watch(Arena arena) {
    CloseUp.Sinks sinks =
        new CloseUp.Sinks(
            setting.kernels(), arena, scene(), setting.neurons(), selection.subjects.get());
    watching = Optional.of(sinks);
    return sinks.list();
  }

  private void take(long tokens) {
    closeUp = Optional.of(watching.map(sinks -> sinks.found(tokens)).orElseGet(this::nothing));
    watching = Optional.empty();
  }

  /** What is found where no neuron is named. */
  private CloseUp nothing() {
    return new CloseUp(
        setting.text().table().tokens(), List.of(), ExampleColumns.none(), List.of());
  }

  /** What was seen, after all passes. */
  public CloseUp found() {
    return closeUp.orElseThrow(() -> new IllegalStateException("no close look has been taken"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(found());
  }

  /** Without chosen neurons, only the stream's frequent tokens are listed. */
  @Override
  public Stream<Iterator<Table>> tables(Table neurons) {
    Iterator<Table> tokens =
        new TopTokens(
                found(),
                explanations.found(),
                setting.reference().dMlp(),
                setting.tokenizer()::tokenText)
            .tokens();
    return selection.named && found().neurons().isEmpty()
        ? Stream.of(tokens)
        : Stream.of(List.of(found().examples()).iterator(), tokens);
  }
}
