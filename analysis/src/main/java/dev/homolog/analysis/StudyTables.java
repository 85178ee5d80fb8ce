package dev.homolog.analysis;

import dev.homolog.analysis.contrast.ContrastTables;
import dev.homolog.analysis.correlation.Convergence;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.weights.WeightColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** A result as the tables of a run folder. */
final class StudyTables {
  private final StudyResult result;

  private StudyTables(StudyResult result) {
    this.result = result;
  }

  static void write(StudyResult result, RunFolder folder, Invocation invocation) {
    TableFormat format = invocation.format();
    StudyTables tables = new StudyTables(result);
    Table neurons = tables.neurons();
    folder.write(neurons, format);
    if (result.comparisons() != null) {
      tables.writeComparisons(neurons, folder, format);
    }
    if (result.closeUp() != null) {
      folder.write(result.closeUp().examples(), format);
    }
    if (result.statistics() != null && !result.statistics().chosen().isEmpty()) {
      StatisticsTables statistics = new StatisticsTables(result);
      folder.write(statistics.positions(), format);
      folder.write(statistics.subsets(), format);
      folder.write(statistics.histograms(), format);
    }
    if (result.explanations() != null) {
      folder.write(new TokenTables(result).tokens(), format);
      folder.write(new ExplanationTables(result).explanations(), format);
    }
    if (result.weights() != null) {
      result.weights().tables().forEach(table -> folder.write(table.iterator(), format));
    }
    if (result.roles() != null) {
      result.roles().write(folder, format);
    }
    folder.finish(new StudyManifest(result, invocation).json());
  }

  private void writeComparisons(Table neurons, RunFolder folder, TableFormat format) {
    folder.write(matches(), format);
    folder.write(histograms(), format);
    if (result.options().comparison().bySubset()) {
      folder.write(subsetCorrelations(), format);
    }
    if (result.options().extent() == StudyOptions.Extent.EVERYTHING) {
      folder.write(byOther(), format);
      folder.write(homologs(), format);
      folder.write(convergence(), format);
      folder.write(allButOne(), format);
      if (result.options().baseline().kind() != Baseline.Kind.NONE) {
        folder.write(ContrastTables.comparison(neurons), format);
      }
      folder.write(ContrastTables.depths(neurons, result.summary().pairs()), format);
    }
  }

  Table neurons() {
    List<NeuronMoments> post = result.moments();
    Table.Builder table = names("neurons", post.size());
    if (result.statistics() != null) {
      List<StudyStatistics.OfNeuron> of = result.statistics().neurons();
      table
          .doubles("mean", column(of, StudyStatistics.OfNeuron::mean))
          .doubles("var", column(of, StudyStatistics.OfNeuron::variance))
          .doubles("skew", column(of, StudyStatistics.OfNeuron::skew))
          .doubles("kurt", column(of, StudyStatistics.OfNeuron::kurtosis))
          .doubles("sparsity", column(of, StudyStatistics.OfNeuron::sparsity))
          .doubles(
              "position_information", column(of, StudyStatistics.OfNeuron::positionInformation));
    }
    table
        .doubles("post_mean", column(post, NeuronMoments::mean))
        .doubles("post_var", column(post, NeuronMoments::variance))
        .doubles("post_skew", column(post, NeuronMoments::skew))
        .doubles("post_kurt", column(post, NeuronMoments::kurtosis));
    if (result.comparisons() != null) {
      addCorrelations(table);
    }
    if (result.explanations() != null) {
      new ExplanationTables(result).addFamilies(table);
    }
    if (result.weights() != null) {
      WeightColumns.add(table, result.weights().neurons());
    }
    return table.build();
  }

  private void addCorrelations(Table.Builder table) {
    List<Universality.Neuron> neurons = result.universality().neurons();
    List<CorrelationSummary.RowMoments> r = result.summary().rows();
    correlations(table, neurons)
        .doubles("baseline_sd", column(neurons, Universality.Neuron::baselineDeviation));
    excess(table, neurons)
        .doubles("r_mean", column(r, CorrelationSummary.RowMoments::mean))
        .doubles("r_var", column(r, CorrelationSummary.RowMoments::variance))
        .doubles("r_skew", column(r, CorrelationSummary.RowMoments::skew))
        .doubles("r_kurt", column(r, CorrelationSummary.RowMoments::kurtosis));
  }

