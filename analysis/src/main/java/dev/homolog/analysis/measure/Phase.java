package dev.homolog.analysis.measure;

import java.util.Locale;

/** A part of a run that is timed on its own; {@code study.json} lists them. */
public enum Phase {
  /** Opening and hashing a model's files. */
  FILES,
  /** Comparing the weights of the models. */
  LINEAGE,
  /** Tokenising the text. */
  TOKENS,
  /** Finding the features of the text that neurons are explained by. */
  FEATURES,
  /** Running the models over a few rows, to standardise by. */
  PILOT,
  /** Timing the machine for the plan. */
  CALIBRATION,
  /** Making empty sums. */
  SUMS,
  /** Running the models over the text. */
  ACTIVATIONS,
  /** Writing the state of the run to the disk, to go on after a stop. */
  CHECKPOINTS,
  /** Adding up the sums of shards. */
  MERGE,
  /** Reducing sums of products to matches. */
  CORRELATIONS,
  /** Reducing sums by feature to explanations. */
  EXPLANATIONS,
  /** The baseline's best matches. */
  BASELINE,
  /** Matches and baseline of each subset. */
  SUBSETS,
  /** The second, short pass over chosen neurons. */
  CLOSE_UP,
  /** Tables of weights. */
  WEIGHTS,
  /** Roles of neurons. */
  ROLES,
  /** Interventions of one command. */
  INTERVENTIONS,
  /** Writing cosines of neurons with each other. */
  NEIGHBOURS,
  /** Writing cosines of neurons with tokens. */
  VOCABULARY,
  /** Writing the table of neurons. */
  NEURONS,
  /** Writing what neurons do to attention heads. */
  COMPOSITION,
  /** Writing moments of cosines. */
  MOMENTS,
  /** Writing histograms of cosines. */
  HISTOGRAMS;

  /** The name in {@code study.json} and in progress. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
