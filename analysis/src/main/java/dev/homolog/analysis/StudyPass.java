package dev.homolog.analysis;

import dev.homolog.analysis.correlation.BestMatches;
import dev.homolog.analysis.correlation.CorrelationSink;
import dev.homolog.analysis.correlation.GaussianLaw;
import dev.homolog.analysis.correlation.Measure;
import dev.homolog.analysis.correlation.PermutedSink;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.correlation.RotationBaseline;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.correlation.Strip;
import dev.homolog.analysis.correlation.SubsetSink;
import dev.homolog.analysis.correlation.SumMemory;
import dev.homolog.analysis.explanation.ExplanationSink;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One pass over the text for some neurons of the reference: the sums of that pass, and what they
 * say. Its memory is the arena's.
 */
final class StudyPass {
  private final StudyOptions options;
  private final Kernels kernels;
  private final List<ModelNeurons> models;
  private final Pilot prepared;
  private final List<Rotation> rotations;
  private final Strip strip;
  private final CorrelationSink sink;
  private final MomentsSink rawMoments;
  private final MomentsSink preparedMoments;
  private final PermutedSink permuted;
  private final SubsetSink subsets;
  private final ExplanationSink explanations;

  /**
   * What every pass of a study shares.
   *
   * @param features to explain the neurons of the reference by, or null
   */
  record Setting(
      StudyOptions options,
      Kernels kernels,
      ActivationStream stream,
      ActivationStream.Text text,
      Pilot pilot,
      List<Rotation> rotations,
      FeatureSet features) {}

  /**
   * A pass with empty sums.
   *
   * @param strips of the reference, and of the others where all pairs are wanted
   */
  StudyPass(Setting setting, Arena arena, List<Strip> strips) {
    this.options = setting.options;
    this.kernels = setting.kernels;
    this.models = setting.stream.models();
    Pilot pilot = setting.pilot;
    this.prepared = pilot.as(options.comparison().similarity().preparation());
    this.rotations = setting.rotations;
    this.strip = strips.getFirst();
    boolean within = !rotations.isEmpty();
    long neurons = setting.stream.neurons();
    long tokens = setting.text.tokens();
    SumMemory memory = SumMemory.of(kernels, arena, setting.text.table().tokens(), tokens);
    this.sink = new CorrelationSink(memory, models, strips, within);
    this.rawMoments = new MomentsSink(kernels, arena, pilot, neurons);
    // Pearson's are those of the raw activations; what the others are made of is summed on its own.
    this.preparedMoments =
        options.comparison().similarity() == Similarity.PEARSON
            ? null
            : new MomentsSink(
                kernels,
                arena,
                Pilot.identity(kernels, arena, neurons),
                neurons,
                ActivationSink.Values.PREPARED);
    this.permuted =
        options.baseline().kind() == Baseline.Kind.PERMUTATION
            ? new PermutedSink(
                memory,
                models,
                strip,
                new PermutedSink.Draws(options.baseline().draws(), options.seed()),
                tokens)
            : null;
    int subsetCount = setting.text.table().subsets().size();
    this.subsets =
        options.comparison().bySubset()
            ? new SubsetSink(memory, models, strip, within, subsetCount, tokens)
            : null;
    this.explanations =
        setting.features == null
            ? null
            : new ExplanationSink(
                kernels,
                arena,
                setting.features,
                pilot,
                new ExplanationSink.Columns(strip.from(), strip.to()),
                tokens);
  }

  /**
   * Reads the text.
   *
   * @param more sinks that have nothing to do with this pass's neurons
   */
  void run(
      ActivationStream stream, Rows rows, List<ActivationSink> more, ProgressListener progress) {
    List<ActivationSink> sinks = new ArrayList<>(List.of(rawMoments, sink));
    sinks.addAll(more);
    Stream.of(explanations, preparedMoments, permuted, subsets)
        .filter(s -> s != null)
        .forEach(sinks::add);
    stream.run("activations", rows, prepared, sinks, progress);
  }

  CorrelationSink sink() {
    return sink;
  }

  /** Sums by what the text is at a position, or null. */
  ExplanationSink explanations() {
    return explanations;
  }

  /** Of the raw activations so far. */
  Moments moments() {
    return rawMoments.moments();
  }

  /** How to read the sums so far. */
  Measure measure() {
    Moments moments = preparedMoments == null ? rawMoments.moments() : preparedMoments.moments();
    return new Measure(kernels, options.comparison().similarity(), moments, prepared);
  }

  /** Greatest similarity by other model and neuron of the chunks, which are parts of the strip. */
  double[][] best(List<Strip> chunks) {
    return BestMatches.of(sink, measure(), strip, chunks);
  }

  /**
   * The same of the baseline, by draw; empty without one.
   *
   * @param best what {@link #best} says of the chunks
   */
  List<double[][]> baseline(
      List<Strip> chunks, double[][] best, int mostDraws, ProgressListener progress) {
    Measure measure = measure();
    int draws = Math.min(mostDraws, options.baseline().draws());
    List<double[][]> found = new ArrayList<>();
    switch (options.baseline().kind()) {
      case NONE -> {}
      case GAUSSIAN -> found.add(gaussian(measure.tokens(), best));
      case PERMUTATION -> {
        for (int draw = 0; draw < draws; draw++) {
          found.add(BestMatches.of(permuted, draw, measure, models, strip, chunks));
        }
      }
      case ROTATION -> {
        RotationBaseline baseline = new RotationBaseline(sink, measure);
        for (Rotation rotation : rotations.subList(0, draws)) {
          found.add(baseline.best(rotation, strip, chunks, progress));
        }
      }
    }
    return found;
  }

  /** The median of the law, for each neuron that has a similarity at all. */
  private double[][] gaussian(long tokens, double[][] best) {
    double[][] medians = new double[best.length][best[0].length];
    for (int other = 0; other < best.length; other++) {
      double median =
          GaussianLaw.of(options.comparison().similarity(), tokens, models.get(other + 1).count())
              .median();
      for (int i = 0; i < best[other].length; i++) {
        medians[other][i] = Double.isNaN(best[other][i]) ? Double.NaN : median;
      }
    }
    return medians;
  }

  /** What one subset says of the neurons of this pass. */
  record SubsetPart(long tokens, double[][] best, List<double[][]> draws) {}

  SubsetPart subset(int subset, ProgressListener progress) {
    Measure measure = subsets.measure(subset, options.comparison().similarity(), prepared);
    CorrelationSink sums = subsets.sums(subset);
    List<Strip> all = List.of(strip);
    double[][] best = BestMatches.of(sums, measure, strip, all);
    List<double[][]> draws = new ArrayList<>();
    if (options.baseline().kind() == Baseline.Kind.GAUSSIAN) {
      draws.add(gaussian(measure.tokens(), best));
    }
    for (Rotation rotation : rotations) {
      draws.add(new RotationBaseline(sums, measure).best(rotation, strip, all, progress));
    }
    return new SubsetPart(measure.tokens(), best, draws);
  }
}
