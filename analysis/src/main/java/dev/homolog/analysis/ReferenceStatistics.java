package dev.homolog.analysis;

import dev.homolog.analysis.statistics.StatisticsSink;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import java.lang.foreign.Arena;
import java.util.List;

/** What the first pass of a study measures of the reference alone. */
final class ReferenceStatistics {
  private final ModelNeurons reference;
  private final int context;
  private final int subsets;
  private final MomentsSink preactivations;
  private final StatisticsSink statistics;

  ReferenceStatistics(
      Kernels kernels,
      Arena arena,
      ActivationStream stream,
      ActivationStream.Text text,
      Pilot preactivations) {
    this.reference = stream.models().getFirst();
    this.context = text.table().context();
    this.subsets = text.table().subsets().size();
    this.preactivations =
        MomentsSink.ofPreactivations(
            kernels, arena, preactivations, reference.count(), text.tokens());
    this.statistics =
        new StatisticsSink(kernels, arena, reference, context, subsets, text.tokens());
  }

  List<ActivationSink> sinks() {
    return List.of(preactivations, statistics);
  }

  StudyStatistics found(List<Integer> chosen) {
    return StudyStatistics.of(
        statistics.statistics(), preactivations.moments(), reference, context, subsets, chosen);
  }
}
