package dev.homolog.analysis.passes;

import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.FiniteSink;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One more reading of a random share of the text, when all passes are done. */
final class CloserLook {
  /** Share of the rows that are read, and the most positions. */
  private static final double SHARE = 0.2;

  private static final long MOST_TOKENS = 1_000_000;

  private static final String SINK = "sink";

  private final Setting setting;
  private final List<Measurement> measurements;
  private final Optional<Stage> stage;

  /**
   * @param stage where the state is saved and taken back, if it is
   */
  CloserLook(Setting setting, List<Measurement> measurements, Optional<Stage> stage) {
    this.setting = setting;
    this.measurements = measurements;
    this.stage = stage;
  }

  /** Takes it for all measurements that want one, or what an earlier run has left of it. */
  void take(ActivationStream stream) {
    try (Arena arena = Arena.ofShared()) {
      setting.phases().run(Phase.CLOSE_UP, () -> take(stream, arena));
    } finally {
      stage.ifPresent(Stage::close);
    }
  }

  private void take(ActivationStream stream, Arena arena) {
    List<ActivationSink> sinks =
        measurements.stream().flatMap(m -> m.closer(stream, arena).stream()).toList();
    TokenTable table = setting.text().table();
    long limit = Math.min((long) (table.rows() * SHARE), MOST_TOKENS / table.context());
    Rows rows = Rows.random(table.rows(), Math.max(1, limit), setting.seed());
    long total = (long) rows.count() * table.context();
    long seen = stage.map(saved -> restore(saved, sinks, rows.count())).orElse(0L);
    stage.ifPresent(Stage::close);
    if (seen < total) {
      read(stream, arena, sinks, rows, seen);
      stage.ifPresent(saved -> saved.save(total, state -> put(state, sinks)));
    }
    measurements.forEach(measurement -> measurement.looked(total));
  }

  private void read(
      ActivationStream stream, Arena arena, List<ActivationSink> sinks, Rows rows, long seen) {
    // Positions that are not kept, which the first pass did not watch, count here.
    FiniteSink finite =
        new FiniteSink(setting.kernels(), arena, setting.text().tokens(), stream.neurons());
    List<ActivationSink> watching = new ArrayList<>(List.of(finite));
    watching.addAll(sinks);
    ActivationStream.Reading reading =
        new ActivationStream.Reading(
            Phase.CLOSE_UP.toString(),
            rows,
            seen,
            setting.progress(),
            done -> stage.ifPresent(saved -> saved.offer(done, state -> put(state, sinks))));
    Runnable batches = () -> stream.run(reading, null, watching);
    stage.ifPresentOrElse(saved -> saved.during(batches), batches);
  }

  private long restore(Stage saved, List<ActivationSink> sinks, long rows) {
    long seen = saved.done();
    if (!ActivationStream.isBetweenBatches(setting.text(), rows, seen)) {
      throw saved.refusedPosition();
    }
    Optional<StateReader> numbers = saved.numbers();
    for (int i = 0; numbers.isPresent() && i < sinks.size(); i++) {
      ActivationSink sink = sinks.get(i);
      sink.merge(numbers.get().in(SINK + i).tensors(sink.state()));
    }
    return seen;
  }

  private static void put(StateWriter state, List<ActivationSink> sinks) {
    for (int i = 0; i < sinks.size(); i++) {
      state.in(SINK + i).put(sinks.get(i).state());
    }
  }
}
