package dev.homolog.analysis.statistics;

import dev.homolog.analysis.statistics.Statistics.Summary;
import dev.homolog.core.Brief;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the reference's neurons behave on the text.
 *
 * @param neurons by flat id
 * @param chosen what is kept of the chosen neurons only, in the order chosen
 */
public record StudyStatistics(List<OfNeuron> neurons, List<OfChosen> chosen) {

  /**
   * Population moments of MLP_PRE over all positions. Kurtosis is 3 for a Gaussian; skew and
   * kurtosis are NaN if MLP_PRE is constant. Sparsity is the share of positions where MLP_PRE is
   * above 0. The information is the mutual information, in nats, of that with the position.
   */
  public record OfNeuron(
      double mean,
      double variance,
      double skew,
      double kurtosis,
      double sparsity,
      double positionInformation) {}

  /**
   * More of a neuron.
   *
   * @param histogram positions by bin of MLP_PRE, the first and the last open
   * @param positions MLP_POST by position in the row
   * @param subsets MLP_POST by subset, and last in documents that have none
   */
  public record OfChosen(
      NeuronId neuron, List<Long> histogram, List<Summary> positions, List<Summary> subsets) {
    @Override
    public String toString() {
      return Brief.of("OfChosen")
          .with("neuron", neuron)
          .with("histogram", histogram)
          .with("positions", positions)
          .with("subsets", subsets)
          .toString();
    }
  }

  /**
   * Takes what is kept out of the sums.
   *
   * @param preactivations moments of MLP_PRE
   * @param context tokens a row
   * @param subsets number of subsets
   * @param chosen flat ids
   */
  public static StudyStatistics of(
      Statistics statistics,
      Moments preactivations,
      ModelNeurons reference,
      int context,
      int subsets,
      List<Integer> chosen) {
    List<OfNeuron> neurons = new ArrayList<>();
    for (int n = 0; n < reference.count(); n++) {
      neurons.add(
          new OfNeuron(
              preactivations.mean(n),
              preactivations.variance(n),
              preactivations.skew(n),
              preactivations.kurtosis(n),
              statistics.sparsity(n),
              statistics.positionInformation(n)));
    }
    List<OfChosen> chosenStatistics = new ArrayList<>();
    for (int n : chosen) {
      chosenStatistics.add(
          new OfChosen(
              NeuronId.of(n, reference.dMlp()),
              statistics.histogram(n),
              IntStream.range(0, context).mapToObj(p -> statistics.atPosition(n, p)).toList(),
              IntStream.rangeClosed(0, subsets).mapToObj(s -> statistics.inSubset(n, s)).toList()));
    }
    return new StudyStatistics(List.copyOf(neurons), List.copyOf(chosenStatistics));
  }

  @Override
  public String toString() {
    return Brief.of("StudyStatistics").with("neurons", neurons).with("chosen", chosen).toString();
  }
}
