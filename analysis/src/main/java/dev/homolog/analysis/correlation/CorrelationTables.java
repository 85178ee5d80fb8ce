package dev.homolog.analysis.correlation;

import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/** Correlations as tables of a run folder. */
final class CorrelationTables {
  /** Rows of a part of the table of matches. */
  private static final int PART = 1 << 18;

  private CorrelationTables() {}

  /** Columns of the table of neurons. */
  static void addColumns(Table.Builder table, Correlations correlations, double threshold) {
    List<Universality.Neuron> neurons = correlations.universality().neurons();
    CorrelationColumns.BEST.addTo(table, neurons);
    CorrelationColumns.DEVIATION.addTo(table, neurons);
    CorrelationColumns.excess(threshold).addTo(table, neurons);
    CorrelationColumns.MOMENTS.addTo(table, correlations.summary().rows());
  }

  /** One end of the matches of one pair in one direction. */
  private record End(int other, int direction, Tails tails, int dMlp, int otherDMlp, int sign) {}

  /** The table of matches in parts, since it can have many millions of rows. */
  static Iterator<Table> matches(List<PairMatches> pairs) {
    String[] names = pairs.stream().map(pair -> pair.other().name()).toArray(String[]::new);
    List<End> ends = new ArrayList<>();
    for (int other = 0; other < pairs.size(); other++) {
      PairMatches pair = pairs.get(other);
      int dMlp = pair.one().dMlp();
      int otherDMlp = pair.other().dMlp();
      ends.add(new End(other, 0, pair.highest(), dMlp, otherDMlp, 1));
      ends.add(new End(other, 0, pair.lowest(), dMlp, otherDMlp, -1));
      ends.add(new End(other, 1, pair.highestBack(), otherDMlp, dMlp, 1));
      ends.add(new End(other, 1, pair.lowestBack(), otherDMlp, dMlp, -1));
    }
    return ends.stream()
        .flatMap(end -> {
          int step = Math.max(1, PART / end.tails.k());
          return IntStream.range(0, Math.ceilDiv(end.tails.rows(), step))
              .mapToObj(part -> part(end, names, part * step, step));
        })
        .iterator();
  }

  /** Where a neuron has fewer matches than ranks, the match is −1, −1 with correlation NaN. */
  private static Table part(End end, String[] names, int from, int most) {
    Tails tails = end.tails;
    int neurons = Math.min(most, tails.rows() - from);
    int rows = neurons * tails.k();
    int[][] c = new int[7][rows];
    double[] correlation = new double[rows];
    for (int row = 0; row < rows; row++) {
      int i = from + row / tails.k();
      int place = row % tails.k();
      int match = tails.match(i, place);
      c[0][row] = i / end.dMlp;
      c[1][row] = i % end.dMlp;
      c[2][row] = end.other;
      c[3][row] = end.direction;
      c[4][row] = end.sign * (place + 1);
      c[5][row] = match < 0 ? -1 : match / end.otherDMlp;
      c[6][row] = match < 0 ? -1 : match % end.otherDMlp;
      correlation[row] = tails.value(i, place);
    }
    return CorrelationColumns.MATCHES
        .builder()
        .ints("layer", c[0])
        .ints("neuron", c[1])
        .texts("other", c[2], names)
        .texts("direction", c[3], new String[] {"out", "back"})
        .ints("rank", c[4])
        .ints("other_layer", c[5])
        .ints("other_neuron", c[6])
        .doubles("correlation", correlation)
        .build();
  }

  /** A row a bin of all correlations with one other model. */
  static Table histograms(List<PairMatches> pairs) {
    Table.Builder table = CorrelationColumns.HISTOGRAMS.builder();
    var kind = table.texts("what");
    var other = table.texts("other");
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    for (PairMatches pair : pairs) {
      long[] bins = pair.histogram();
      for (int bin = 0; bin < bins.length; bin++) {
        kind.add("correlation");
        other.add(pair.other().name());
        low.add(-1 + 2.0 * bin / bins.length);
        high.add(-1 + 2.0 * (bin + 1) / bins.length);
        count.add(bins[bin]);
      }
    }
    return table.build();
  }

  /** A row a share of the text. */
  static Table convergence(Convergence convergence) {
    Table.Builder table = CorrelationColumns.CONVERGENCE.builder();
    var share = table.doubles("share");
    var tokens = table.longs("tokens");
    var neurons = table.ints("neurons");
    var median = table.doubles("change_q50");
    var ninetieth = table.doubles("change_q90");
    var ninetyNinth = table.doubles("change_q99");
    var greatest = table.doubles("change_max");
    var universal = table.ints("universal");
    for (Convergence.Point point : convergence.points()) {
      share.add(point.share());
      tokens.add(point.tokens());
      neurons.add(convergence.neurons());
      median.add(point.median());
      ninetieth.add(point.ninetieth());
      ninetyNinth.add(point.ninetyNinth());
      greatest.add(point.greatest());
      universal.add(point.universal());
    }
    return table.build();
  }

  /** A row a neuron of the reference, over one subset of the text. */
  static Table ofSubset(SubsetCorrelations.OfSubset subset, int dMlp, double threshold) {
    List<Universality.Neuron> neurons = subset.universality().neurons();
    long[] tokens = new long[neurons.size()];
    Arrays.fill(tokens, subset.tokens());
    Table.Builder table =
        NeuronColumns.all(CorrelationColumns.SUBSET_CORRELATIONS.builder(), neurons.size(), dMlp)
            .texts("subset", new int[neurons.size()], new String[] {subset.name()})
            .longs("tokens", tokens);
    CorrelationColumns.BEST.addTo(table, neurons);
    CorrelationColumns.excess(threshold).addTo(table, neurons);
    return table.build();
  }

  /** A row an other model. */
  static Table byOther(List<Correlations.OfOther> models, boolean judged) {
    Table.Builder table = CorrelationColumns.BY_OTHER.builder();
    var other = table.texts("other");
    var step = table.longs("step");
    var neurons = table.ints("neurons");
    var universal = table.ints("universal");
    var mean = table.doubles("mean_corr");
    var median = table.doubles("median_corr");
    var baseline = table.doubles("mean_baseline");
    var homologs = table.ints("homologs");
    for (Correlations.OfOther model : models) {
      other.add(model.other());
      step.add(model.step().orElse(-1));
      neurons.add(model.neurons());
      universal.add(judged ? model.universal() : -1);
      mean.add(model.mean());
      median.add(model.median());
      baseline.add(model.meanBaseline());
      homologs.add(model.homologs());
    }
    return table.build();
  }

  /** A row a neuron that every other model but one has. */
  static Table allButOne(Correlations correlations) {
    List<PairMatches> pairs = correlations.summary().pairs();
    Table.Builder table = CorrelationColumns.ALL_BUT_ONE.builder();
    NeuronColumns neuron = NeuronColumns.in(table);
    var missing = table.texts("missing");
    var excessThere = table.doubles("excess_there");
    var elsewhere = table.doubles("least_excess_elsewhere");
    for (Correlations.AllButOne row : correlations.allButOne()) {
      neuron.add(row.neuron());
      missing.add(pairs.get(row.missing()).other().name());
      excessThere.add(row.excessThere());
      elsewhere.add(row.leastElsewhere());
    }
    return table.build();
  }
}
