package dev.homolog.analysis.closeup;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.measure.Pass;
import dev.homolog.analysis.measure.Setting;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.analysis.state.Journal;
import dev.homolog.core.stream.ActivationSink;
import java.util.List;
import java.util.Optional;

/** Writes the activations of named neurons to a file while the text is read. */
public final class CacheMeasurement implements Measurement {
  private final Setting setting;
  private final Focus focus;
  private final Focus.Cache cache;
  private Optional<CacheSink> sink = Optional.empty();

  /**
   * @param focus the neurons
   * @param cache where they are written
   */
  public CacheMeasurement(Setting setting, Focus focus, Focus.Cache cache) {
    this.setting = setting;
    this.focus = focus;
    this.cache = cache;
  }

  @Override
  public Cost cost(Shape shape) {
    return new Cost()
        .passes(
            "closer look",
            CacheSink.bytes(focus.neurons().size(), shape.batchTokens(), shape.working()));
  }

  @Override
  public List<ActivationSink> sinks(Pass pass) {
    if (!pass.first()) {
      return List.of();
    }
    CacheSink opened =
        new CacheSink(
            setting.kernels(),
            pass.arena(),
            setting.neurons().getFirst(),
            focus,
            setting.text().table(),
            setting.text().tokens());
    sink = Optional.of(opened);
    return List.of(opened);
  }

  /** The file appears late, so that a study that is broken off leaves none. */
  @Override
  public void afterwards(Journal journal) {
    sink.ifPresent(CacheSink::commit);
    close();
  }

  @Override
  public void describe(Facts study) {
    study
        .object("options")
        .put("cache", cache.file().toString())
        .put("cache_site", cache.site().name());
  }

  @Override
  public void close() {
    sink.ifPresent(CacheSink::close);
    sink = Optional.empty();
  }
}
