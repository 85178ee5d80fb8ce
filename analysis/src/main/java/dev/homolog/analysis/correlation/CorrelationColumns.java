package dev.homolog.analysis.correlation;

import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;

/** The tables of correlations as they are declared, and the columns of a reference's neurons. */
public final class CorrelationColumns {
  private CorrelationColumns() {}

  /** A neuron's best correlations and those of its baseline. */
  public static final RowColumns<Universality.Neuron> BEST =
      RowColumns.<Universality.Neuron>none()
          .doubles(
              ColumnSpec.doubles("max_corr", "max r", "the best correlation in any other model")
                  .notCompared(),
              Universality.Neuron::maxCorr)
          .doubles(
              ColumnSpec.doubles(
                      "mean_corr", "mean r", "mean over the other models of the best correlation")
                  .digits(6)
                  .first(20)
                  .onCard(20)
                  .notCompared(),
              Universality.Neuron::meanCorr)
          .doubles(
              ColumnSpec.doubles(
                      "min_corr", "min r", "the lowest of the other models' best correlations")
                  .notCompared(),
              Universality.Neuron::minCorr)
          .doubles(
              ColumnSpec.doubles(
                      "max_baseline",
                      "max baseline",
                      "what randomly rotated layers reach, in the best other model")
                  .leftOut()
                  .notCompared(),
              Universality.Neuron::maxBaseline)
          .doubles(
              ColumnSpec.doubles(
                      "mean_baseline",
                      "mean baseline",
                      "what randomly rotated layers reach, mean over the other models")
                  .first(30)
                  .onCard(30)
                  .notCompared(),
              Universality.Neuron::meanBaseline)
          .doubles(
              ColumnSpec.doubles(
                      "min_baseline",
                      "min baseline",
                      "what randomly rotated layers reach, in the worst other model")
                  .leftOut()
                  .notCompared(),
              Universality.Neuron::minBaseline);

  /** How sure the baseline is. */
  public static final RowColumns<Universality.Neuron> DEVIATION =
      RowColumns.<Universality.Neuron>none()
          .doubles(
              ColumnSpec.doubles(
                      "baseline_sd", "baseline sd", "deviation of the baseline over its draws")
                  .notCompared(),
              Universality.Neuron::baselineDeviation);

  /** What a neuron's correlations with all neurons of the other models are. */
  public static final RowColumns<RowMoments> MOMENTS =
      RowColumns.<RowMoments>none()
          .doubles(moment("r_mean", "r mean", "mean"), RowMoments::mean)
          .doubles(moment("r_var", "r variance", "variance"), RowMoments::variance)
          .doubles(moment("r_skew", "r skew", "skew"), RowMoments::skew)
          .doubles(moment("r_kurt", "r kurtosis", "kurtosis"), RowMoments::kurtosis);

  private static ColumnSpec moment(String name, String label, String moment) {
    return ColumnSpec.doubles(
            name, label, moment + " of its correlations with all neurons of the other models")
        .leftOut()
        .notCompared();
  }

  /**
   * The excess, and whether it makes a neuron universal.
   *
   * @param threshold above which it does
   */
  public static RowColumns<Universality.Neuron> excess(double threshold) {
    return RowColumns.<Universality.Neuron>none()
        .doubles(
            ColumnSpec.doubles(
                    "excess_corr", "excess", "mean best correlation above the baseline's")
                .digits(6)
                .first(10)
                .onCard(10)
                .notCompared(),
            Universality.Neuron::excessCorr)
        .booleans(
            ColumnSpec.booleans(
                    "universal", "universal", "whether the excess is above the study's threshold")
                .notCompared(),
            neuron -> neuron.universal(threshold));
  }

  private static final List<ColumnSpec> JUDGED = excess(0).specs();

  /** The columns of the table {@code neurons} that are of correlations. */
  public static final List<ColumnSpec> NEURONS =
      List.of(BEST.specs(), DEVIATION.specs(), JUDGED, MOMENTS.specs()).stream()
          .flatMap(List::stream)
          .toList();

  private static final ColumnSpec OTHER =
      ColumnSpec.texts("other", "model", "the other model's name");

  /** A neuron's best and lowest matches in each other model, and theirs in the reference. */
  public static final TableSpec MATCHES =
      TableSpec.of(
          "matches",
          "a row a neuron, other model, direction and rank",
          NeuronColumns.OWN,
          List.of(
              OTHER,
              ColumnSpec.texts(
                  "direction",
                  "direction",
                  "out for the reference's neurons over the other's, back for the other way"),
              ColumnSpec.ints(
                  "rank", "rank", "1 and on for the highest, -1 and on for the lowest")),
          NeuronColumns.of("other_", "the match"),
          List.of(ColumnSpec.doubles("correlation", "r", "the pair's correlation")));

