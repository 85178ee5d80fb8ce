package dev.homolog.analysis.roles;

import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.TableSpec;
import dev.homolog.analysis.weights.WeightColumns;
import dev.homolog.core.intervention.Metrics;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The tables of roles and of interventions, as they are declared. */
public final class RoleColumns {
  private RoleColumns() {}

  // ---- prediction ----

  static final RowColumns<PredictionRole.Neuron> PREDICTION_COLUMNS =
      NeuronColumns.rows(PredictionRole.Neuron::id)
          .doubles(WeightColumns.VOCAB_MEAN, PredictionRole.Neuron::mean)
          .doubles(WeightColumns.VOCAB_VAR, PredictionRole.Neuron::variance)
          .doubles(WeightColumns.VOCAB_SKEW, PredictionRole.Neuron::skew)
          .doubles(WeightColumns.VOCAB_KURT, PredictionRole.Neuron::kurtosis)
          .texts(
              ColumnSpec.texts("role", "role", "what its output weights do to the vocabulary")
                  .first(180),
              neuron -> lower(neuron.kind()))
          .texts(
              ColumnSpec.texts(
                  "set",
                  "tokens of the role",
                  "the class of tokens that explains most of its effect on the vocabulary"),
              PredictionRole.Neuron::set)
          .ints(
              ColumnSpec.ints("set_size", "size of the set", "tokens in that class").notCompared(),
              PredictionRole.Neuron::setSize)
          .doubles(
              ColumnSpec.doubles(
                      "variance_reduction",
                      "set explains",
                      "share of the variance over the vocabulary that the class explains")
                  .notCompared(),
              PredictionRole.Neuron::varianceReduction)
          .doubles(
              ColumnSpec.doubles("welch_t", "Welch's t", "of the class against all other tokens")
                  .notCompared(),
              PredictionRole.Neuron::welchT)
          .doubles(
              ColumnSpec.doubles(
                      "set_probability", "p of the set", "probability of the class as it is")
                  .notCompared(),
              PredictionRole.Neuron::probability)
          .doubles(
              ColumnSpec.doubles(
                      "set_probability_raised",
                      "p, raised",
                      "probability of the class with the neuron raised")
                  .notCompared(),
              PredictionRole.Neuron::raisedProbability)
          .doubles(
              ColumnSpec.doubles(
                  "set_odds_change",
                  "set odds change",
                  "what raising the neuron adds to the logarithm of the odds of the class"),
              PredictionRole.Neuron::oddsChange)
          .doubles(
              ColumnSpec.doubles(
                  "set_odds_change_random",
                  "set odds change random",
                  "the largest size of this change among random neurons of the same layers"),
              PredictionRole.Neuron::randomChange)
          .booleans(
              ColumnSpec.booleans(
                  "confirmed",
                  "confirmed",
                  "whether raising the neuron moves the class as its role says"),
              PredictionRole.Neuron::confirmed);

  /** What each neuron does to the vocabulary. */
  public static final TableSpec PREDICTION =
      TableSpec.of("prediction", "a row a neuron", PREDICTION_COLUMNS.specs());

  // ---- entropy ----

  /** A neuron, and what is known of it beside the others. */
  record Candidate(EntropyRole role, EntropyRole.Neuron neuron, double[] values) {
    Metrics nominal() {
      return role.nominal();
    }
  }

