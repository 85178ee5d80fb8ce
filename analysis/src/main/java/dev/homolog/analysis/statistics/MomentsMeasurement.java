package dev.homolog.analysis.statistics;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.Journal;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import java.util.List;
import java.util.Optional;

/** Moments of every neuron's MLP_POST over kept tokens, which correlations are read by too. */
public final class MomentsMeasurement implements Measurement {
  private final Setting setting;
  private Optional<MomentsSink> sink = Optional.empty();
  private Optional<NeuronMoments.OfStudy> moments = Optional.empty();

  public MomentsMeasurement(Setting setting) {
    this.setting = setting;
  }

  @Override
  public Cost cost(Shape shape) {
    long pilot = 6 * shape.neurons() * shape.working();
    long sums = 6 * Double.BYTES * shape.neurons();
    // The pilot's own sums stay as long as the stream.
    return new Cost().passes("moments", sums).whileOpen("moments", sums + pilot);
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    MomentsSink sums =
        new MomentsSink(
            setting.kernels(), pass.arena(), pass.pilots().post(), pass.stream().neurons());
    sink = Optional.of(sums);
    return List.of(sums);
  }

  /** Of the raw activations that the pass under way has read. */
  public Moments momentsOfThePass() {
    return sink.orElseThrow(() -> new IllegalStateException("no pass has begun")).moments();
  }

  @Override
  public void reduce(Pass pass) {
    if (pass.first()) {
      moments = Optional.of(NeuronMoments.OfStudy.of(momentsOfThePass(), setting.neurons()));
    }
  }

  @Override
  public void save(StateWriter state, Pass next) {
    if (!next.first()) {
      moments().save(state);
    }
  }

  @Override
  public void restore(StateReader state, Pass next) {
    if (!next.first()) {
      moments =
          Optional.of(
              NeuronMoments.OfStudy.restored(
                  state, setting.reference().neurons(), setting.models().size()));
    }
  }

  @Override
  public void afterwards(Journal journal) {
    sink = Optional.empty();
  }

  private NeuronMoments.OfStudy moments() {
    return moments.orElseThrow(() -> new IllegalStateException("no pass is done"));
  }

  @Override
  public Optional<Object> result() {
    return Optional.of(moments());
  }

  @Override
  public void addColumns(Table.Builder neurons) {
    StatisticsColumns.POST.addTo(neurons, moments().neurons());
  }

  @Override
  public void describe(Facts study) {
    for (int model = 0; model < moments().constants().size(); model++) {
      study.objectAt("models", model).put("constant_neurons", moments().constants().get(model));
    }
  }
}
