package dev.homolog.core.tokens;

import java.lang.foreign.MemorySegment;

/**
 * Some consecutive rows of a table, without a copy; valid until the table is closed.
 *
 * @param table where the rows come from
 * @param rowFrom number of the first row in the table
 * @param rows how many
 * @param ids int32 [rows, context], read-only
 * @param keep uint8 [rows, context], 1 where the token is kept, read-only
 * @param kept how many tokens are kept
 */
public record TokenBatch(
    TokenTable table, long rowFrom, int rows, MemorySegment ids, MemorySegment keep, long kept) {

  /** Positions of the batch, BOS included: rows times context. */
  public int tokens() {
    return Math.multiplyExact(rows, table.context());
  }
}
