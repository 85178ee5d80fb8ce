package dev.homolog.analysis.contrast;

import dev.homolog.analysis.correlation.CorrelationColumns;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.ColumnType;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ModelNeurons;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Universal neurons beside the others: tables made from that of all neurons. */
final class ContrastTables {
  /** Columns that are what makes a neuron universal, or names. */
  private static final Set<String> NOT_COMPARED =
      CorrelationColumns.NEURONS.stream()
          .map(ColumnSpec::name)
          .collect(Collectors.toUnmodifiableSet());

  private ContrastTables() {}

  /**
   * Table {@code comparison}: a row a statistic of the neurons.
   *
   * @param neurons the table of all neurons of the reference
   */
  static Table comparison(Table neurons) {
    int[] layers = neurons.ints("layer").toArray();
    boolean[] universal = neurons.booleans("universal").toArray();
    List<ContrastColumns.Row> rows = new ArrayList<>();
    for (Column column : neurons.columns()) {
      if (column.type() == ColumnType.DOUBLE && !NOT_COMPARED.contains(column.name())) {
        double[] values = neurons.doubles(column.name()).toArray();
        rows.add(new ContrastColumns.Row(column.name(), Contrast.of(values, layers, universal)));
      }
    }
    Table.Builder table = ContrastColumns.COMPARISON.builder();
    ContrastColumns.COMPARISON_COLUMNS.addTo(table, rows);
    return table.build();
  }

  /**
   * Table {@code depths}: a row for each layer of the reference, other model and layer of that
   * model. It counts the layer's neurons, and its universal neurons, whose best match is in the
   * other layer.
   *
   * @param pairs best matches in each other model
   */
  static Table depths(Table neurons, List<PairMatches> pairs) {
    int[] layers = neurons.ints("layer").toArray();
    boolean[] universal = neurons.booleans("universal").toArray();
    Table.Builder table = ContrastColumns.DEPTHS.builder();
    var layer = table.ints("layer");
    var other = table.texts("other");
    var otherLayer = table.ints("other_layer");
    var count = table.ints("neurons");
    var universalCount = table.ints("universal");
    int depth = layers.length == 0 ? 0 : layers[layers.length - 1] + 1;
    for (PairMatches pair : pairs) {
      int otherDepth = pair.other().layers();
      int[][] matches = new int[depth][otherDepth];
      int[][] universalMatches = new int[depth][otherDepth];
      for (int i = 0; i < layers.length; i++) {
        int match = pair.highest().match(i, 0);
        if (match >= 0) {
          int matchLayer = match / pair.other().dMlp();
          matches[layers[i]][matchLayer]++;
          universalMatches[layers[i]][matchLayer] += universal[i] ? 1 : 0;
        }
      }
      for (int l = 0; l < depth; l++) {
        for (int matchLayer = 0; matchLayer < otherDepth; matchLayer++) {
          layer.add(l);
          other.add(pair.other().name());
          otherLayer.add(matchLayer);
          count.add(matches[l][matchLayer]);
          universalCount.add(universalMatches[l][matchLayer]);
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
    Table.Builder table = CorrelationColumns.HOMOLOGS.builder();
    var group = table.ints("group");
    var model = table.texts("model");
    NeuronColumns neuron = NeuronColumns.in(table);
    var mean = table.doubles("mean_correlation");
    var cohesion = table.doubles("cohesion");
    var family = table.texts("family");
    var agreement = table.doubles("agreement");
    for (int number = 0; number < groups.size(); number++) {
      Homologs.Group members = groups.get(number);
      double agrees = families.agreement(members);
      for (Homologs.Member member : members.members()) {
        group.add(number);
        model.add(models.get(member.model()).name());
        neuron.add(member.neuron());
        mean.add(member.meanCorrelation());
        cohesion.add(members.cohesion());
        family.add(families.name(member).orElse(null));
        agreement.add(agrees);
      }
    }
    return table.build();
  }
}
