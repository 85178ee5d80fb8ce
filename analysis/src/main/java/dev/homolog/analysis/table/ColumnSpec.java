package dev.homolog.analysis.table;

import dev.homolog.core.Brief;
import java.util.EnumSet;
import java.util.Set;

/**
 * The one declaration of a column. Tables are built by it, and the report takes its words from it.
 * A test compares it with the definitions. Immutable.
 *
 * {@snippet :
 * ColumnSpec excess =
 *     ColumnSpec.doubles("excess_corr", "excess", "mean best correlation above the baseline's")
 *         .digits(6)
 *         .first(10);
 * }
 *
 * @param name in the table's file
 * @param type of its values
 * @param label as a report heads it
 * @param meaning in one plain sentence, which need not repeat the label
 * @param digits significant digits that a report holds of a number
 * @param place order among the columns that a report puts in front; 0 for those that it does not
 * @param uses what a report does with it
 */
public record ColumnSpec(
    String name,
    ColumnType type,
    String label,
    String meaning,
    int digits,
    int place,
    Set<Use> uses) {

  /** What a report does with a column, beyond holding it. */
  public enum Use {
    /** It leaves it out, for the page's size. */
    LEFT_OUT,
    /** It shows it at first; the reader may choose others. */
    FIRST,
    /** It shows it on the card of a neuron. */
    CARD,
    /** It does not compare universal neurons with others by it. */
    NOT_COMPARED
  }

  /** Significant digits of a number where nothing else is said. */
  public static final int DIGITS = 3;

  /**
   * @throws IllegalArgumentException the name is no name, or label or meaning are blank
   */
  public ColumnSpec {
    if (!Table.isColumnName(name) || label.isBlank() || meaning.isBlank() || digits < 1) {
      throw new IllegalArgumentException("column " + name + " cannot be declared so");
    }
    uses = Set.copyOf(uses);
  }

  /**
   * Declares a column of any type, with three digits and no further use; each method below is the
   * same for one type.
   */
  public static ColumnSpec of(String name, ColumnType type, String label, String meaning) {
    return new ColumnSpec(name, type, label, meaning, DIGITS, 0, Set.of());
  }

  public static ColumnSpec ints(String name, String label, String meaning) {
    return of(name, ColumnType.INT, label, meaning);
  }

  public static ColumnSpec longs(String name, String label, String meaning) {
    return of(name, ColumnType.LONG, label, meaning);
  }

  public static ColumnSpec doubles(String name, String label, String meaning) {
    return of(name, ColumnType.DOUBLE, label, meaning);
  }

  public static ColumnSpec booleans(String name, String label, String meaning) {
    return of(name, ColumnType.BOOLEAN, label, meaning);
  }

  public static ColumnSpec texts(String name, String label, String meaning) {
    return of(name, ColumnType.TEXT, label, meaning);
  }

  public static ColumnSpec intLists(String name, String label, String meaning) {
    return of(name, ColumnType.INT_LIST, label, meaning);
  }

  public static ColumnSpec doubleLists(String name, String label, String meaning) {
    return of(name, ColumnType.DOUBLE_LIST, label, meaning);
  }

  public static ColumnSpec textLists(String name, String label, String meaning) {
    return of(name, ColumnType.TEXT_LIST, label, meaning);
  }

  /** The same with another number of significant digits. */
  public ColumnSpec digits(int significant) {
    return new ColumnSpec(name, type, label, meaning, significant, place, uses);
  }

  /** The same, left out of a report. */
  public ColumnSpec leftOut() {
    return with(place, Use.LEFT_OUT);
  }

  /**
   * The same, shown at first.
   *
   * @param order above 0, unlike that of any other column of the same table
   */
  public ColumnSpec first(int order) {
    return with(order, Use.FIRST);
  }

  /** The same, shown on a neuron's card; the parameter is that of {@link #first}. */
  public ColumnSpec onCard(int order) {
    return with(order, Use.CARD);
  }

  /** The same, by which universal neurons are not compared with others. */
  public ColumnSpec notCompared() {
    return with(place, Use.NOT_COMPARED);
  }

  /** Whether a report does that with it. */
  public boolean is(Use use) {
    return uses.contains(use);
  }

  private ColumnSpec with(int order, Use use) {
    var more = EnumSet.of(use);
    more.addAll(uses);
    return new ColumnSpec(name, type, label, meaning, digits, order, more);
  }

  @Override
  public String toString() {
    return Brief.of("ColumnSpec")
        .with("name", name)
        .with("type", type)
        .with("label", label)
        .with("meaning", meaning)
        .with("digits", digits)
        .with("place", place)
        .with("uses", uses)
        .toString();
  }
}
