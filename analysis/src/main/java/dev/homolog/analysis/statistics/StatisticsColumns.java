package dev.homolog.analysis.statistics;

import dev.homolog.analysis.table.ActivityColumns;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;
import java.util.stream.Stream;

/** The tables of activation statistics as they are declared, and the columns of neurons. */
public final class StatisticsColumns {
  private static final String KEPT = "of the activation after the non-linearity, kept tokens";

  private StatisticsColumns() {}

  /** What the pre-activations of a neuron are over all positions. */
  public static final RowColumns<StudyStatistics.OfNeuron> PRE =
      RowColumns.<StudyStatistics.OfNeuron>none()
          .doubles(
              ColumnSpec.doubles("mean", "mean", "of the pre-activation").onCard(50),
              StudyStatistics.OfNeuron::mean)
          .doubles(
              ColumnSpec.doubles("var", "variance", "of the pre-activation").onCard(60),
              StudyStatistics.OfNeuron::variance)
          .doubles(
              ColumnSpec.doubles("skew", "skew", "of the pre-activation").onCard(70),
              StudyStatistics.OfNeuron::skew)
          .doubles(
              ColumnSpec.doubles("kurt", "kurtosis", "of the pre-activation; 3 for a Gaussian")
                  .first(80)
                  .onCard(80),
              StudyStatistics.OfNeuron::kurtosis)
          .doubles(
              ColumnSpec.doubles(
                      "sparsity",
                      "fires",
                      "share of positions at which the pre-activation is above 0")
                  .first(40)
                  .onCard(40),
              StudyStatistics.OfNeuron::sparsity)
          .doubles(
              ColumnSpec.doubles(
                      "position_information",
                      "position info",
                      "information on the position in the row that firing gives, in nats")
                  .onCard(90),
              StudyStatistics.OfNeuron::positionInformation);

  /** What its activations are over kept tokens. */
  public static final RowColumns<NeuronMoments> POST =
      RowColumns.<NeuronMoments>none()
          .doubles(ColumnSpec.doubles("post_mean", "act. mean", KEPT), NeuronMoments::mean)
          .doubles(ColumnSpec.doubles("post_var", "act. variance", KEPT), NeuronMoments::variance)
          .doubles(ColumnSpec.doubles("post_skew", "act. skew", KEPT), NeuronMoments::skew)
          .doubles(ColumnSpec.doubles("post_kurt", "act. kurtosis", KEPT), NeuronMoments::kurtosis);

  /** The columns of the table {@code neurons} that are statistics of activations. */
  public static final List<ColumnSpec> NEURONS =
      Stream.of(PRE.specs(), POST.specs()).flatMap(List::stream).toList();

  /** Activations by position in the row. */
  public static final TableSpec POSITIONS =
      TableSpec.of(
          "positions",
          "a row a chosen neuron and position",
          NeuronColumns.OWN,
          List.of(ColumnSpec.ints("position", "position", "place in the row, 0 for BOS")),
          ActivityColumns.of("seen"));

  /** Activations by subset of the text. */
  public static final TableSpec SUBSETS =
      TableSpec.of(
          "subsets",
          "a row a chosen neuron and subset",
          NeuronColumns.OWN,
          List.of(ColumnSpec.texts("subset", "subset", "the subset's name; empty for none")),
          ActivityColumns.of("tokens"));

  /** Pre-activations by bins. */
  public static final TableSpec HISTOGRAMS =
      TableSpec.of(
          "neuron_histograms",
          "a row a chosen neuron and bin",
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.doubles("low", "from", "lower edge of the bin"),
              ColumnSpec.doubles("high", "to", "upper edge of the bin"),
              ColumnSpec.longs("count", "positions", "positions in the bin")));
}
