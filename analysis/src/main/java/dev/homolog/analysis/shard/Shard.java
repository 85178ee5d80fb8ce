package dev.homolog.analysis.shard;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.stream.ActivationStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of several equal shares of a text's batches, in the order of the text.
 *
 * @param number of the shard, counted from 1
 * @param of how many there are
 */
public record Shard(int number, int of) {
  /** The most shards of a text. */
  public static final int MOST = 4096;

  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})/(\\d{1,9})");
  private static final String REMEDY = "give it as I/N, such as 1/4 for the first of four";

  /**
   * @throws InputException if the number is none of 1 to {@code of}, or there are too many
   */
  public Shard {
    InputException.requireRange(InputOption.SHARD, of, 1, MOST);
    if (number < 1 || number > of) {
      throw new InputException(InputOption.SHARD, number + "/" + of + " is no shard", REMEDY);
    }
  }

  /** A piece of a shard's text: whole batches from one position to another. */
  public record Piece(long from, long to) {}

  /**
   * The shard of that name, such as {@code 2/4}.
   *
   * @throws InputException if there is none
   */
  public static Shard parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new InputException(InputOption.SHARD, text + " is no shard", REMEDY);
    }
    return new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /**
   * Its pieces, in the order of the text. They end where the shard does, and at the first batch
   * that ends at or after a share of the whole text.
   *
   * @param shares of the whole text at which sums are looked at
   * @throws InputException if the text has fewer batches than there are shards
   */
  public List<Piece> pieces(ActivationStream.Text text, List<Double> shares) {
    long[] ends = ActivationStream.batchEnds(text);
    if (ends.length < of) {
      throw new InputException(
          InputOption.SHARD,
          "the text has " + ends.length + " batches, fewer than " + of + " shards",
          "make at most " + ends.length + " shards, or lower --batch");
    }
    int first = place(number - 1, ends.length);
    int after = place(number, ends.length);
    long total = ends[ends.length - 1];
    List<Piece> pieces = new ArrayList<>();
    long from = before(ends, first);
    for (int batch = first; batch < after; batch++) {
      long begin = before(ends, batch);
      long end = ends[batch];
      boolean looked = shares.stream().anyMatch(s -> begin < s * total && end >= s * total);
      if (looked || batch == after - 1) {
        pieces.add(new Piece(from, end));
        from = end;
      }
    }
    return pieces;
  }

  private int place(int shards, int batches) {
    return (int) ((long) shards * batches / of);
  }

  private static long before(long[] ends, int batch) {
    return batch == 0 ? 0 : ends[batch - 1];
  }

  /** As the command line has it, such as {@code 2/4}. */
  @Override
  public String toString() {
    return number + "/" + of;
  }
}
