package dev.homolog.analysis.statistics;

import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.Brief;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Moments of a neuron's MLP_POST over kept tokens (ddof 0, kurtosis 3 for a Gaussian); skew and
 * kurtosis NaN if constant.
 */
public record NeuronMoments(double mean, double variance, double skew, double kurtosis) {

  /** Numbers of a neuron. */
  private static final int COLUMNS = 4;

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

    void save(StateWriter state) {
      double[][] columns = new double[COLUMNS][neurons.size()];
      for (int i = 0; i < neurons.size(); i++) {
        NeuronMoments neuron = neurons.get(i);
        columns[0][i] = neuron.mean;
        columns[1][i] = neuron.variance;
        columns[2][i] = neuron.skew;
        columns[3][i] = neuron.kurtosis;
      }
      state.put("moments", columns);
      state.put("constants", constants.stream().mapToInt(Integer::intValue).toArray());
    }

    static OfStudy restored(StateReader state, int neuronCount, int models) {
      double[][] columns = new double[COLUMNS][neuronCount];
      state.read("moments", columns);
      int[] constants = new int[models];
      state.read("constants", constants);
      List<NeuronMoments> neurons = new ArrayList<>();
      for (int i = 0; i < neuronCount; i++) {
        neurons.add(new NeuronMoments(columns[0][i], columns[1][i], columns[2][i], columns[3][i]));
      }
      return new OfStudy(List.copyOf(neurons), Arrays.stream(constants).boxed().toList());
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
