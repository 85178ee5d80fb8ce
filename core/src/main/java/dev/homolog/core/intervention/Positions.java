package dev.homolog.core.intervention;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Positions of a row, BOS being 0: those of [from, to).
 *
 * @param from the first
 * @param to the first that is not meant any more
 */
public record Positions(int from, int to) {
  /** Every position. */
  public static final Positions ALL = new Positions(0, Integer.MAX_VALUE);

  private static final Pattern FORM = Pattern.compile("(\\d{1,8})(-(\\d{0,8}))?");

  public Positions {
    if (from < 0 || to <= from) {
      throw new IllegalArgumentException("positions [" + from + ", " + to + ")");
    }
  }

  /** One position. */
  public static Positions at(int position) {
    return new Positions(position, position + 1);
  }

  /** A position and all after it. */
  public static Positions from(int first) {
    return new Positions(first, Integer.MAX_VALUE);
  }

  /**
   * Those of a text: one position, such as 64, a range, such as 64-127, or all from one on, such as
   * 64-.
   *
   * @param option that the text is the value of
   * @throws InputException if it is none of these
   */
  public static Positions parse(InputOption option, String text) {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      int from = Integer.parseInt(matcher.group(1));
      if (matcher.group(2) == null) {
        return at(from);
      }
      if (matcher.group(3).isEmpty()) {
        return from(from);
      }
      int last = Integer.parseInt(matcher.group(3));
      if (last >= from) {
        return new Positions(from, last + 1);
      }
    }
    throw new InputException(
        option, text + " is no range of positions", "give such as 64, 64-127 or 64-");
  }

  /** Written as {@link #parse} reads it; all of them as {@code all}. */
  @Override
  public String toString() {
    if (equals(ALL)) {
      return "all";
    }
    return to - from == 1
        ? from + ""
        : to == Integer.MAX_VALUE ? from + "-" : from + "-" + (to - 1);
  }

  /** Whether a position is one of them. */
  public boolean contains(int position) {
    return position >= from && position < to;
  }
}
