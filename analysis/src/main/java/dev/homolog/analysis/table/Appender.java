package dev.homolog.analysis.table;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A growing column of a table that is being built, one {@code add} a row. Used by one thread;
 * {@link Table.Builder#build} takes its values, after which {@code add} throws {@link
 * IllegalStateException}.
 */
public abstract sealed class Appender {
  private static final int INITIAL = 64;

  final String name;
  int size;
  private boolean built;

  private Appender(String name) {
    this.name = name;
  }

  static Appender of(String name, ColumnType type) {
    return switch (type) {
      case INT -> new Ints(name);
      case LONG -> new Longs(name);
      case DOUBLE -> new Doubles(name);
      case BOOLEAN -> new Booleans(name);
      case TEXT -> new Texts(name);
      case INT_LIST -> new Lists<>(name, type, new int[INITIAL][]);
      case DOUBLE_LIST -> new Lists<>(name, type, new double[INITIAL][]);
      case TEXT_LIST -> new Lists<>(name, type, new String[INITIAL][]);
    };
  }

  /** Rows added so far. */
  public final int size() {
    return size;
  }

  abstract ColumnType type();

  abstract Column column();

  /** Takes the last row back. */
  final void undo() {
    checkOpen();
    size--;
  }

  final Column build() {
    checkOpen();
    built = true;
    return column();
  }

  final void checkOpen() {
    if (built) {
      throw new IllegalStateException("column " + name + " is built");
    }
  }

  /** The next row's index and the capacity that holds it: the same, or half as much again. */
  final int grown(int capacity) {
    checkOpen();
    if (size < capacity) {
      return capacity;
    }
    if (size == Integer.MAX_VALUE - 8) {
      throw new IllegalStateException("column " + name + " is full: 2^31 - 9 rows at most");
    }
    return (int) Math.min(Integer.MAX_VALUE - 8L, capacity + (capacity >> 1) + 1L);
  }

  /** Appends to a column of {@link ColumnType#INT}. */
  public static final class Ints extends Appender {
    private int[] values = new int[INITIAL];

    Ints(String name) {
      super(name);
    }

    public void add(int value) {
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = value;
    }

    @Override
    ColumnType type() {
      return ColumnType.INT;
    }

    @Override
    Column column() {
      return new Column.Ints(name, values, size);
    }
  }

  /** Appends to a column of {@link ColumnType#LONG}. */
  public static final class Longs extends Appender {
    private long[] values = new long[INITIAL];

    Longs(String name) {
      super(name);
    }

    public void add(long value) {
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = value;
    }

    @Override
    ColumnType type() {
      return ColumnType.LONG;
    }

    @Override
    Column column() {
      return new Column.Longs(name, values, size);
    }
  }

  /** Appends to a column of {@link ColumnType#DOUBLE}. */
  public static final class Doubles extends Appender {
    private double[] values = new double[INITIAL];

    Doubles(String name) {
      super(name);
    }

    public void add(double value) {
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = value;
    }

    @Override
    ColumnType type() {
      return ColumnType.DOUBLE;
    }

    @Override
    Column column() {
      return new Column.Doubles(name, values, size);
    }
  }

  /** Appends to a column of {@link ColumnType#BOOLEAN}. */
  public static final class Booleans extends Appender {
    private boolean[] values = new boolean[INITIAL];

    Booleans(String name) {
      super(name);
    }

    public void add(boolean value) {
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = value;
    }

    @Override
    ColumnType type() {
      return ColumnType.BOOLEAN;
    }

    @Override
    Column column() {
      return new Column.Booleans(name, values, size);
    }
  }

  /** Appends to a column of {@link ColumnType#TEXT}. */
  public static final class Texts extends Appender {
    private static final int SHARED = 1 << 16;

    private final Map<String, String> shared = new HashMap<>();
    private String[] values = new String[INITIAL];

    Texts(String name) {
      super(name);
    }

    /**
     * Adds a text that was just read: equal ones become one object, as long as they are few. Says
     * whether it is an object of its own.
     */
    boolean addShared(String value) {
      String sharedValue = value == null ? null : shared.get(value);
      if (sharedValue == null && value != null && shared.size() < SHARED) {
        shared.put(value, value);
      }
      add(sharedValue == null ? value : sharedValue);
      return sharedValue == null && value != null;
    }

    /** Adds a text, or null where there is none; the column keeps the reference. */
    public void add(String value) {
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = value;
    }

    @Override
    ColumnType type() {
      return ColumnType.TEXT;
    }

    @Override
    Column column() {
      return new Column.Texts(name, values, size);
    }
  }

  /** Appends to a column of {@link ColumnType#TEXT} by codes into a dictionary. */
  static final class Codes extends Appender {
    private final String[] dictionary;
    private int[] values = new int[INITIAL];

    /** Takes over the dictionary. */
    Codes(String name, String[] dictionary) {
      super(name);
      this.dictionary = dictionary;
    }

    /** Adds an index into the dictionary, unchecked, or −1 for null. */
    void add(int code) {
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = code;
    }

    @Override
    ColumnType type() {
      return ColumnType.TEXT;
    }

    @Override
    Column column() {
      return new Column.Texts(name, Arrays.copyOf(values, size), dictionary);
    }
  }

  /**
   * Appends to a column of arrays.
   *
   * @param <A> {@code int[]}, {@code double[]} or {@code String[]}
   */
  public static final class Lists<A> extends Appender {
    private final ColumnType type;
    private A[] values;

    Lists(String name, ColumnType type, A[] values) {
      super(name);
      this.type = type;
      this.values = values;
    }

    @Override
    ColumnType type() {
      return type;
    }

    /** Adds an array, not null, and takes it over. */
    public void add(A value) {
      Objects.requireNonNull(value, name);
      int capacity = grown(values.length);
      if (capacity != values.length) {
        values = Arrays.copyOf(values, capacity);
      }
      values[size++] = value;
    }

    @Override
    Column column() {
      return new Column.Lists<>(name, type, values, size);
    }
  }
}
