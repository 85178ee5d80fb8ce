package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Tables for tests, and their comparison. */
public final class Tables {
  private static final int[] INTS = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE};
  private static final long[] LONGS = {0, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 53, -7};
  private static final double[] DOUBLES = {
    0.0,
    -0.0,
    0.1,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.MIN_VALUE,
    Double.MAX_VALUE,
    1e7,
    1e-3,
    123456789.123456789,
    2e22
  };
  private static final String[] TEXTS = {
    "plain",
    "",
    null,
    "a,b",
    "say \"hi\"",
    "\"",
    "line\nbreak",
    "carriage\r\nreturn\r",
    "=1+1",
    "+1",
    "-1",
    "@x",
    "12",
    "1.5",
    "true",
    "NaN",
    "null",
    " padded ",
    "\t",
    "naïve Ünïcödé 日本 𝒳 🧠",
    "Ġthe",
    "'",
    "\\",
    "\\n",
    "\uFEFFmark",
    "nul\0nul",
    "# not a comment",
    "a sentence somewhat longer than the quoting heuristics of a writer may look at"
  };

  private Tables() {}

  /** A table with a column of every type and every value that is hard for some format. */
  public static Table hard(int rows) {
    var random = new Random(7);
    var builder = Table.builder("hard");
    var ints = builder.ints("ints");
    var longs = builder.longs("longs");
    var doubles = builder.doubles("doubles");
    var booleans = builder.booleans("booleans");
    var texts = builder.texts("texts, \"quoted\"");
    var codes = new int[rows];
    var intLists = builder.intLists("int_lists");
    var doubleLists = builder.doubleLists("double_lists");
    var textLists = builder.textLists("text_lists");
    for (int row = 0; row < rows; row++) {
      ints.add(row < INTS.length ? INTS[row] : random.nextInt());
      longs.add(row < LONGS.length ? LONGS[row] : random.nextLong());
      doubles.add(row < DOUBLES.length ? DOUBLES[row] : Double.longBitsToDouble(random.nextLong()));
      booleans.add(random.nextBoolean());
      texts.add(TEXTS[row % TEXTS.length]);
      codes[row] = row % 3 - 1;
      intLists.add(random.ints(row % 4).toArray());
      doubleLists.add(
          random.ints(row % 5, 0, DOUBLES.length).mapToDouble(i -> DOUBLES[i]).toArray());
      textLists.add(
          random.ints(row % 3, 0, TEXTS.length).mapToObj(i -> TEXTS[i]).toArray(String[]::new));
    }
    return builder.texts("codes", codes, new String[] {"out", "back"}).build();
  }

  /**
   * Equal names, types and values; NaN equals NaN, −0 equals 0 (a dictionary in Parquet has one).
   */
  public static void assertSame(Table expected, Table actual) {
    assertEquals(expected.name(), actual.name());
    assertEquals(
        List.copyOf(expected.schema().entrySet()), List.copyOf(actual.schema().entrySet()));
    assertEquals(expected.rows(), actual.rows());
    for (int i = 0; i < expected.columns().size(); i++) {
      Column column = expected.columns().get(i);
      Column other = actual.columns().get(i);
      for (int row = 0; row < expected.rows(); row++) {
        String where = column.name() + " row " + row;
        assertArrayEquals(
            new Object[] {value(column, row)}, new Object[] {value(other, row)}, where);
      }
    }
  }

  /**
   * Equal names, types, counts and texts, and doubles that differ by that much at most, relative to
   * values above 1. NaN equals NaN.
   *
   * @param score column of doubles by which rows are ranked, if any. Of rows of about equal score
   *     either may come first, so only the score of such rows is compared.
   */
  public static void assertClose(
      Table expected, Table actual, double tolerance, Optional<String> score) {
    assertEquals(expected.name(), actual.name());
    assertEquals(
        List.copyOf(expected.schema().entrySet()), List.copyOf(actual.schema().entrySet()));
    assertEquals(expected.rows(), actual.rows());
    for (int i = 0; i < expected.columns().size(); i++) {
      Column column = expected.columns().get(i);
      boolean ranked = score.isPresent() && !column.name().equals(score.get());
      for (int row = 0; row < expected.rows(); row++) {
        if (!ranked || !isTied(expected, score.get(), row, tolerance)) {
          Object one = value(column, row);
          Object other = value(actual.columns().get(i), row);
          String where = expected.name() + " " + column.name() + " row " + row;
          if (one instanceof Double wanted
              && other instanceof Double found
              && !(wanted.isNaN() && found.isNaN())) {
            double most = tolerance * Math.max(1, Math.abs(wanted));
            assertEquals(wanted, found, most, where);
          } else {
            assertArrayEquals(new Object[] {one}, new Object[] {other}, where);
          }
        }
      }
    }
  }

  private static boolean isTied(Table table, String score, int row, double tolerance) {
    Column.Doubles scores = (Column.Doubles) table.column(score);
    double own = scores.get(row);
    return (row > 0 && Math.abs(scores.get(row - 1) - own) <= tolerance)
        || (row + 1 < table.rows() && Math.abs(scores.get(row + 1) - own) <= tolerance);
  }

  static Object value(Column column, int row) {
    return switch (column) {
      case Column.Ints c -> c.get(row);
      case Column.Longs c -> c.get(row);
      case Column.Doubles c -> c.get(row) + 0.0;
      case Column.Booleans c -> c.get(row);
      case Column.Texts c -> c.get(row);
      case Column.Lists<?> c ->
          c.get(row) instanceof double[] values
              ? Arrays.stream(values).map(value -> value + 0.0).toArray()
              : c.get(row);
    };
  }

  /**
   * A second reader of CSV for the tests, by RFC 4180 alone: rows of cells, a bare empty cell as
   * null.
   */
  static List<List<String>> parseCsv(String text) {
    var rows = new ArrayList<List<String>>();
    var row = new ArrayList<String>();
    int at = 0;
    while (at < text.length()) {
      String cell;
      if (text.charAt(at) == '"') {
        int end = at + 1;
        while (text.startsWith("\"\"", end) || text.charAt(end) != '"') {
          end += text.charAt(end) == '"' ? 2 : 1;
        }
        cell = text.substring(at + 1, end).replace("\"\"", "\"");
        at = end + 1;
      } else {
        int end = at;
        while (",\n".indexOf(text.charAt(end)) < 0) {
          end++;
        }
        cell = end == at ? null : text.substring(at, end);
        at = end;
      }
      row.add(cell);
      if (text.charAt(at++) == '\n') {
        rows.add(row);
        row = new ArrayList<>();
      }
    }
    return rows;
  }
}