  /** All correlations, by bins. */
  public static final TableSpec HISTOGRAMS =
      TableSpec.of(
              "histograms",
              "a row an other model and bin",
              List.of(
                  ColumnSpec.texts("what", "what", "what is counted"),
                  OTHER,
                  ColumnSpec.doubles("low", "from", "lower edge of the bin"),
                  ColumnSpec.doubles("high", "to", "upper edge of the bin"),
                  ColumnSpec.longs("count", "pairs", "pairs of neurons in the bin")))
          .digits(4);

  /** Neurons that are each other's best matches. */
  public static final TableSpec HOMOLOGS =
      TableSpec.of(
          "homologs",
          "a row a member of a group",
          List.of(
              ColumnSpec.ints("group", "group", "number of the group"),
              ColumnSpec.texts("model", "model", "the member's model")),
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.doubles(
                  "mean_correlation", "mean r", "mean correlation of the member's edges"),
              ColumnSpec.doubles(
                      "cohesion",
                      "cohesion",
                      "mean correlation of the edges of its group of homologs")
                  .onCard(220)
                  .notCompared(),
              ColumnSpec.texts("family", "family", "kind of the feature that explains it best"),
              ColumnSpec.doubles(
                      "agreement", "family agrees", "share of its homologs that are of its family")
                  .notCompared()));

  /** Each other model as if it were the only one. */
  public static final TableSpec BY_OTHER =
      TableSpec.of(
              "by_other",
              "a row an other model",
              List.of(
                  OTHER,
                  ColumnSpec.longs("step", "step", "step of the training, or -1"),
                  ColumnSpec.ints("neurons", "neurons", "neurons that have a best correlation"),
                  ColumnSpec.ints(
                      "universal",
                      "above its baseline",
                      "neurons that exceed their baseline by more than the threshold, or -1"),
                  ColumnSpec.doubles("mean_corr", "mean best r", "mean of the best correlations"),
                  ColumnSpec.doubles(
                      "median_corr", "median best r", "median of the best correlations"),
                  ColumnSpec.doubles("mean_baseline", "mean baseline", "mean of the baselines"),
                  ColumnSpec.ints(
                      "homologs", "homologs", "mutual best matches above the threshold")))
          .digits(4);

  /** How far best correlations were from those at the end. */
  public static final TableSpec CONVERGENCE =
      TableSpec.of(
              "convergence",
              "a row a share of the text",
              List.of(
                  ColumnSpec.doubles("share", "share", "of the text that was read"),
                  ColumnSpec.longs("tokens", "tokens", "positions read by then"),
                  ColumnSpec.ints("neurons", "neurons", "neurons that were followed"),
                  ColumnSpec.doubles(
                      "change_q50", "median", "median distance of best correlations from the end"),
                  ColumnSpec.doubles(
                      "change_q90", "90 %", "distance that 90 % of neurons are below"),
                  ColumnSpec.doubles(
                      "change_q99", "99 %", "distance that 99 % of neurons are below"),
                  ColumnSpec.doubles("change_max", "greatest", "the greatest distance"),
                  ColumnSpec.ints(
                      "universal",
                      "universal by then",
                      "followed neurons universal by then, or -1")))
          .digits(4);

  /** Neurons that exceed the threshold in every other model but one. */
  public static final TableSpec ALL_BUT_ONE =
      TableSpec.of(
              "all_but_one",
              "a row a neuron",
              NeuronColumns.OWN,
              List.of(
                  ColumnSpec.texts("missing", "missing in", "the other model in which it fails"),
                  ColumnSpec.doubles("excess_there", "excess there", "its excess in that model"),
                  ColumnSpec.doubles(
                      "least_excess_elsewhere",
                      "least excess elsewhere",
                      "the least of its excesses in the others")))
          .digits(4);

  /** Universality over the text of each subset alone. */
  public static final TableSpec SUBSET_CORRELATIONS =
      TableSpec.of(
          "subset_correlations",
          "a row a subset and neuron",
          NeuronColumns.OWN,
          List.of(
              ColumnSpec.texts("subset", "subset", "the subset's name"),
              ColumnSpec.longs("tokens", "tokens", "kept tokens of the subset")),
          BEST.specs(),
          JUDGED);
}
