package dev.homolog.core.stream;

import java.util.Arrays;
import java.util.Random;

/** Which rows of a token table a pass reads, in ascending order. */
public final class Rows {
  private final long[] indices;

  private Rows(long[] indices) {
    this.indices = indices;
  }

  /** Every row. */
  public static Rows all(long rows) {
    long[] indices = new long[Math.toIntExact(rows)];
    Arrays.setAll(indices, i -> i);
    return new Rows(indices);
  }

  /** {@code count} rows at even distances, so that every part of the text is heard. */
  public static Rows spread(long rows, long count) {
    int n = Math.toIntExact(Math.min(rows, count));
    long[] indices = new long[n];
    Arrays.setAll(indices, i -> (2L * i + 1) * rows / (2L * n));
    return new Rows(indices);
  }

  /** {@code count} different rows drawn at random. */
  public static Rows random(long rows, long count, long seed) {
    Random random = new Random(seed);
    long wanted = Math.min(rows, count);
    long[] indices = new long[Math.toIntExact(wanted)];
    int drawn = 0;
    // Knuth's selection sampling keeps them in order.
    for (long row = 0; row < rows && drawn < wanted; row++) {
      if (random.nextDouble() * (rows - row) < wanted - drawn) {
        indices[drawn++] = row;
      }
    }
    return new Rows(indices);
  }

  /** The rows from the {@code from}th to before the {@code to}th. */
  public Rows part(int from, int to) {
    return new Rows(Arrays.copyOfRange(indices, from, to));
  }

  /** How many rows. */
  public int count() {
    return indices.length;
  }

  /** The {@code i}th of the rows. */
  public long get(int i) {
    return indices[i];
  }
}
