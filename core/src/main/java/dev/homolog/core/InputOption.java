package dev.homolog.core;

import java.util.Locale;

/**
 * An option that can be refused. Library and command share it: to the library it names a value that
 * it was given, to the command the flag that sets this value.
 */
public enum InputOption {
  /** The files of text that are read. */
  TEXT,
  /** The file of token ids that is read in place of text. */
  TOKENS,
  /** The field of a document's JSON, or the column of a table, that holds the text. */
  TEXT_COLUMN,
  /** The field of a document's JSON, or the column of a table, that holds its subset. */
  SUBSET_KEY,
  /** The type of token ids in a file that does not say it. */
  DTYPE,
  /** The share of the documents that is read. */
  SHARE,
  /** Whether the documents outside the share are read in place of those inside. */
  HELD_OUT,
  /** The width of a row in tokens, BOS included. */
  CONTEXT,
  /** The most positions that are read, BOS included. */
  MAX_TOKENS,

  /** The models that the reference is compared with. */
  OTHER,
  /** What measures how alike two neurons are. */
  SIMILARITY,
  /** Whether similarities are exact or estimated. */
  METHOD,
  /** How many buckets of tokens similarities are estimated from. */
  SKETCH_SIZE,
  /** What similarities are held against. */
  BASELINE,
  /** How many random rotations or permutations the baseline averages. */
  BASELINE_DRAWS,
  /** The file of the matrices that rotate in place of random ones. */
  ROTATION,
  /** How many matches are kept for each neuron, model and end. */
  TOP,
  /** The excess above which a neuron is universal. */
  THRESHOLD,
  /** Whether the other models are compared with each other too. */
  ALL_PAIRS,
  /** Whether everything is repeated for each subset of the text. */
  BY_SUBSET,
  /** Whether models with the same weights may be compared. */
  ALLOW_EQUAL,
  /** Whether a study looks for the roles of neurons. */
  ROLES,

  /** The neurons that are looked at closely or changed. */
  NEURON,
  /** The file that the activations of chosen neurons are written to. */
  CACHE,
  /** Before or after the activation function. */
  SITE,
  /** What becomes of an activation that is changed. */
  MODE,
  /** The values of the mode. */
  VALUE,
  /** The positions of a row at which activations are changed. */
  POSITIONS,
  /** The first position at which attention heads are tested. */
  AFTER,
  /** The one position at which attention heads are tested. */
  POSITION,
  /** The neurons that get a card in the report. */
  NEURONS,

  /** What is done to weights before they are looked at. */
  PROCESSING,
  /** The kind of kernels. */
  BACKEND,
  /** How many threads compute. */
  THREADS,
  /** The folder of libtorch. */
  LIBTORCH,
  /** The precision of matrix products. */
  PRECISION,
  /** How many rows of tokens a batch holds. */
  BATCH,
  /** The most bytes that the process may hold. */
  MEMORY,
  /** How often the state of a run is saved. */
  CHECKPOINT_EVERY,
  /** Whether a run goes on from a saved state. */
  RESUME,
  /** Which of several equal parts of the text a run reads. */
  SHARD,
  /** The format of tables. */
  FORMAT;

  /** The flag of the command that sets this option, such as {@code --max-tokens}. */
  public String flag() {
    return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
