package dev.homolog.analysis.statistics;

import dev.homolog.core.Brief;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import java.util.ArrayList;
import java.util.List;

/**
 * Moments of a neuron's MLP_POST over kept tokens (ddof 0, kurtosis 3 for a Gaussian); skew and
 * kurtosis NaN if constant.
 */
public record NeuronMoments(double mean, double variance, double skew, double kurtosis) {

  /**
   * Of a whole study.
   *
   * @param neurons of the reference, by flat id
   * @param constants how many neurons of each model are constant, and so have no correlation
   */
  public record OfStudy(List<NeuronMoments> neurons, List<Integer> constants) {
    static OfStudy of(Moments moments, List<ModelNeurons> models) {
      List<NeuronMoments> neurons = new ArrayList<>();
      ModelNeurons reference = models.getFirst();
      for (int j = 0; j < reference.count(); j++) {
        int column = Math.toIntExact(reference.offset() + j);
        neurons.add(
            new NeuronMoments(
                moments.mean(column),
                moments.variance(column),
                moments.skew(column),
                moments.kurtosis(column)));
      }
      List<Integer> constants =
          models.stream().map(model -> constantNeurons(moments, model)).toList();
      return new OfStudy(List.copyOf(neurons), constants);
    }

    @Override
    public String toString() {
      return Brief.of("OfStudy").with("neurons", neurons).with("constants", constants).toString();
    }
  }

  private static int constantNeurons(Moments moments, ModelNeurons model) {
    int constant = 0;
    for (int j = 0; j < model.count(); j++) {
      if (!(moments.standardizedDeviation(Math.toIntExact(model.offset() + j)) > 0)) {
        constant++;
      }
    }
    return constant;
  }
}
