package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Sums of products of one pass over the text, and the best matches that they say. */
final class CorrelationPass {
  private final Settings settings;
  private final Strip strip;
  private final CorrelationSink sink;
  private final Supplier<Measure> reader;
  private final Optional<MomentsSink> preparedMoments;
  private final Optional<PermutedSink> permuted;

  /**
   * What every pass of a study shares.
   *
   * @param models the reference first
   * @param standardisation means and scales by which activations are prepared
   * @param rotations of the rotation baseline, one a draw; else none
   * @param batchTokens the most tokens of a batch
   */
  record Settings(
      Kernels kernels,
      Comparison comparison,
      Baseline baseline,
      long seed,
      List<ModelNeurons> models,
      Pilot standardisation,
      List<Rotation> rotations,
      long batchTokens) {

    /** Whether products within layers of the other models are summed. */
    boolean withinLayers() {
      return !rotations.isEmpty();
    }
  }

  /**
   * A pass with empty sums.
   *
   * @param strips of the reference, and of the others where all pairs are wanted
   * @param rawMoments of the raw activations of all models, which are summed elsewhere
   */
  CorrelationPass(
      Settings settings, SumMemory memory, List<Strip> strips, Supplier<Moments> rawMoments) {
    this.settings = settings;
    this.strip = strips.getFirst();
    SimilarityMoments moments = new SimilarityMoments(settings, memory.arena(), rawMoments);
    this.reader = moments::measure;
    this.preparedMoments = moments.sink();
    this.sink = new CorrelationSink(memory, settings.models, strips, settings.withinLayers());
    this.permuted =
        settings.baseline.kind() == Baseline.Kind.PERMUTATION
            ? Optional.of(
                new PermutedSink(
                    memory,
                    settings.models,
                    strip,
                    new PermutedSink.Draws(settings.baseline.draws(), settings.seed),
                    settings.batchTokens))
            : Optional.empty();
  }

  /**
   * Sums that are complete.
   *
   * @param measure how to read them
   */
  CorrelationPass(Settings settings, CorrelationSink sink, Measure measure) {
    this.settings = settings;
    this.strip = sink.strips().getFirst();
    this.sink = sink;
    this.reader = () -> measure;
    this.preparedMoments = Optional.empty();
    this.permuted = Optional.empty();
  }

  List<ActivationSink> sinks() {
    List<ActivationSink> sinks = new ArrayList<>();
    sinks.add(sink);
    preparedMoments.ifPresent(sinks::add);
    permuted.ifPresent(sinks::add);
    return sinks;
  }

  /** The neurons of the reference that the pass is for. */
  Strip strip() {
    return strip;
  }

  CorrelationSink sink() {
    return sink;
  }

  /** How to read the sums so far. */
  Measure measure() {
    return reader.get();
  }

  /** Greatest similarity by other model and neuron of the chunks, which are parts of the strip. */
  double[][] best(List<Strip> chunks) {
    return BestMatches.of(sink, measure(), strip, chunks);
  }

  /**
   * The same of the baseline, by draw; empty without one.
   *
   * @param best result of {@link #best} for the chunks
   */
  List<double[][]> baseline(
      List<Strip> chunks, double[][] best, int mostDraws, ProgressListener progress) {
    Measure measure = measure();
    int draws = Math.min(mostDraws, settings.baseline.draws());
    List<double[][]> byDraw = new ArrayList<>();
    switch (settings.baseline.kind()) {
      case NONE -> {}
      case GAUSSIAN -> byDraw.add(gaussian(measure.tokens(), best));
      case PERMUTATION -> {
        for (int draw = 0; draw < draws; draw++) {
          byDraw.add(
              BestMatches.of(
                  permuted.orElseThrow(), draw, measure, settings.models, strip, chunks));
        }
      }
      case ROTATION -> {
        RotationBaseline baseline = new RotationBaseline(sink, measure);
        for (Rotation rotation : settings.rotations.subList(0, draws)) {
          byDraw.add(baseline.best(rotation, strip, chunks, progress));
        }
      }
    }
    return byDraw;
  }

  /** The median of the law, for each neuron that has a similarity at all. */
  double[][] gaussian(long tokens, double[][] best) {
    double[][] medians = new double[best.length][best[0].length];
    for (int other = 0; other < best.length; other++) {
      double median =
          GaussianLaw.of(
                  settings.comparison.similarity(), tokens, settings.models.get(other + 1).count())
              .median();
      for (int i = 0; i < best[other].length; i++) {
        medians[other][i] = Double.isNaN(best[other][i]) ? Double.NaN : median;
      }
    }
    return medians;
  }
}
