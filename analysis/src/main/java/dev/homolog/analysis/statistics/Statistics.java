package dev.homolog.analysis.statistics;

import dev.homolog.core.memory.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * What {@link StatisticsSink} saw of the reference's neurons. Neurons are flat ids; valid as long
 * as the sink's arena.
 */
public final class Statistics {
  private final int context;
  private final int subsets;
  private final Tensor histogram;
  private final Tensor firing;
  private final Tensor positionSums;
  private final Tensor positionMaxima;
  private final Tensor subsetSums;
  private final Tensor subsetMaxima;
  private final Tensor counts;

  Statistics(int context, int subsets, Map<String, Tensor> state) {
    this.context = context;
    this.subsets = subsets;
    this.histogram = state.get(StatisticsSink.HISTOGRAM);
    this.firing = state.get(StatisticsSink.FIRING);
    this.positionSums = state.get(StatisticsSink.POSITION_SUMS);
    this.positionMaxima = state.get(StatisticsSink.POSITION_MAXIMA);
    this.subsetSums = state.get(StatisticsSink.SUBSET_SUMS);
    this.subsetMaxima = state.get(StatisticsSink.SUBSET_MAXIMA);
    this.counts = state.get(StatisticsSink.COUNTS);
  }

  /** Mean and maximum MLP_POST over {@code count} positions; NaN over none. */
  public record Summary(double mean, double max, long count) {
    static Summary of(double sum, double max, long count) {
      return count == 0
          ? new Summary(Double.NaN, Double.NaN, 0)
          : new Summary(sum / count, max, count);
    }
  }

  /** Rows seen: each has one token at every position. */
  public long rows() {
    return (long) counts.get(0, subsets + 1L);
  }

  /** Share of all positions at which MLP_PRE is above 0. */
  public double sparsity(int neuron) {
    double fired = 0;
    for (int position = 0; position < context; position++) {
      fired += firing.get(position, neuron);
    }
    return fired / (rows() * (double) context);
  }

  /**
   * Mutual information, in nats, of whether the neuron fires (MLP_PRE &gt; 0) and the position in
   * the row. From their frequencies it is H(fires) − mean over positions of H(fires at that
   * position). Of an unrelated neuron it is about (context − 1) / (2 · positions read), not 0.
   */
  public double positionInformation(int neuron) {
    double within = 0;
    for (int position = 0; position < context; position++) {
      within += entropy(firing.get(position, neuron) / rows());
    }
    return Math.max(0, entropy(sparsity(neuron)) - within / context);
  }

  private static double entropy(double share) {
    return share <= 0 || share >= 1
        ? 0
        : -share * Math.log(share) - (1 - share) * Math.log1p(-share);
  }

  /** Positions with MLP_PRE in each bin: below LOW, BINS bins of equal width, from HIGH on. */
  public List<Long> histogram(int neuron) {
    return LongStream.range(0, histogram.cols())
        .mapToObj(bin -> (long) histogram.get(neuron, bin))
        .toList();
  }

  /** MLP_POST at a position of the row, 0 that of BOS. */
  public Summary atPosition(int neuron, int position) {
    return Summary.of(
        positionSums.get(position, neuron), positionMaxima.get(position, neuron), rows());
  }

  /** MLP_POST in documents of a subset; of no subset where it is their number. */
  public Summary inSubset(int neuron, int subset) {
    return Summary.of(
        subsetSums.get(subset, neuron),
        subsetMaxima.get(subset, neuron),
        (long) counts.get(0, subset));
  }
}
