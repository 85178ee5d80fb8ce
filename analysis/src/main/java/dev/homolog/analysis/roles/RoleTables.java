package dev.homolog.analysis.roles;

import dev.homolog.analysis.table.Table;
import dev.homolog.core.intervention.Metrics;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Roles as the tables {@code prediction}, {@code entropy} and {@code attention}. */
final class RoleTables {
  private RoleTables() {}

  static Table prediction(PredictionRole role) {
    List<PredictionRole.Neuron> of = role.neurons();
    Table.Builder table = Table.builder("prediction");
    table
        .ints("layer", of.stream().mapToInt(n -> n.id().layer()).toArray())
        .ints("neuron", of.stream().mapToInt(n -> n.id().neuron()).toArray())
        .doubles("vocab_mean", column(of, PredictionRole.Neuron::mean))
        .doubles("vocab_var", column(of, PredictionRole.Neuron::variance))
        .doubles("vocab_skew", column(of, PredictionRole.Neuron::skew))
        .doubles("vocab_kurt", column(of, PredictionRole.Neuron::kurtosis))
        .texts("role", of.stream().map(n -> lower(n.kind())).toArray(String[]::new))
        .texts("set", of.stream().map(PredictionRole.Neuron::set).toArray(String[]::new))
        .ints("set_size", of.stream().mapToInt(PredictionRole.Neuron::setSize).toArray())
        .doubles("variance_reduction", column(of, PredictionRole.Neuron::varianceReduction))
        .doubles("welch_t", column(of, PredictionRole.Neuron::welchT))
        .doubles("set_probability", column(of, PredictionRole.Neuron::probability))
        .doubles("set_probability_raised", column(of, PredictionRole.Neuron::raisedProbability))
        .doubles("set_odds_change", column(of, PredictionRole.Neuron::oddsChange))
        .doubles("set_odds_change_random", column(of, PredictionRole.Neuron::randomChange))
        .booleans("confirmed", flags(of.stream().map(PredictionRole.Neuron::confirmed).toList()));
    return table.build();
  }

  static Table entropy(EntropyRole role) {
    List<EntropyRole.Neuron> of = role.neurons();
    Table.Builder table = Table.builder("entropy");
    table
        .ints("layer", of.stream().mapToInt(n -> n.id().layer()).toArray())
        .ints("neuron", of.stream().mapToInt(n -> n.id().neuron()).toArray())
        .texts("candidate", of.stream().map(n -> lower(n.kind())).toArray(String[]::new))
        .doubles("w_out_norm", column(of, EntropyRole.Neuron::norm))
        .doubles("vocab_var", column(of, EntropyRole.Neuron::vocabVariance))
        .doubles("null_share", column(of, EntropyRole.Neuron::nullShare))
        .doubles("score", column(of, EntropyRole.Neuron::score))
        .doubles("frequency_cosine", column(of, EntropyRole.Neuron::frequencyCosine))
        .doubles("cosine_ratio", column(of, EntropyRole.Neuron::cosineRatio))
        .doubles("loss_before", column(of, _ -> role.nominal().loss()))
        .doubles("entropy_before", column(of, _ -> role.nominal().entropy()))
        .doubles("scale_before", column(of, _ -> role.nominal().scale()))
        .doubles("entropy_effect", column(of, EntropyRole.Neuron::entropyEffect))
        .doubles("entropy_effect_direct", column(of, EntropyRole.Neuron::directEntropyEffect))
        .doubles("entropy_effect_mediated", column(of, EntropyRole.Neuron::mediatedEntropyEffect))
        .doubles("mediated_share", column(of, EntropyRole.Neuron::mediatedShare))
        .doubles("divergence_effect", column(of, EntropyRole.Neuron::divergenceEffect))
        .doubles("frequency_effect", column(of, EntropyRole.Neuron::frequencyEffect))
        .doubles("frequency_share", column(of, EntropyRole.Neuron::frequencyShare))
        .booleans("sets_entropy", flags(of.stream().map(role::setsEntropy).toList()))
        .booleans("sets_frequency", flags(of.stream().map(role::setsFrequency).toList()));
    double[] values = EntropyRole.VALUES.stream().mapToDouble(Double::doubleValue).toArray();
    table.doubleLists("values", of.stream().map(_ -> values).toArray(double[][]::new));
    table.doubleLists("loss", lists(of, EntropyRole.Neuron::total, Metrics::loss));
    table.doubleLists("entropy", lists(of, EntropyRole.Neuron::total, Metrics::entropy));
    table.doubleLists("rank", lists(of, EntropyRole.Neuron::total, Metrics::rank));
    table.doubleLists("recip_rank", lists(of, EntropyRole.Neuron::total, Metrics::recipRank));
    table.doubleLists("scale", lists(of, EntropyRole.Neuron::total, Metrics::scale));
    table.doubleLists(
        "loss_frozen_scale", lists(of, EntropyRole.Neuron::frozenScale, Metrics::loss));
    table.doubleLists(
        "entropy_frozen_scale", lists(of, EntropyRole.Neuron::frozenScale, Metrics::entropy));
    table.doubleLists(
        "loss_frozen_frequency", lists(of, EntropyRole.Neuron::frozenFrequency, Metrics::loss));
    table.doubleLists(
        "entropy_frozen_frequency",
        lists(of, EntropyRole.Neuron::frozenFrequency, Metrics::entropy));
    return table.build();
  }

