package dev.homolog.core.model.family;

/** The order of queries, keys and values of all heads in a row of 3 · d_model. */
public enum HeadOrder {
  /** The queries of all heads, then their keys, then their values. */
  PART_BY_PART,
  /** Query, key and value of the first head, then of the second. */
  HEAD_BY_HEAD
}
