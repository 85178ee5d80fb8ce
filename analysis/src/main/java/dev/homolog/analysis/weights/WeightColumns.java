package dev.homolog.analysis.weights;

import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;

/** The tables of weights as they are declared, and the columns of a model's neurons. */
public final class WeightColumns {
  private static final String COSINE = " over the vocabulary of cos(w_out, unembedding)";
  private static final String PRODUCT = " over the vocabulary of w_out · unembedding";

  private WeightColumns() {}

  public static final ColumnSpec W_OUT_NORM =
      ColumnSpec.doubles("w_out_norm", "|w_out|", "norm of its output weights").onCard(120);

  public static final ColumnSpec VOCAB_MEAN =
      ColumnSpec.doubles("vocab_mean", "vocab mean", "mean" + COSINE);

  public static final ColumnSpec VOCAB_VAR =
      ColumnSpec.doubles("vocab_var", "vocab variance", "variance" + COSINE).onCard(150);

  public static final ColumnSpec VOCAB_SKEW =
      ColumnSpec.doubles("vocab_skew", "vocab skew", "skew" + COSINE).onCard(160);

  public static final ColumnSpec VOCAB_KURT =
      ColumnSpec.doubles("vocab_kurt", "vocab kurtosis", "kurtosis" + COSINE)
          .first(170)
          .onCard(170);

  /** What a neuron's own weights say. */
  public static final RowColumns<OfNeuron> NEURONS =
      RowColumns.<OfNeuron>none()
          .doubles(
              ColumnSpec.doubles("w_in_norm", "|w_in|", "norm of its input weights").onCard(110),
              OfNeuron::inNorm)
          .doubles(W_OUT_NORM, OfNeuron::outNorm)
          .doubles(
              ColumnSpec.doubles("input_bias", "bias", "of its input").onCard(130), OfNeuron::bias)
          .doubles(
              ColumnSpec.doubles(
                      "in_out_sim", "cos in, out", "cosine of its input and output weights")
                  .onCard(140),
              OfNeuron::similarity)
          .doubles(
              ColumnSpec.doubles("l2_penalty", "L2 penalty", "|w_in|² + |w_out|²").leftOut(),
              OfNeuron::l2Penalty)
          .doubles(VOCAB_MEAN, neuron -> neuron.vocabulary().mean())
          .doubles(VOCAB_VAR, neuron -> neuron.vocabulary().variance())
          .doubles(VOCAB_SKEW, neuron -> neuron.vocabulary().skew())
          .doubles(VOCAB_KURT, neuron -> neuron.vocabulary().kurtosis())
          .doubles(
              ColumnSpec.doubles("vocab_dot_mean", "dot mean", "mean" + PRODUCT).leftOut(),
              neuron -> neuron.vocabularyProduct().mean())
          .doubles(
              ColumnSpec.doubles("vocab_dot_var", "dot variance", "variance" + PRODUCT).leftOut(),
              neuron -> neuron.vocabularyProduct().variance())
          .doubles(
              ColumnSpec.doubles("vocab_dot_skew", "dot skew", "skew" + PRODUCT).leftOut(),
              neuron -> neuron.vocabularyProduct().skew())
          .doubles(
              ColumnSpec.doubles("vocab_dot_kurt", "dot kurtosis", "kurtosis" + PRODUCT).leftOut(),
              neuron -> neuron.vocabularyProduct().kurtosis());

  /** Adds the columns to a table of all neurons. */
  public static void add(Table.Builder table, List<OfNeuron> neurons) {
    NEURONS.addTo(table, neurons);
  }

  private static final ColumnSpec RANK =
      ColumnSpec.ints("rank", "rank", "1 and on for the highest, -1 and on for the lowest");

  /** Of each neuron and pairing the neurons of highest and lowest cosine. */
  public static final TableSpec NEIGHBOURS =
      TableSpec.of(
          "neighbours",
          "a row a neuron, kind and rank",
          NeuronColumns.OWN,
          List.of(ColumnSpec.texts("kind", "which", "which weights of the two are compared"), RANK),
          NeuronColumns.of("other_", "the neighbour"),
          List.of(ColumnSpec.doubles("cosine", "cosine", "cosine of the two vectors")));

  /** Of each neuron and space the tokens of highest and lowest cosine. */
  public static final TableSpec VOCABULARY =
      TableSpec.of(
          "vocabulary",
          "a row a neuron, space and rank",
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.texts("space", "space", "which matrix and which weights are compared"),
              RANK,
              ColumnSpec.ints("token", "id", "the token's id"),
              ColumnSpec.texts("text", "token", "the token's text"),
              ColumnSpec.doubles("cosine", "cosine", "cosine of the two vectors")));

  /** The heads that a neuron has most to do with. */
  public static final TableSpec COMPOSITION =
      TableSpec.of(
          "composition",
          "a row a neuron, kind and rank",
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.texts("kind", "weights", "which weights of the head are meant"),
              ColumnSpec.ints("rank", "rank", "1 for the highest"),
              ColumnSpec.ints("head_layer", "layer", "layer of the head"),
              ColumnSpec.ints("head", "head", "the head in its layer"),
              ColumnSpec.doubles("composition", "score", "how much of the two goes together")));

  /** Moments of a neuron's cosines; its rows are of {@link RowMoments}. */
  public static final TableSpec MOMENTS =
      TableSpec.of(
          "weight_moments",
          "a row a neuron and kind or space",
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.texts("of", "of", "the kind of neighbours or the space of tokens"),
              ColumnSpec.longs("count", "count", "cosines that there are"),
              ColumnSpec.doubles("mean", "mean", "of the cosines"),
              ColumnSpec.doubles("var", "variance", "of the cosines"),
              ColumnSpec.doubles("skew", "skew", "of the cosines"),
              ColumnSpec.doubles("kurt", "kurtosis", "of the cosines")));

  /** All cosines of neurons with neurons, by bins. */
  public static final TableSpec HISTOGRAMS =
      TableSpec.of(
              "histograms",
              "a row a pairing and bin",
              List.of(
                  ColumnSpec.texts("what", "what", "what is counted"),
                  ColumnSpec.doubles("low", "from", "lower edge of the bin"),
                  ColumnSpec.doubles("high", "to", "upper edge of the bin"),
                  ColumnSpec.longs("count", "pairs", "pairs of neurons in the bin")))
          .digits(4);
}
