package dev.homolog.analysis.table;

import java.util.Arrays;
import java.util.Objects;

/**
 * One column of a {@link Table}: a read-only view, safe for use by several threads. {@code get}
 * throws {@link IndexOutOfBoundsException} for a row outside the table, {@code toArray} copies, one
 * element a row.
 */
public abstract sealed class Column {
  private final String name;
  private final ColumnType type;
  private final int size;

  private Column(String name, ColumnType type, int size) {
    this.name = name;
    this.type = type;
    this.size = size;
  }

  public final String name() {
    return name;
  }

  public final ColumnType type() {
    return type;
  }

  /** Number of rows. */
  public final int size() {
    return size;
  }

  final int checked(int row) {
    return Objects.checkIndex(row, size);
  }

  /** A column of {@link ColumnType#INT}. */
  public static final class Ints extends Column {
    private final int[] values;

    /** Takes over {@code values}, of which the first {@code size} are the column. */
    Ints(String name, int[] values, int size) {
      super(name, ColumnType.INT, size);
      this.values = values;
    }

    public int get(int row) {
      return values[checked(row)];
    }

    public int[] toArray() {
      return Arrays.copyOf(values, size());
    }
  }

  /** A column of {@link ColumnType#LONG}. */
  public static final class Longs extends Column {
    private final long[] values;

    /** Takes over {@code values}, of which the first {@code size} are the column. */
    Longs(String name, long[] values, int size) {
      super(name, ColumnType.LONG, size);
      this.values = values;
    }

    public long get(int row) {
      return values[checked(row)];
    }

    public long[] toArray() {
      return Arrays.copyOf(values, size());
    }
  }

  /** A column of {@link ColumnType#DOUBLE}; NaN stands for a value that is not there. */
  public static final class Doubles extends Column {
    private final double[] values;

    /** Takes over {@code values}, of which the first {@code size} are the column. */
    Doubles(String name, double[] values, int size) {
      super(name, ColumnType.DOUBLE, size);
      this.values = values;
    }

    public double get(int row) {
      return values[checked(row)];
    }

    public double[] toArray() {
      return Arrays.copyOf(values, size());
    }
  }

  /** A column of {@link ColumnType#BOOLEAN}. */
  public static final class Booleans extends Column {
    private final boolean[] values;

    /** Takes over {@code values}, of which the first {@code size} are the column. */
    Booleans(String name, boolean[] values, int size) {
      super(name, ColumnType.BOOLEAN, size);
      this.values = values;
    }

    public boolean get(int row) {
      return values[checked(row)];
    }

    public boolean[] toArray() {
      return Arrays.copyOf(values, size());
    }
  }

  /** A column of {@link ColumnType#TEXT}: strings, or codes into a dictionary of strings. */
  public static final class Texts extends Column {
    private final String[] values;
    private final int[] codes; // null: values has one a row

    /** Takes over {@code values}, of which the first {@code size} are the column. */
    Texts(String name, String[] values, int size) {
      super(name, ColumnType.TEXT, size);
      this.values = values;
      this.codes = null;
    }

    /** Takes over both arrays; the codes have been checked, −1 is null. */
    Texts(String name, int[] codes, String[] dictionary) {
      super(name, ColumnType.TEXT, codes.length);
      this.values = dictionary;
      this.codes = codes;
    }

    /** The text, or null where there is none. */
    public String get(int row) {
      int index = codes == null ? checked(row) : codes[checked(row)];
      return index < 0 ? null : values[index];
    }

    public String[] toArray() {
      var array = new String[size()];
      Arrays.setAll(array, this::get);
      return array;
    }
  }

  /**
   * A column whose cells are arrays.
   *
   * @param <A> {@code int[]}, {@code double[]} or {@code String[]}, by {@link #type()}
   */
  public static final class Lists<A> extends Column {
    private final A[] values;

    /** Takes over {@code values}, of which the first {@code size}, none null, are the column. */
    Lists(String name, ColumnType type, A[] values, int size) {
      super(name, type, size);
      this.values = values;
    }

    /** The cell's own array, not a copy: the caller leaves it as it is. */
    public A get(int row) {
      return values[checked(row)];
    }
  }
}