  static Table attention(AttentionRole role) {
    List<AttentionRole.Pair> of = role.pairs();
    Table.Builder table = Table.builder("attention");
    table
        .ints("layer", of.stream().mapToInt(p -> p.neuron().layer()).toArray())
        .ints("neuron", of.stream().mapToInt(p -> p.neuron().neuron()).toArray())
        .ints("head_layer", of.stream().mapToInt(p -> p.head().layer()).toArray())
        .ints("head", of.stream().mapToInt(p -> p.head().head()).toArray())
        .doubles("bos_effect", column(of, AttentionRole.Pair::bosEffect))
        .longs("positions", of.stream().mapToLong(AttentionRole.Pair::positions).toArray())
        .doubles("mean_activation", column(of, AttentionRole.Pair::meanActivation))
        .doubles("z_norm", column(of, AttentionRole.Pair::zNorm))
        .doubles("z_norm_change", column(of, AttentionRole.Pair::zNormChange))
        .doubles("z_norm_pearson", column(of, AttentionRole.Pair::zNormPearson))
        .doubles("z_norm_spearman", column(of, AttentionRole.Pair::zNormSpearman))
        .doubles("bos_attention", column(of, AttentionRole.Pair::bosAttention))
        .doubles("bos_attention_change", column(of, AttentionRole.Pair::bosAttentionChange))
        .doubles("bos_attention_pearson", column(of, AttentionRole.Pair::bosAttentionPearson))
        .doubles("bos_attention_spearman", column(of, AttentionRole.Pair::bosAttentionSpearman))
        .booleans("found", flags(of.stream().map(AttentionRole.Pair::found).toList()));
    return table.build();
  }

  private static String lower(Enum<?> kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private static <T> double[] column(List<T> of, ToDoubleFunction<T> value) {
    return of.stream().mapToDouble(value).toArray();
  }

  private static boolean[] flags(List<Boolean> of) {
    boolean[] flags = new boolean[of.size()];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = of.get(i);
    }
    return flags;
  }

  private static double[][] lists(
      List<EntropyRole.Neuron> of,
      Function<EntropyRole.Neuron, List<Metrics>> metrics,
      ToDoubleFunction<Metrics> value) {
    return of.stream()
        .map(n -> metrics.apply(n).stream().mapToDouble(value).toArray())
        .toArray(double[][]::new);
  }
}