  static final RowColumns<Candidate> ENTROPY_COLUMNS =
      NeuronColumns.<Candidate>rows(row -> row.neuron().id())
          .texts(
              ColumnSpec.texts("candidate", "candidate", "entropy, frequency or control"),
              row -> lower(row.neuron().kind()))
          .doubles(WeightColumns.W_OUT_NORM, row -> row.neuron().norm())
          .doubles(WeightColumns.VOCAB_VAR, row -> row.neuron().vocabVariance())
          .doubles(
              ColumnSpec.doubles(
                  "null_share",
                  "share in the null space",
                  "share of its output weights in the effective null space of the unembedding"),
              row -> row.neuron().nullShare())
          .doubles(
              ColumnSpec.doubles(
                  "score",
                  "score, in medians of the layer",
                  "|w_out| over the deviation of its cosines with the vocabulary"),
              row -> row.neuron().score())
          .doubles(
              ColumnSpec.doubles(
                  "frequency_cosine",
                  "cosine with token frequency",
                  "cosine of what it writes to the vocabulary and of token frequency"),
              row -> row.neuron().frequencyCosine())
          .doubles(
              ColumnSpec.doubles(
                  "cosine_ratio",
                  "in medians of the layer",
                  "size of that cosine over its median in the layer"),
              row -> row.neuron().cosineRatio())
          .doubles(before("loss_before", "loss before", "loss"), row -> row.nominal().loss())
          .doubles(
              before("entropy_before", "entropy before", "entropy"), row -> row.nominal().entropy())
          .doubles(
              before("scale_before", "scale before", "scale of the last LayerNorm"),
              row -> row.nominal().scale())
          .doubles(
              ColumnSpec.doubles(
                  "entropy_effect",
                  "effect on entropy",
                  "change of the entropy from the neuron at 0 to its greatest value"),
              row -> row.neuron().entropyEffect())
          .doubles(
              ColumnSpec.doubles(
                      "entropy_effect_direct",
                      "direct effect",
                      "the same with the last LayerNorm's scale frozen")
                  .leftOut(),
              row -> row.neuron().directEntropyEffect())
          .doubles(
              ColumnSpec.doubles(
                  "entropy_effect_mediated",
                  "by the LayerNorm",
                  "effect on entropy less the direct effect"),
              row -> row.neuron().mediatedEntropyEffect())
          .doubles(
              ColumnSpec.doubles(
                      "mediated_share", "share mediated", "1 − |direct effect| / |effect|")
                  .leftOut(),
              row -> row.neuron().mediatedShare())
          .doubles(
              ColumnSpec.doubles(
                  "divergence_effect",
                  "effect on the divergence from the frequencies",
                  "change of the divergence from token frequencies"),
              row -> row.neuron().divergenceEffect())
          .doubles(
              ColumnSpec.doubles(
                  "frequency_effect",
                  "along the frequencies",
                  "that change less the same with logits frozen along token frequency"),
              row -> row.neuron().frequencyEffect())
          .doubles(
              ColumnSpec.doubles(
                      "frequency_share",
                      "share along the frequencies",
                      "1 − |change with logits frozen| / |change|")
                  .leftOut(),
              row -> row.neuron().frequencyShare())
          .booleans(
              ColumnSpec.booleans(
                  "sets_entropy", "sets the entropy", "whether it is an entropy neuron"),
              row -> row.role().setsEntropy(row.neuron()))
          .booleans(
              ColumnSpec.booleans(
                  "sets_frequency",
                  "moves logits by frequency",
                  "whether it is a token-frequency neuron"),
              row -> row.role().setsFrequency(row.neuron()))
          .doubleLists(
              ColumnSpec.doubleLists("values", "values", "activations that it is set to"),
              Candidate::values)
          .doubleLists(swept("loss", "loss"), total(Metrics::loss))
          .doubleLists(swept("entropy", "entropy"), total(Metrics::entropy))
          .doubleLists(swept("rank", "rank").leftOut(), total(Metrics::rank))
          .doubleLists(swept("recip_rank", "reciprocal rank").leftOut(), total(Metrics::recipRank))
          .doubleLists(swept("scale", "scale of the last LayerNorm"), total(Metrics::scale))
          .doubleLists(
              swept("loss_frozen_scale", "loss with the scale frozen").leftOut(),
              frozenScale(Metrics::loss))
          .doubleLists(
              swept("entropy_frozen_scale", "entropy with the scale frozen").leftOut(),
              frozenScale(Metrics::entropy))
          .doubleLists(
              swept("loss_frozen_frequency", "loss with logits frozen along frequency").leftOut(),
              frozenFrequency(Metrics::loss))
          .doubleLists(
              swept("entropy_frozen_frequency", "entropy with logits frozen along frequency")
                  .leftOut(),
              frozenFrequency(Metrics::entropy));

  /** Neurons that may set the entropy, and random ones beside them. */
  public static final TableSpec ENTROPY =
      TableSpec.of("entropy", "a row a candidate or control", ENTROPY_COLUMNS.specs()).digits(4);

  private static ColumnSpec before(String name, String label, String metric) {
    return ColumnSpec.doubles(name, label, metric + " without any intervention").leftOut();
  }

  private static ColumnSpec swept(String name, String label) {
    return ColumnSpec.doubleLists(name, label, label + " at each of the values");
  }

  private static Function<Candidate, double[]> total(ToDoubleFunction<Metrics> metric) {
    return row -> list(row.neuron().total(), metric);
  }