  /** A table of all reference neurons, which begins with their names. */
  private Table.Builder names(String table, int neurons) {
    int[] layer = new int[neurons];
    int[] neuron = new int[neurons];
    Arrays.setAll(layer, i -> i / result.dMlp());
    Arrays.setAll(neuron, i -> i % result.dMlp());
    return Table.builder(table).ints("layer", layer).ints("neuron", neuron);
  }

  private static Table.Builder correlations(
      Table.Builder table, List<Universality.Neuron> neurons) {
    return table
        .doubles("max_corr", column(neurons, Universality.Neuron::maxCorr))
        .doubles("mean_corr", column(neurons, Universality.Neuron::meanCorr))
        .doubles("min_corr", column(neurons, Universality.Neuron::minCorr))
        .doubles("max_baseline", column(neurons, Universality.Neuron::maxBaseline))
        .doubles("mean_baseline", column(neurons, Universality.Neuron::meanBaseline))
        .doubles("min_baseline", column(neurons, Universality.Neuron::minBaseline));
  }

  private Table.Builder excess(Table.Builder table, List<Universality.Neuron> neurons) {
    double threshold = result.options().comparison().threshold();
    boolean[] universal = new boolean[neurons.size()];
    for (int i = 0; i < universal.length; i++) {
      universal[i] = neurons.get(i).universal(threshold);
    }
    return table
        .doubles("excess_corr", column(neurons, Universality.Neuron::excessCorr))
        .booleans("universal", universal);
  }

  private static <T> double[] column(List<T> rows, ToDoubleFunction<T> value) {
    return rows.stream().mapToDouble(value).toArray();
  }

  /** Rows of a part of the table of matches. */
  private static final int PART = 1 << 18;

  /** One end of the matches of one pair in one direction. */
  private record End(int other, int direction, Tails tails, int dMlp, int otherDMlp, int sign) {}

