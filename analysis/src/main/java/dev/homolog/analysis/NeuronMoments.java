package dev.homolog.analysis;

import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import java.util.ArrayList;
import java.util.List;

/**
 * Moments of a neuron's MLP_POST over kept tokens (ddof 0, kurtosis 3 for a Gaussian); skew and
 * kurtosis NaN if constant.
 */
public record NeuronMoments(double mean, double variance, double skew, double kurtosis) {

  /** By flat id. */
  static List<NeuronMoments> of(Moments moments, ModelNeurons model) {
    List<NeuronMoments> neurons = new ArrayList<>();
    for (int j = 0; j < model.count(); j++) {
      int at = Math.toIntExact(model.offset() + j);
      neurons.add(
          new NeuronMoments(
              moments.mean(at), moments.variance(at), moments.skew(at), moments.kurtosis(at)));
    }
    return List.copyOf(neurons);
  }

  /** How many neurons of each model have no correlation. */
  static List<Integer> constants(Moments moments, List<ModelNeurons> models) {
    List<Integer> counts = new ArrayList<>();
    for (ModelNeurons model : models) {
      int constant = 0;
      for (int j = 0; j < model.count(); j++) {
        if (!(moments.standardizedVariance(Math.toIntExact(model.offset() + j)) > 0)) {
          constant++;
        }
      }
      counts.add(constant);
    }
    return List.copyOf(counts);
  }
}
