package dev.homolog.core.checkpoint;

import java.util.OptionalInt;
import java.util.Set;

/**
 * Ids of tokens that stand for no text.
 *
 * @param bos id that begins every row
 * @param eos id between documents, usually the same; the first where there are several
 * @param pad if the file names one
 * @param otherSeparators ids that the file names as EOS, or for padding, beside those
 */
public record TokenIds(
    OptionalInt bos, OptionalInt eos, OptionalInt pad, Set<Integer> otherSeparators) {

  /** Ids that do not change any more. */
  public TokenIds {
    otherSeparators = Set.copyOf(otherSeparators);
  }

  /** At most one id of each kind. */
  public static TokenIds of(OptionalInt bos, OptionalInt eos, OptionalInt pad) {
    return new TokenIds(bos, eos, pad, Set.of());
  }
}
