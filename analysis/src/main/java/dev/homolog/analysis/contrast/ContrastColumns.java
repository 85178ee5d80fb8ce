package dev.homolog.analysis.contrast;

import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;

/** The tables of universal neurons beside the others, as they are declared. */
public final class ContrastColumns {
  private ContrastColumns() {}

  /**
   * A row of {@link #COMPARISON}.
   *
   * @param statistic the column of the table of neurons
   */
  record Row(String statistic, Contrast contrast) {}

  static final RowColumns<Row> COMPARISON_COLUMNS =
      RowColumns.<Row>none()
          .texts(
              ColumnSpec.texts("statistic", "statistic", "the column of neurons"), Row::statistic)
          .ints(
              ColumnSpec.ints("universal", "universal", "universal neurons that have a value"),
              row -> row.contrast().universal())
          .ints(
              ColumnSpec.ints("others", "others", "other neurons of the same layers"),
              row -> row.contrast().others())
          .doubles(
              ColumnSpec.doubles("universal_mean", "mean", "mean of the universal neurons"),
              row -> row.contrast().universalMean())
          .doubles(
              ColumnSpec.doubles("other_mean", "mean", "mean of the others"),
              row -> row.contrast().otherMean())
          .doubles(
              ColumnSpec.doubles(
                  "percentile_q25",
                  "percentiles: a quarter below",
                  "percentile that a quarter of the universal neurons are below"),
              row -> row.contrast().lower())
          .doubles(
              ColumnSpec.doubles(
                  "percentile_q50",
                  "half below",
                  "percentile that half of the universal neurons are below"),
              row -> row.contrast().median())
          .doubles(
              ColumnSpec.doubles(
                  "percentile_q75",
                  "three quarters below",
                  "percentile that three quarters of the universal neurons are below"),
              row -> row.contrast().upper())
          .doubles(
              ColumnSpec.doubles("effect", "effect", "Cohen's d within layers"),
              row -> row.contrast().effect())
          .doubles(
              ColumnSpec.doubles(
                  "chance_of_more",
                  "chance of more",
                  "that a universal neuron has more than another of its layer"),
              row -> row.contrast().chance())
          .doubles(
              ColumnSpec.doubles("p", "p", "of the rank sum test stratified by layer, two sides"),
              row -> row.contrast().p());

  /** A row a statistic of the neurons. */
  public static final TableSpec COMPARISON =
      TableSpec.of("comparison", "a row a statistic", COMPARISON_COLUMNS.specs()).digits(4);

  /** In which layers of the other models best matches lie. */
  public static final TableSpec DEPTHS =
      TableSpec.of(
          "depths",
          "a row a layer, other model and layer there",
          List.of(
              ColumnSpec.ints("layer", "layer", "layer of the reference"),
              ColumnSpec.texts("other", "model", "the other model's name"),
              ColumnSpec.ints("other_layer", "layer there", "layer of the other model"),
              ColumnSpec.ints("neurons", "neurons", "neurons whose best match lies there"),
              ColumnSpec.ints("universal", "universal", "universal ones among them")));
}
