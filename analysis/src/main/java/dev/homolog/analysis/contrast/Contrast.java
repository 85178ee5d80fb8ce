package dev.homolog.analysis.contrast;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * How a statistic of universal neurons differs from that of the other neurons of the same layer
 * (Gurnee et al. 2024, section 4.2, figure 4). A neuron's percentile is the share of its layer's
 * neurons with a lower value, plus half of those with an equal one. Neurons whose statistic is NaN
 * are left out. Numbers that need what is not there are NaN.
 *
 * @param universal neurons that are universal
 * @param others neurons that are not, of layers that have universal ones
 * @param universalMean mean of the universal
 * @param otherMean mean of the others, a layer counting as often as it has universal neurons
 * @param lower quartile of the percentiles of the universal; so {@code median} and {@code upper}
 * @param effect Cohen's d: the mean difference within layers, over the deviation within layers and
 *     groups
 * @param chance that a universal neuron has more than another of its layer, ties counting half
 * @param p of the rank sum test stratified by layer (van Elteren 1960, with weight 1 a layer), two
 *     sides, from its normal approximation
 */
record Contrast(
    int universal,
    int others,
    double universalMean,
    double otherMean,
    double lower,
    double median,
    double upper,
    double effect,
    double chance,
    double p) {

  /** One layer's values with their ranks: mid-ranks from 1 on. */
  private record Layer(
      double[] values, boolean[] universal, double[] ranks, double tieTerm, int count) {
    int others() {
      return values.length - count;
    }
  }

  /**
   * Compares.
   *
   * @param values by neuron
   * @param layers of each neuron
   * @param universal whether it is
   */
  public static Contrast of(double[] values, int[] layers, boolean[] universal) {
    TreeMap<Integer, List<Integer>> byLayer = new TreeMap<>();
    for (int i = 0; i < values.length; i++) {
      if (!Double.isNaN(values[i])) {
        byLayer.computeIfAbsent(layers[i], _ -> new ArrayList<>()).add(i);
      }
    }
    List<Layer> compared =
        byLayer.values().stream()
            .map(neurons -> layer(neurons, values, universal))
            .filter(layer -> layer.count > 0 && layer.others() > 0)
            .toList();
    return of(compared);
  }

  private static Layer layer(List<Integer> neurons, double[] values, boolean[] universal) {
    int n = neurons.size();
    double[] layerValues = neurons.stream().mapToDouble(i -> values[i]).toArray();
    boolean[] chosen = new boolean[n];
    int count = 0;
    for (int i = 0; i < n; i++) {
      chosen[i] = universal[neurons.get(i)];
      count += chosen[i] ? 1 : 0;
    }
    Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingDouble(i -> layerValues[i]));
    double[] ranks = new double[n];
    double ties = 0;
    for (int from = 0, to; from < n; from = to) {
      to = from + 1;
      // Not compareTo: 0 and −0 are a tie.
      while (to < n && layerValues[order[to]] == layerValues[order[from]]) {
        to++;
      }
      double same = to - from;
      ties += same * (same * same - 1);
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + 1 + to) / 2.0;
      }
    }
    return new Layer(layerValues, chosen, ranks, ties, count);
  }

  private static Contrast of(List<Layer> layers) {
    int count = 0;
    int others = 0;
    double sum = 0;
    double otherSum = 0;
    double weights = 0;
    double difference = 0;
    double squares = 0;
    double degrees = 0;
    double wins = 0;
    double contests = 0;
    double rankSum = 0;
    double rankVariance = 0;
    List<Double> percentiles = new ArrayList<>();
    for (Layer layer : layers) {
      int n = layer.values.length;
      double n1 = layer.count;
      double n0 = layer.others();
      double mean1 = mean(layer, true);
      double mean0 = mean(layer, false);
      double ranks = 0;
      for (int i = 0; i < n; i++) {
        double centre = layer.universal[i] ? mean1 : mean0;
        squares += (layer.values[i] - centre) * (layer.values[i] - centre);
        if (layer.universal[i]) {
          ranks += layer.ranks[i];
          percentiles.add((layer.ranks[i] - 0.5) / n);
        }
      }
      count += layer.count;
      others += layer.others();
      sum += n1 * mean1;
      otherSum += n1 * mean0;
      double weight = n1 * n0 / n;
      weights += weight;
      difference += weight * (mean1 - mean0);
      degrees += n - 2;
      wins += ranks - n1 * (n1 + 1) / 2;
      contests += n1 * n0;
      rankSum += ranks - n1 * (n + 1) / 2;
      rankVariance += n1 * n0 / 12 * (n + 1 - layer.tieTerm / ((double) n * (n - 1)));
    }
    percentiles.sort(Comparator.naturalOrder());
    double z = rankSum / Math.sqrt(rankVariance);
    return new Contrast(
        count,
        others,
        sum / count,
        otherSum / count,
        quantile(percentiles, 0.25),
        quantile(percentiles, 0.5),
        quantile(percentiles, 0.75),
        difference / weights / Math.sqrt(squares / degrees),
        wins / contests,
        Double.isNaN(z)
            ? Double.NaN
            : 2 * NormalDistribution.of(0, 1).survivalProbability(Math.abs(z)));
  }

  private static double mean(Layer layer, boolean universal) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < layer.values.length; i++) {
      if (layer.universal[i] == universal) {
        sum += layer.values[i];
        count++;
      }
    }
    return sum / count;
  }

  /** Between order statistics in a straight line, as numpy does it. */
  private static double quantile(List<Double> sorted, double share) {
    if (sorted.isEmpty()) {
      return Double.NaN;
    }
    double place = share * (sorted.size() - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.size() - 1);
    return sorted.get(below) + (place - below) * (sorted.get(above) - sorted.get(below));
  }
}
