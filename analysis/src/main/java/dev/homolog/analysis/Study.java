package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.CorrelationSink;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.correlation.RotationBaseline;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.core.kernels.Kernels;
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
import java.util.stream.IntStream;

/**
 * Which neurons of a reference model are universal: the straight line from checkpoints and text to
 * a table. One pass over the tokens, each model running once a batch, serves all measurements.
 */
public final class Study {
  /** Neurons that get a close look, the best by excess first. */
  private static final int CHOSEN = 1000;

  /** The most rows that the pilot reads, and the least share of the stream that it may be. */
  private static final int PILOT_ROWS = 32;

  private static final int PILOT_SHARE = 16;

  private final StudyOptions options;
  private final Kernels kernels;
  private final ProgressListener progress;
  private final Phases phases = new Phases();

  private Study(StudyOptions options, Kernels kernels, ProgressListener progress) {
    this.options = options;
    this.kernels = kernels;
    this.progress = progress;
  }

  /** As the method below, in silence. */
  public static StudyResult run(StudyOptions options, Kernels kernels) {
    return run(options, kernels, ProgressListener.NONE);
  }

  /**
   * Runs a study.
   *
   * @param kernels what computes; stays open
   * @throws dev.homolog.core.InputException if a model, a tokenizer or the text cannot be used
   */
  public static StudyResult run(StudyOptions options, Kernels kernels, ProgressListener progress) {
    return new Study(options, kernels, progress).run();
  }

  private StudyResult run() {
    try (StudyInputs inputs = StudyInputs.open(options, progress, phases);
        Arena arena = Arena.ofShared()) {
      ActivationStream.Text text = new ActivationStream.Text(inputs.table(), options.batchRows());
      ActivationStream stream = ActivationStream.open(kernels, arena, inputs.models(), text);
      List<ModelNeurons> models = stream.models();
      // A file of rotations that does not fit is refused before the work, not after it.
      List<Rotation> rotations = rotations(models.subList(1, models.size()));

      long rows = inputs.table().rows();
      Rows pilotRows = Rows.spread(rows, Math.clamp(rows / PILOT_SHARE, 1, PILOT_ROWS));
      long context = inputs.table().context();
      Pilot pilot =
          phases.time(
              "pilot", pilotRows.count() * context, () -> stream.pilot(pilotRows, progress));
      MomentsSink momentsSink = new MomentsSink(kernels, arena, pilot, stream.neurons());
      CorrelationSink sink = new CorrelationSink(kernels, arena, models, !rotations.isEmpty());
      phases.time(
          "activations",
          rows * context,
          () ->
              stream.run(
                  "activations", Rows.all(rows), pilot, List.of(momentsSink, sink), progress));

      Moments moments = momentsSink.moments();
      CorrelationSummary summary =
          phases.time(
              "correlations",
              0,
              () -> CorrelationSummary.of(kernels, sink, moments, models, options.top(), progress));
      RotationBaseline baseline = new RotationBaseline(kernels, sink, moments, models);
      List<double[][]> draws = new ArrayList<>();
      for (Rotation rotation : rotations) {
        draws.add(phases.time("baseline", 0, () -> baseline.best(rotation, progress)));
      }
      Universality universality = Universality.of(summary.pairs(), draws);
      CloseUp closeUp =
          options.closeUp()
              ? phases.time("close-up", 0, () -> closeUp(inputs, text, universality))
              : null;
      return new StudyResult(
          options,
          StudyFacts.of(kernels, inputs, pilotRows.count() * context, phases),
          NeuronMoments.of(moments, models.getFirst()),
          NeuronMoments.constants(moments, models),
          summary,
          universality,
          closeUp,
          inputs.tokenizer());
    }
  }

  private List<Rotation> rotations(List<ModelNeurons> others) {
    Baseline baseline = options.baseline();
    if (baseline.kind() == Baseline.Kind.NONE) {
      return List.of();
    }
    if (baseline.rotation() != null) {
      return List.of(Rotation.read(baseline.rotation(), others));
    }
    return IntStream.range(0, baseline.draws())
        .mapToObj(draw -> Rotation.random(options.seed(), draw))
        .toList();
  }

  private CloseUp closeUp(
      StudyInputs inputs, ActivationStream.Text text, Universality universality) {
    List<Integer> chosen = universality.ranking().stream().limit(CHOSEN).toList();
    return CloseUp.of(kernels, inputs.models().getFirst(), text, chosen, options.seed(), progress);
  }
}
