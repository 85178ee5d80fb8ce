package dev.homolog.analysis.correlation;

import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.function.Supplier;

/** The moments that the similarities of a pass are read by. */
final class SimilarityMoments {
  private final CorrelationPass.Settings settings;
  private final Supplier<Moments> raw;
  private final Optional<MomentsSink> prepared;

  /**
   * Pearson's moments are those of the raw activations; other similarities sum their own.
   *
   * @param raw moments of the raw activations of all models, which are summed elsewhere
   */
  SimilarityMoments(CorrelationPass.Settings settings, Arena arena, Supplier<Moments> raw) {
    this.settings = settings;
    this.raw = raw;
    this.prepared =
        settings.comparison().similarity() == Similarity.PEARSON
            ? Optional.empty()
            : Optional.of(empty(settings, arena));
  }

  private static MomentsSink empty(CorrelationPass.Settings settings, Arena arena) {
    ModelNeurons last = settings.models().getLast();
    long neurons = last.offset() + last.count();
    Pilot identity = Pilot.identity(settings.kernels(), arena, neurons);
    return new MomentsSink(
        settings.kernels(), arena, identity, neurons, ActivationSink.Values.PREPARED);
  }

  /** What it has summed itself, if it does. */
  Optional<MomentsSink> sink() {
    return prepared;
  }

  /** Of the text so far. */
  Moments moments() {
    return prepared.map(MomentsSink::moments).orElseGet(raw);
  }

  /** How to read the sums so far. */
  Measure measure() {
    return new Measure(
        settings.kernels(),
        settings.comparison().similarity(),
        moments(),
        settings.standardisation());
  }
}
