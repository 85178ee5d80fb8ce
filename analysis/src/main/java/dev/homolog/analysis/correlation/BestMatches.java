package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Function;

/** The greatest similarity of some reference neurons with those of each other model. */
final class BestMatches {
  private BestMatches() {}

  /**
   * From the sums of a stream.
   *
   * @param strip of the reference, whose neurons the sums are of
   * @param chunks parts of the strip
   * @return [other][neuron of the chunks, in order]; NaN for a neuron without similarities
   */
  public static double[][] of(
      CorrelationSink sink, Measure measure, Strip strip, List<Strip> chunks) {
    return of(measure, sink.models(), other -> sink.cross(strip, other), strip, chunks);
  }

  /** As above, with the permuted tokens of one draw. */
  public static double[][] of(
      PermutedSink sink,
      int draw,
      Measure measure,
      List<ModelNeurons> models,
      Strip strip,
      List<Strip> chunks) {
    return of(measure, models, other -> sink.cross(draw, other), strip, chunks);
  }

  private static double[][] of(
      Measure measure,
      List<ModelNeurons> models,
      Function<ModelNeurons, Tensor> cross,
      Strip strip,
      List<Strip> chunks) {
    double[][] best = new double[models.size() - 1][];
    for (int other = 0; other < best.length; other++) {
      ModelNeurons b = models.get(other + 1);
      Tensor crossSums = cross.apply(b);
      best[other] = new double[rows(chunks)];
      int rowsDone = 0;
      try (Arena arena = Arena.ofShared()) {
        Kernels.Columns otherColumns =
            measure.columns(arena, b, 0, b.count(), Measure.Undefined.NAN);
        for (Strip chunk : chunks) {
          Kernels.Columns chunkColumns =
              measure.columns(
                  arena, models.getFirst(), chunk.from(), chunk.to(), Measure.Undefined.NAN);
          Tails greatest = new Tails(chunk.rows(), 1);
          CorrelationSummary.forBlocks(
              measure,
              crossSums.rows(chunk.from() - strip.from(), chunk.to() - strip.from()),
              chunkColumns,
              otherColumns,
              (r, i) -> greatest.add(measure.kernels(), r, i, 0, true));
          for (int i = 0; i < chunk.rows(); i++) {
            best[other][rowsDone++] = greatest.value(i, 0);
          }
        }
      }
    }
    return best;
  }

  static int rows(List<Strip> chunks) {
    return chunks.stream().mapToInt(Strip::rows).sum();
  }
}