  private static Function<Candidate, double[]> frozenScale(ToDoubleFunction<Metrics> metric) {
    return row -> list(row.neuron().frozenScale(), metric);
  }

  private static Function<Candidate, double[]> frozenFrequency(ToDoubleFunction<Metrics> metric) {
    return row -> list(row.neuron().frozenFrequency(), metric);
  }

  private static double[] list(List<Metrics> metrics, ToDoubleFunction<Metrics> metric) {
    return metrics.stream().mapToDouble(metric).toArray();
  }

  // ---- attention ----

  static final RowColumns<AttentionRole.Pair> ATTENTION_COLUMNS =
      NeuronColumns.rows(AttentionRole.Pair::neuron)
          .ints(
              ColumnSpec.ints("head_layer", "layer of the head", "layer of the head, from 0"),
              pair -> pair.head().layer())
          .ints(
              ColumnSpec.ints("head", "head", "place of the head in its layer, from 0"),
              pair -> pair.head().head())
          .doubles(
              ColumnSpec.doubles(
                  "bos_effect", "BOS effect", "of a unit of activation on the score of BOS"),
              AttentionRole.Pair::bosEffect)
          .longs(
              ColumnSpec.longs("positions", "positions", "positions that were ablated").leftOut(),
              AttentionRole.Pair::positions)
          .doubles(
              ColumnSpec.doubles(
                      "mean_activation", "mean activation", "of the neuron at these positions")
                  .leftOut(),
              AttentionRole.Pair::meanActivation)
          .doubles(
              ColumnSpec.doubles("z_norm", "norm of z", "norm of the head's output before W_O")
                  .leftOut(),
              AttentionRole.Pair::zNorm)
          .doubles(
              ColumnSpec.doubles(
                  "z_norm_change", "norm of z, change", "what the ablation adds to the norm"),
              AttentionRole.Pair::zNormChange)
          .doubles(
              correlated("z_norm_pearson", "norm of z, Pearson", "Pearson").leftOut(),
              AttentionRole.Pair::zNormPearson)
          .doubles(
              correlated("z_norm_spearman", "norm of z, Spearman", "Spearman").leftOut(),
              AttentionRole.Pair::zNormSpearman)
          .doubles(
              ColumnSpec.doubles(
                  "bos_attention", "attention on BOS", "mean attention of the head on BOS"),
              AttentionRole.Pair::bosAttention)
          .doubles(
              ColumnSpec.doubles(
                  "bos_attention_change", "its change", "what the ablation adds to it"),
              AttentionRole.Pair::bosAttentionChange)
          .doubles(
              correlated("bos_attention_pearson", "Pearson with the activation", "Pearson")
                  .leftOut(),
              AttentionRole.Pair::bosAttentionPearson)
          .doubles(
              correlated("bos_attention_spearman", "Spearman with the activation", "Spearman"),
              AttentionRole.Pair::bosAttentionSpearman)
          .booleans(
              ColumnSpec.booleans(
                  "found", "found", "whether the head's attention on BOS hangs on the neuron"),
              AttentionRole.Pair::found);

  /** Neurons and the later heads whose attention on BOS may hang on them. */
  public static final TableSpec ATTENTION =
      TableSpec.of("attention", "a row a neuron and later head", ATTENTION_COLUMNS.specs())
          .digits(4);

  private static ColumnSpec correlated(String name, String label, String whose) {
    return ColumnSpec.doubles(
        name, label, whose + "'s correlation of the change with the neuron's activation");
  }

  // ---- interventions ----

  /** What {@code homolog intervene} measures for each value. */
  public static final TableSpec INTERVENTIONS =
      TableSpec.of(
          "interventions",
          "a row a value",
          List.of(
              ColumnSpec.doubles("value", "value", "what the activation is changed by or to"),
              ColumnSpec.doubles("loss", "loss", "mean loss, in nats"),
              ColumnSpec.doubles("entropy", "entropy", "mean entropy, in nats"),
              ColumnSpec.doubles("rank", "rank", "mean rank of the token that follows"),
              ColumnSpec.doubles("recip_rank", "reciprocal rank", "mean of 1 / (rank + 1)"),
              ColumnSpec.doubles("scale", "scale", "mean scale of the last LayerNorm"),
              ColumnSpec.doubles("loss_change", "loss, change", "loss less that without it"),
              ColumnSpec.doubles(
                  "entropy_change", "entropy, change", "entropy less that without it")));

  private static String lower(Enum<?> kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