  /** The table of matches in parts, since it can have many millions of rows. */
  Iterator<Table> matches() {
    List<PairMatches> pairs = result.summary().pairs();
    String[] names = pairs.stream().map(pair -> pair.other().name()).toArray(String[]::new);
    List<End> ends = new ArrayList<>();
    for (int other = 0; other < pairs.size(); other++) {
      PairMatches pair = pairs.get(other);
      int theirs = pair.other().dMlp();
      ends.add(new End(other, 0, pair.highest(), result.dMlp(), theirs, 1));
      ends.add(new End(other, 0, pair.lowest(), result.dMlp(), theirs, -1));
      ends.add(new End(other, 1, pair.highestBack(), theirs, result.dMlp(), 1));
      ends.add(new End(other, 1, pair.lowestBack(), theirs, result.dMlp(), -1));
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
    return Table.builder("matches")
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

  Table homologs() {
    Table.Builder table = Table.builder("homologs");
    var group = table.ints("group");
    var model = table.texts("model");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var mean = table.doubles("mean_correlation");
    var cohesion = table.doubles("cohesion");
    var family = table.texts("family");
    var agreement = table.doubles("agreement");
    List<StudyFacts.ModelFacts> models = result.facts().models();
    int number = 0;
    for (Homologs.Group of : result.comparisons().homologs()) {
      double agrees = agreement(of);
      for (Homologs.Member member : of.members()) {
        StudyFacts.ModelFacts facts = models.get(member.model());
        group.add(number);
        model.add(facts.name());
        layer.add(member.neuron() / facts.dMlp());
        neuron.add(member.neuron() % facts.dMlp());
        mean.add(member.meanCorrelation());
        cohesion.add(of.cohesion());
        family.add(family(member));
        agreement.add(agrees);
      }
      number++;
    }
    return table.build();
  }

  /** The name of a member's family; null where nobody looked. */
  private String family(Homologs.Member member) {
    if (member.model() == 0) {
      return result.explanations().family(member.neuron()).family().toString();
    }
    Explanations.OfFamily of =
        result.closeUp().families().get(member.model() - 1).get(member.neuron());
    return of == null ? null : of.family().toString();
  }

  /** The share of the other members that are of the reference's family. */
  private double agreement(Homologs.Group group) {
    String own = family(group.members().getFirst());
    int known = 0;
    int same = 0;
    for (Homologs.Member member : group.members().subList(1, group.members().size())) {
      String family = family(member);
      known += family == null ? 0 : 1;
      same += own.equals(family) ? 1 : 0;
    }
    return known == 0 ? Double.NaN : (double) same / known;
  }

  Table allButOne() {
    Table.Builder table = Table.builder("all_but_one");
    NeuronColumns neuron = NeuronColumns.of(table, result);
    var missing = table.texts("missing");
    var there = table.doubles("excess_there");
    var elsewhere = table.doubles("least_excess_elsewhere");
    for (StudyComparisons.AllButOne of : result.comparisons().allButOne()) {
      neuron.add(of.neuron());
      missing.add(result.summary().pairs().get(of.missing()).other().name());
      there.add(of.excessThere());
      elsewhere.add(of.leastElsewhere());
    }
    return table.build();
  }

  Table convergence() {
    Table.Builder table = Table.builder("convergence");
    var share = table.doubles("share");
    var tokens = table.longs("tokens");
    var neurons = table.ints("neurons");
    var median = table.doubles("change_q50");
    var ninetieth = table.doubles("change_q90");
    var ninetyNinth = table.doubles("change_q99");
    var greatest = table.doubles("change_max");
    var universal = table.ints("universal");
    for (Convergence.Point point : result.comparisons().convergence().points()) {
      share.add(point.share());
      tokens.add(point.tokens());
      neurons.add(result.comparisons().convergence().neurons());
      median.add(point.median());
      ninetieth.add(point.ninetieth());
      ninetyNinth.add(point.ninetyNinth());
      greatest.add(point.greatest());
      universal.add(point.universal());
    }
    return table.build();
  }

  /** A part for each subset. */
  Iterator<Table> subsetCorrelations() {
    return result.comparisons().bySubset().stream().map(this::subsetPart).iterator();
  }

  private Table subsetPart(StudyComparisons.OfSubset subset) {
    List<Universality.Neuron> neurons = subset.universality().neurons();
    long[] tokens = new long[neurons.size()];
    Arrays.fill(tokens, subset.tokens());
    Table.Builder table =
        names("subset_correlations", neurons.size())
            .texts("subset", new int[neurons.size()], new String[] {subset.name()})
            .longs("tokens", tokens);
    return excess(correlations(table, neurons), neurons).build();
  }

  Table byOther() {
    Table.Builder table = Table.builder("by_other");
    var other = table.texts("other");
    var step = table.longs("step");
    var neurons = table.ints("neurons");
    var universal = table.ints("universal");
    var mean = table.doubles("mean_corr");
    var median = table.doubles("median_corr");
    var baseline = table.doubles("mean_baseline");
    var homologs = table.ints("homologs");
    boolean judged = result.options().baseline().kind() != Baseline.Kind.NONE;
    for (StudyComparisons.OfOther of : result.comparisons().byOther()) {
      other.add(of.other());
      step.add(of.step().orElse(-1));
      neurons.add(of.neurons());
      universal.add(judged ? of.universal() : -1);
      mean.add(of.mean());
      median.add(of.median());
      baseline.add(of.meanBaseline());
      homologs.add(of.homologs());
    }
    return table.build();
  }

  Table histograms() {
    Table.Builder table = Table.builder("histograms");
    var what = table.texts("what");
    var other = table.texts("other");
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    for (PairMatches pair : result.summary().pairs()) {
      long[] bins = pair.histogram();
      for (int bin = 0; bin < bins.length; bin++) {
        what.add("correlation");
        other.add(pair.other().name());
        low.add(-1 + 2.0 * bin / bins.length);
        high.add(-1 + 2.0 * (bin + 1) / bins.length);
        count.add(bins[bin]);
      }
    }
    return table.build();
  }
}
