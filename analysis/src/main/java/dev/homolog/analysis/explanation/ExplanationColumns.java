package dev.homolog.analysis.explanation;

import dev.homolog.analysis.explanation.Explanations.OfFamily;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;

/** The tables of explanations as they are declared, and the columns of neurons. */
public final class ExplanationColumns {
  private ExplanationColumns() {}

  /** A neuron's family, and how it was decided. */
  public static final RowColumns<OfFamily> NEURONS =
      RowColumns.<OfFamily>none()
          .texts(
              ColumnSpec.texts("family", "family", "kind of the feature that explains it best")
                  .first(190),
              of -> of.family().toString())
          .texts(
              ColumnSpec.texts("family_feature", "feature", "the feature that explains it best")
                  .first(200),
              of -> of.feature() == null ? "" : of.feature().name())
          .doubles(
              ColumnSpec.doubles(
                      "family_score",
                      "explained",
                      "share of its variance that the feature explains")
                  .first(210)
                  .onCard(210),
              OfFamily::score)
          .texts(
              ColumnSpec.texts("runner_up", "runner-up", "the best feature of another family")
                  .leftOut(),
              of -> of.runnerUp() == null ? "" : of.runnerUp().name())
          .doubles(
              ColumnSpec.doubles("margin", "margin", "of the feature before the runner-up")
                  .notCompared(),
              OfFamily::margin);

  private static final ColumnSpec RANK = ColumnSpec.ints("rank", "rank", "1 for the best");

  /** The best features of each neuron. */
  public static final TableSpec EXPLANATIONS =
      TableSpec.of(
          "explanations",
          "a row a neuron and feature",
          NeuronColumns.OWN,
          List.of(
              RANK,
              ColumnSpec.texts("kind", "kind", "the feature's kind"),
              ColumnSpec.texts("feature", "feature", "the feature's name"),
              ColumnSpec.ints("token", "token", "id of the feature's token, or -1"),
              ColumnSpec.doubles(
                  "variance_explained",
                  "variance explained",
                  "share of the neuron's variance that the feature explains"),
              ColumnSpec.doubles(
                  "share", "share of tokens", "share of positions that have the feature"),
              ColumnSpec.doubles("mean_with", "mean with", "mean activation with the feature"),
              ColumnSpec.doubles(
                  "mean_without", "mean without", "mean activation without the feature")));

  /** The tokens that a neuron is most active on. */
  public static final TableSpec TOKENS =
      TableSpec.of(
          "tokens",
          "a row a neuron and token",
          NeuronColumns.OWN,
          List.of(
              RANK,
              ColumnSpec.ints("token", "id", "the token's id"),
              ColumnSpec.texts("text", "token", "the token's text"),
              ColumnSpec.doubles("mean", "mean", "mean activation on the token"),
              ColumnSpec.doubles("max", "max", "greatest activation on the token"),
              ColumnSpec.longs("count", "seen", "how often the token was seen"),
              ColumnSpec.texts(
                  "source", "source", "close-up or stream: which positions were looked at")));
}
