package dev.homolog.analysis.statistics;

import dev.homolog.analysis.statistics.StudyStatistics.OfChosen;
import dev.homolog.analysis.table.ActivityColumns;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import java.util.List;
import java.util.function.IntFunction;

/** The statistics of the chosen neurons as tables of a run folder. */
final class StatisticsTables {
  private final StudyStatistics statistics;
  private final List<String> subsets;

  /**
   * @param subsets names of the text's subsets
   */
  StatisticsTables(StudyStatistics statistics, List<String> subsets) {
    this.statistics = statistics;
    this.subsets = subsets;
  }

  /** A row a neuron and position. */
  Table positions() {
    Table.Builder table = StatisticsColumns.POSITIONS.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var position = table.ints("position");
    ActivityColumns activity = ActivityColumns.in(table);
    for (OfChosen neuronStatistics : statistics.chosen()) {
      for (int p = 0; p < neuronStatistics.positions().size(); p++) {
        Statistics.Summary summary = neuronStatistics.positions().get(p);
        neuron.add(neuronStatistics.neuron());
        position.add(p);
        activity.add(summary.mean(), summary.max(), summary.count());
      }
    }
    return table.build();
  }

  /** A row a neuron and subset that has text; documents without a subset are under no name. */
  Table subsets() {
    Table.Builder table = StatisticsColumns.SUBSETS.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var subset = table.texts("subset");
    ActivityColumns activity = ActivityColumns.in(table);
    IntFunction<String> name = s -> s < subsets.size() ? subsets.get(s) : "";
    for (OfChosen neuronStatistics : statistics.chosen()) {
      for (int s = 0; s < neuronStatistics.subsets().size(); s++) {
        Statistics.Summary summary = neuronStatistics.subsets().get(s);
        if (summary.count() > 0) {
          neuron.add(neuronStatistics.neuron());
          subset.add(name.apply(s));
          activity.add(summary.mean(), summary.max(), summary.count());
        }
      }
    }
    return table.build();
  }

  /** A row a neuron and bin that is not empty; the outer bins reach to infinity. */
  Table histograms() {
    Table.Builder table = StatisticsColumns.HISTOGRAMS.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    for (OfChosen neuronStatistics : statistics.chosen()) {
      for (int bin = 0; bin < neuronStatistics.histogram().size(); bin++) {
        if (neuronStatistics.histogram().get(bin) > 0) {
          neuron.add(neuronStatistics.neuron());
          low.add(edge(bin - 1));
          high.add(edge(bin));
          count.add(neuronStatistics.histogram().get(bin));
        }
      }
    }
    return table.build();
  }

  /** Edge 0 to BINS of the histogram; beyond them, infinity. */
  private static double edge(int i) {
    if (i < 0) {
      return Double.NEGATIVE_INFINITY;
    }
    double width = StatisticsSink.HIGH - StatisticsSink.LOW;
    return i > StatisticsSink.BINS
        ? Double.POSITIVE_INFINITY
        : StatisticsSink.LOW + i * width / StatisticsSink.BINS;
  }
}
