package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoundTripTest {
  /** Quotes, blanks, wildcards and letters of a path mean nothing to SQL, globs or the system. */
  private static final String AWKWARD = "it's a [run] *? \"x\" {1} %20 ünï ;--";

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void everyTypeComesBack(TableFormat format) {
    for (int rows : new int[] {0, 1, 2, 100, 5000}) {
      Table table = Tables.hard(rows);
      var run = RunFolder.create(folder.resolve(AWKWARD + rows));
      Path file = run.write(table, format);
      assertEquals("hard." + format.extension(), file.getFileName().toString());
      Tables.assertSame(table, Table.read(file, table.schema()));
      Tables.assertSame(table, run.read("hard", table.schema()));
    }
  }

  @Test
  void parquetNeedsNoTypes() {
    Table table = Tables.hard(1000);
    Tables.assertSame(table, Table.read(write(table, TableFormat.PARQUET)));
  }

  /** Beyond a few thousand distinct texts the reader has no dictionary. */
  @Test
  void manyTextsComeBack() {
    var texts = new String[5000];
    Arrays.setAll(texts, row -> row % 7 == 0 ? null : "text " + row);
    Table table = Table.builder("t").texts("a", texts).texts("none", new String[5000]).build();
    Tables.assertSame(table, Table.read(write(table, TableFormat.PARQUET)));
  }

  @ParameterizedTest
  @EnumSource
  void partsAreOneTable(TableFormat format) {
    Table whole = Tables.hard(0);
    var parts = List.of(Tables.hard(0), Tables.hard(300), Tables.hard(1), Tables.hard(299));
    Path file = RunFolder.create(folder.resolve("r")).write(parts.iterator(), format);
    Table read = Table.read(file, whole.schema());
    assertEquals(600, read.rows());
    assertEquals(parts.get(1).ints("ints").get(299), read.ints("ints").get(299));
    assertEquals(parts.get(3).longs("longs").get(298), read.longs("longs").get(599));
  }

  @ParameterizedTest
  @EnumSource
  void someColumnsAreReadInTheOrderAsked(TableFormat format) {
    Path file = write(Tables.hard(10), format);
    var wanted = new LinkedHashMap<String, ColumnType>();
    wanted.put("codes", ColumnType.TEXT);
    wanted.put("ints", ColumnType.INT);
    Table read = Table.read(file, wanted);
    assertEquals(List.of("codes", "ints"), List.copyOf(read.schema().keySet()));
    assertArrayEquals(Tables.hard(10).ints("ints").toArray(), read.ints("ints").toArray());
    wanted.put("absent", ColumnType.INT);
    assertEquals(
        file
            + ": absent: is missing, the columns are "
            + Tables.hard(0).schema().keySet()
            + "; restore the file or run the study again",
        assertThrows(InputException.class, () -> Table.read(file, wanted)).getMessage());
  }

  /** DuckDB itself, through plain JDBC, sees the types, the values and zstd. */
  @Test
  void parquetIsWhatOthersRead() throws Exception {
    Table table = Tables.hard(200);
    Path file = write(table, TableFormat.PARQUET);
    String from = "'" + file.toString().replace("'", "''") + "'";
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      var types = new ArrayList<String>();
      try (var rows = statement.executeQuery("DESCRIBE SELECT * FROM " + from)) {
        while (rows.next()) {
          types.add(rows.getString("column_type"));
        }
      }
      assertEquals(
          List.of(
              "INTEGER",
              "BIGINT",
              "DOUBLE",
              "BOOLEAN",
              "VARCHAR",
              "INTEGER[]",
              "DOUBLE[]",
              "VARCHAR[]",
              "VARCHAR"),
          types);
      try (var rows = statement.executeQuery("SELECT * FROM " + from)) {
        for (int row = 0; row < 200; row++) {
          assertTrue(rows.next());
          assertEquals(table.ints("ints").get(row), rows.getInt(1));
          assertEquals(table.longs("longs").get(row), rows.getLong(2));
          double value = rows.getDouble(3);
          assertFalse(rows.wasNull(), "NaN is NaN, not null");
          assertEquals(table.doubles("doubles").get(row), value);
          assertEquals(table.texts("texts, \"quoted\"").get(row), rows.getString(5));
          assertEquals(table.texts("codes").get(row), rows.getString(9));
        }
        assertFalse(rows.next());
      }
      try (var rows =
          statement.executeQuery(
              "SELECT DISTINCT compression FROM parquet_metadata(" + from + ")")) {
        assertTrue(rows.next());
        assertEquals("ZSTD", rows.getString(1));
        assertFalse(rows.next());
      }
    }
  }

  /** Also under a reader of the test's own. */
  @Test
  void csvIsWhatOthersRead() throws Exception {
    Table table = Tables.hard(200);
    var rows = Tables.parseCsv(Files.readString(write(table, TableFormat.CSV)));
    assertEquals(List.copyOf(table.schema().keySet()), rows.get(0));
    assertEquals(201, rows.size());
    for (int row = 0; row < 200; row++) {
      List<String> cells = rows.get(row + 1);
      assertEquals(table.ints("ints").get(row), Integer.parseInt(cells.get(0)));
      assertEquals(table.longs("longs").get(row), Long.parseLong(cells.get(1)));
      double value = table.doubles("doubles").get(row);
      assertEquals(Double.isNaN(value) ? null : Double.toString(value), cells.get(2));
      assertEquals(Boolean.toString(table.booleans("booleans").get(row)), cells.get(3));
      assertEquals(table.texts("texts, \"quoted\"").get(row), cells.get(4));
      assertEquals(table.texts("codes").get(row), cells.get(8));
    }
  }

  @Test
  void csvByteForByte() throws Exception {
    Table table =
        Table.builder("t")
            .ints("layer", new int[] {1, 2, 3})
            .doubles("r", new double[] {0.1, Double.NaN, Double.NEGATIVE_INFINITY})
            .texts("text", new String[] {"=SUM(A1)", "", null})
            .booleans("on", new boolean[] {true, false, true})
            .doubleLists("d", new double[][] {{1, Double.NaN}, {}, {Double.POSITIVE_INFINITY}})
            .textLists("t", new String[][] {{"a\"b"}, {}, {"ü", null}})
            .build();
    assertEquals(
        """
        layer,r,text,on,d,t
        1,0.1,"=SUM(A1)",true,"[1.0,null]","[""a\\""b""]"
        2,,"",false,"[]","[]"
        3,-Infinity,,true,"[""Infinity""]","[""ü"",null]"
        """,
        Files.readString(write(table, TableFormat.CSV)));
  }

  /** Half a surrogate pair has no UTF-8; both formats put a question mark. */
  @ParameterizedTest
  @EnumSource
  void halfACharacterIsReplaced(TableFormat format) {
    Table table = Table.builder("t").texts("t", new String[] {"a\uD800b"}).build();
    assertEquals("a?b", Table.read(write(table, format), table.schema()).texts("t").get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "PAR1", "layer\n1\n", "PAR1xxxxxxxxxxxxxxxxxxxxxxxxPAR1"})
  void damagedParquetIsRefused(String content) throws Exception {
    Path file = Files.writeString(folder.resolve("t.parquet"), content);
    String message = assertThrows(InputException.class, () -> Table.read(file)).getMessage();
    assertTrue(message.startsWith(file + ": is not readable as Parquet ("), message);
    assertTrue(message.endsWith("; restore the file or run the study again"), message);
    assertEquals(1, message.lines().count());
  }

  @Test
  void parquetOfOtherTypesIsRefused() throws Exception {
    Path file = write(Tables.hard(3), TableFormat.PARQUET);
    var wanted = new LinkedHashMap<String, ColumnType>();
    wanted.put("doubles", ColumnType.INT);
    assertEquals(
        file + ": doubles: is DOUBLE, not INT; restore the file or run the study again",
        assertThrows(InputException.class, () -> Table.read(file, wanted)).getMessage());

    Path foreign = folder.resolve("foreign.parquet");
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      statement.execute("COPY (SELECT NULL::INTEGER AS a) TO '" + foreign + "'");
      assertEquals(
          foreign + ": a: has a null in row 1; restore the file or run the study again",
          assertThrows(InputException.class, () -> Table.read(foreign)).getMessage());
      statement.execute("COPY (SELECT DATE '2026-01-01' AS d) TO '" + foreign + "'");
      assertEquals(
          foreign + ": d: is DATE, which no table here is; restore the file or run the study again",
          assertThrows(InputException.class, () -> Table.read(foreign)).getMessage());
      statement.execute("COPY (SELECT [1, NULL] AS l) TO '" + foreign + "'");
      assertEquals(
          foreign + ": l: has a null in a list of row 1; restore the file or run the study again",
          assertThrows(InputException.class, () -> Table.read(foreign)).getMessage());
      statement.execute("COPY (SELECT NULL::DOUBLE AS a) TO '" + foreign + "'");
      assertTrue(Double.isNaN(Table.read(foreign).doubles("a").get(0)));
    }
  }

  @Test
  void whatIsNoTableIsRefused() throws Exception {
    Path absent = folder.resolve("t.csv");
    assertEquals(
        absent + ": is not a file; name the table of a finished run",
        assertThrows(InputException.class, () -> Table.read(absent)).getMessage());
    Path oddly = folder.resolve("My Table.csv");
    Files.writeString(oddly, "a\n1\n");
    assertEquals(
        oddly + ": is not named like a table; rename it like matches.csv",
        assertThrows(InputException.class, () -> Table.read(oddly)).getMessage());
    Path text = folder.resolve("t.txt");
    assertEquals(
        text + ": is not a table; name a file that ends in .parquet or .csv",
        assertThrows(InputException.class, () -> Table.read(text)).getMessage());
  }

  private Path write(Table table, TableFormat format) {
    return RunFolder.create(folder.resolve(AWKWARD)).write(table, format);
  }
}
