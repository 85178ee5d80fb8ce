package dev.homolog.analysis.contrast;

import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.ColumnType;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ModelNeurons;
import java.util.List;
import java.util.Set;

/** Universal neurons beside the others: tables made from that of all neurons. */
final class ContrastTables {
  /** Columns that are what makes a neuron universal, or names. */
  private static final Set<String> NOT_COMPARED =
      Set.of(
          "max_corr",
          "mean_corr",
          "min_corr",
          "max_baseline",
          "mean_baseline",
          "min_baseline",
          "baseline_sd",
          "excess_corr",
          "r_mean",
          "r_var",
          "r_skew",
          "r_kurt");

  private ContrastTables() {}

  /**
   * Table {@code comparison}: a row a statistic of the neurons.
   *
   * @param neurons the table of all neurons of the reference
   */
  static Table comparison(Table neurons) {
    int[] layers = neurons.ints("layer").toArray();
    boolean[] universal = neurons.booleans("universal").toArray();
    Table.Builder table = Table.builder("comparison");
    var what = table.texts("statistic");
    var count = table.ints("universal");
    var others = table.ints("others");
    var mean = table.doubles("universal_mean");
    var otherMean = table.doubles("other_mean");
    var lower = table.doubles("percentile_q25");
    var median = table.doubles("percentile_q50");
    var upper = table.doubles("percentile_q75");
    var effect = table.doubles("effect");
    var chance = table.doubles("chance_of_more");
    var p = table.doubles("p");
    for (Column column : neurons.columns()) {
      if (column.type() == ColumnType.DOUBLE && !NOT_COMPARED.contains(column.name())) {
        Contrast of = Contrast.of(neurons.doubles(column.name()).toArray(), layers, universal);
        what.add(column.name());
        count.add(of.universal());
        others.add(of.others());
        mean.add(of.universalMean());
        otherMean.add(of.otherMean());
        lower.add(of.lower());
        median.add(of.median());
        upper.add(of.upper());
        effect.add(of.effect());
        chance.add(of.chance());
        p.add(of.p());
      }
    }
    return table.build();
  }

  /**
   * Table {@code depths}: a row a layer of the reference, other model and layer there, with how
   * many of the layer's neurons, and of its universal ones, have their best match in it.
   *
   * @param pairs best matches in each other model
   */
  static Table depths(Table neurons, List<PairMatches> pairs) {
    int[] layers = neurons.ints("layer").toArray();
    boolean[] universal = neurons.booleans("universal").toArray();
    Table.Builder table = Table.builder("depths");
    var layer = table.ints("layer");
    var other = table.texts("other");
    var otherLayer = table.ints("other_layer");
    var count = table.ints("neurons");
    var shared = table.ints("universal");
    int depth = layers.length == 0 ? 0 : layers[layers.length - 1] + 1;
    for (PairMatches pair : pairs) {
      int theirs = pair.other().layers();
      int[][] all = new int[depth][theirs];
      int[][] of = new int[depth][theirs];
      for (int i = 0; i < layers.length; i++) {
        int match = pair.highest().match(i, 0);
        if (match >= 0) {
          all[layers[i]][match / pair.other().dMlp()]++;
          of[layers[i]][match / pair.other().dMlp()] += universal[i] ? 1 : 0;
        }
      }
      for (int l = 0; l < depth; l++) {
        for (int there = 0; there < theirs; there++) {
          layer.add(l);
          other.add(pair.other().name());
          otherLayer.add(there);
          count.add(all[l][there]);
          shared.add(of[l][there]);
        }
      }
    }
    return table.build();
  }

  /**
   * Table {@code homologs}: a row a member of a group of counterparts.
   *
   * @param models columns of all models, the reference first
   * @param families what each neuron responds to
   */
  static Table homologs(
      List<Homologs.Group> groups, List<ModelNeurons> models, MemberFamilies families) {
    Table.Builder table = Table.builder("homologs");
    var group = table.ints("group");
    var model = table.texts("model");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var mean = table.doubles("mean_correlation");
    var cohesion = table.doubles("cohesion");
    var family = table.texts("family");
    var agreement = table.doubles("agreement");
    for (int number = 0; number < groups.size(); number++) {
      Homologs.Group members = groups.get(number);
      double agrees = families.agreement(members);
      for (Homologs.Member member : members.members()) {
        ModelNeurons of = models.get(member.model());
        group.add(number);
        model.add(of.name());
        layer.add(member.neuron() / of.dMlp());
        neuron.add(member.neuron() % of.dMlp());
        mean.add(member.meanCorrelation());
        cohesion.add(members.cohesion());
        family.add(families.name(member).orElse(null));
        agreement.add(agrees);
      }
    }
    return table.build();
  }
}
