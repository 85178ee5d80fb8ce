package dev.homolog.analysis.correlation;

import dev.homolog.core.model.NeuronId;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How universal each neuron of the reference is (Gurnee et al. 2024, section 4.1). {@code
 * max_corr}, {@code mean_corr} and {@code min_corr} are maximum, mean and minimum over the other
 * models of its greatest correlation. The baseline has the same three. {@code excess_corr} is
 * {@code mean_corr} minus the baseline's mean. A neuron whose excess is above the threshold is
 * universal.
 */
public final class Universality {
  private final List<Neuron> neurons;
  private final int dMlp;

  private Universality(List<Neuron> neurons, int dMlp) {
    this.neurons = neurons;
    this.dMlp = dMlp;
  }

  /**
   * One reference neuron. A constant neuron has NaN throughout and is never universal.
   *
   * @param baselineDeviation deviation of mean_baseline over the draws of the baseline (ddof 1);
   *     NaN with fewer than two
   */
  public record Neuron(
      double maxCorr,
      double meanCorr,
      double minCorr,
      double maxBaseline,
      double meanBaseline,
      double minBaseline,
      double baselineDeviation,
      double excessCorr) {

    /** Whether the excess is above the threshold; false for NaN. */
    public boolean universal(double threshold) {
      return excessCorr > threshold;
    }
  }

  /** As below, of a reference of one layer. */
  public static Universality of(double[][] correlations, List<double[][]> draws) {
    return of(correlations, draws, correlations[0].length);
  }

  /**
   * @param correlations greatest correlation by other model and reference neuron
   * @param draws the same of the baseline, by draw; empty without a baseline, and then the excess
   *     is NaN
   * @param dMlp neurons a layer of the reference
   */
  public static Universality of(double[][] correlations, List<double[][]> draws, int dMlp) {
    int n = correlations[0].length;
    Neuron[] neurons = new Neuron[n];
    double[] best = new double[correlations.length];
    for (int i = 0; i < n; i++) {
      for (int other = 0; other < best.length; other++) {
        best[other] = correlations[other][i];
      }
      Spread corr = Spread.of(best);
      double[] max = new double[draws.size()];
      double[] mean = new double[draws.size()];
      double[] min = new double[draws.size()];
      for (int draw = 0; draw < draws.size(); draw++) {
        for (int other = 0; other < best.length; other++) {
          best[other] = draws.get(draw)[other][i];
        }
        Spread baseline = Spread.of(best);
        max[draw] = baseline.max;
        mean[draw] = baseline.mean;
        min[draw] = baseline.min;
      }
      double meanBaseline = Spread.of(mean).mean;
      neurons[i] =
          new Neuron(
              corr.max,
              corr.mean,
              corr.min,
              Spread.of(max).mean,
              meanBaseline,
              Spread.of(min).mean,
              deviation(mean, meanBaseline),
              corr.mean - meanBaseline);
    }
    return new Universality(List.of(neurons), dMlp);
  }

  /** By flat id. */
  public List<Neuron> neurons() {
    return neurons;
  }

  /** How many have an excess above the threshold. */
  public int count(double threshold) {
    return (int) neurons.stream().filter(neuron -> neuron.universal(threshold)).count();
  }

  /** One neuron. */
  public Neuron neuron(NeuronId id) {
    return neurons.get(id.flat(dMlp));
  }

  /**
   * All neurons that have a correlation, the best first: by excess, or by mean correlation where
   * there is no baseline; ties by id.
   */
  public List<NeuronId> ranking() {
    boolean excess = neurons.stream().anyMatch(neuron -> !Double.isNaN(neuron.excessCorr));
    ToDoubleFunction<Neuron> score = excess ? Neuron::excessCorr : Neuron::meanCorr;
    return IntStream.range(0, neurons.size())
        .boxed()
        .filter(i -> !Double.isNaN(score.applyAsDouble(neurons.get(i))))
        .sorted(Comparator.comparingDouble(i -> -score.applyAsDouble(neurons.get(i))))
        .map(i -> NeuronId.of(i, dMlp))
        .toList();
  }

  private record Spread(double max, double mean, double min) {
    /**
     * Maximum and minimum skip NaN. The mean does not, since a mean over fewer models is not
     * comparable.
     */
    static Spread of(double[] values) {
      double max = Double.NaN;
      double min = Double.NaN;
      double sum = 0;
      for (double value : values) {
        max = value > max || Double.isNaN(max) ? value : max;
        min = value < min || Double.isNaN(min) ? value : min;
        sum += value;
      }
      return new Spread(max, values.length == 0 ? Double.NaN : sum / values.length, min);
    }
  }

  private static double deviation(double[] values, double mean) {
    double sum = 0;
    for (double value : values) {
      sum += (value - mean) * (value - mean);
    }
    return values.length < 2 ? Double.NaN : Math.sqrt(sum / (values.length - 1));
  }
}
