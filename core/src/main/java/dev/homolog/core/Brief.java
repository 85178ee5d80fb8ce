package dev.homolog.core;

import java.util.BitSet;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * The text of a value that may hold much, for logs and debuggers: fields by name, of lists their
 * length and their first element, and nothing that is long. Used by one thread.
 *
 * {@snippet :
 * return Brief.of("Homologs").with("groups", groups).toString();
 * }
 */
public final class Brief {
  private static final int LONGEST = 120;
  private static final int LONGEST_OF_ALL = 1800;

  private final String name;
  private final StringJoiner fields = new StringJoiner(", ", "[", "]");

  private Brief(String name) {
    this.name = name;
  }

  /** Begins a text with the name of what is printed. */
  public static Brief of(String name) {
    return new Brief(name);
  }

  /** Adds a field. */
  public Brief with(String field, Object value) {
    fields.add(field + "=" + cut(text(value), LONGEST));
    return this;
  }

  private static String text(Object value) {
    return switch (value) {
      case null -> "none";
      case Collection<?> list when list.size() == 1 -> "[" + list.iterator().next() + "]";
      case Collection<?> list when !list.isEmpty() ->
          list.size()
              + " × ["
              + cut(Objects.toString(list.iterator().next()), LONGEST / 2)
              + ", …]";
      case Map<?, ?> map -> map.size() + " entries";
      case BitSet set -> set.cardinality() + " bits";
      case double[] array -> array.length + " numbers";
      case float[] array -> array.length + " numbers";
      case long[] array -> array.length + " numbers";
      case int[] array -> array.length + " numbers";
      case Object[] array -> array.length + " elements";
      default -> value.toString();
    };
  }

  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "…";
  }

  @Override
  public String toString() {
    return cut(name + fields, LONGEST_OF_ALL);
  }
}
