package dev.homolog.analysis.table;

import static dev.homolog.analysis.table.ColumnType.BOOLEAN;
import static dev.homolog.analysis.table.ColumnType.DOUBLE;
import static dev.homolog.analysis.table.ColumnType.DOUBLE_LIST;
import static dev.homolog.analysis.table.ColumnType.INT;
import static dev.homolog.analysis.table.ColumnType.INT_LIST;
import static dev.homolog.analysis.table.ColumnType.LONG;
import static dev.homolog.analysis.table.ColumnType.TEXT;
import static dev.homolog.analysis.table.ColumnType.TEXT_LIST;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvReaderTest {
  @TempDir Path folder;

  @Test
  void typesAreInferredFromAllRows() throws IOException {
    assertInferred(INT, "0", "-1", "2147483647", "-2147483648");
    assertInferred(LONG, "0", "2147483648");
    assertInferred(LONG, "9223372036854775807", "-9223372036854775808");
    assertInferred(DOUBLE, "1", "0.5");
    assertInferred(DOUBLE, "1.0", "", "-Infinity", "1.0E-7", "NaN");
    assertInferred(DOUBLE, "1", "");
    assertInferred(DOUBLE, "", "");
    assertInferred(DOUBLE, "-0");
    assertInferred(BOOLEAN, "true", "false");
    assertInferred(TEXT, "true", "");
    assertInferred(TEXT, "true", "1");
    assertInferred(TEXT, "1", "x");
    assertInferred(TEXT, "\"12\"", "\"13\"");
    assertInferred(TEXT, "1", "\"\"");
    assertInferred(TEXT, "007");
    assertInferred(TEXT, "+1");
    assertInferred(TEXT, "1.");
    assertInferred(TEXT, "1e");
    assertInferred(TEXT, "0x10");
    assertInferred(TEXT, "1d");
    assertInferred(TEXT, "True");
    assertInferred(TEXT, "9223372036854775808");
    assertInferred(TEXT, "9007199254740993", "");
    assertInferred(TEXT, "9007199254740993", "0.5");
    assertInferred(TEXT);
  }

  @Test
  void tablesWithoutListsComeBackWithoutTypes() {
    Table table =
        Table.builder("t")
            .ints("i", new int[] {1, 2, 3})
            .longs("l", new long[] {1L << 40, 0, -1})
            .doubles("d", new double[] {1, Double.NaN, 3})
            .booleans("b", new boolean[] {true, false, true})
            .texts("t", new String[] {"12", "", null})
            .build();
    Path file = RunFolder.create(folder.resolve("r")).write(table, TableFormat.CSV);
    Tables.assertSame(table, Table.read(file));
  }

  @Test
  void bothLineEndsAndAMarkAreTaken() throws IOException {
    Table table = read("\uFEFFa,b\r\n1,\"x\r\ny\"\r\n2,z");
    assertArrayEquals(new int[] {1, 2}, table.ints("a").toArray());
    assertArrayEquals(new String[] {"x\r\ny", "z"}, table.texts("b").toArray());
    assertArrayEquals(
        new String[] {"x", null}, read("t\n\"x\"\n\n").texts("t").toArray(), "one empty cell");
    assertTrue(Double.isNaN(read("a,b\n1,").doubles("b").get(0)), "an empty cell at the very end");
  }

  @Test
  void malformedTextIsRefusedWithItsRow() throws IOException {
    assertRefused("is empty", "", "");
    assertRefused("ends inside a quoted cell", "row 2", "a,b\n1,\"x");
    assertRefused("has text beside a quoted cell", "row 2", "a,b\n\"x\"y,1\n");
    assertRefused("has a quote inside a bare cell", "row 3", "a,b\n1,2\n1,x\"y\"\n");
    assertRefused("does not have the 2 cells of the header", "row 2", "a,b\n1\n");
    assertRefused("does not have the 2 cells of the header", "row 3", "a,b\n1,2\n1,2,3\n");
    assertRefused("does not have the 2 cells of the header", "row 2", "a,b\n\n");
    assertRefused("names a column twice or not at all", "row 1", "a,A\n1,2\n");
    assertRefused("names a column twice or not at all", "row 1", "a,\n1,2\n");
  }

  @Test
  void otherEncodingsAreRefused() throws IOException {
    Path file = folder.resolve("t.csv");
    Files.write(file, "a\nü\n".getBytes(StandardCharsets.ISO_8859_1));
    var e = assertThrows(InputException.class, () -> Table.read(file));
    assertEquals("is not UTF-8", e.problem());
  }

  @Test
  void cellsOfAnotherTypeAreRefused() throws IOException {
    String row = "row 2: column a is ";
    assertMistyped(row + "\"2147483648\", not a whole number", INT, "2147483648");
    assertMistyped(row + "\"\", not a whole number", INT, "");
    assertMistyped(row + "\"1.0\", not a whole number", LONG, "1.0");
    assertMistyped(row + "\"1\", not a whole number", INT, "\"1\"");
    assertMistyped(row + "\"1d\", not a number", DOUBLE, "1d");
    assertMistyped(row + "\"yes\", not true or false", BOOLEAN, "yes");
    assertMistyped(row + "\"[1,2\", not an array of its type", INT_LIST, "\"[1,2\"");
    assertMistyped(row + "\"[1.5]\", not an array of its type", INT_LIST, "[1.5]");
    assertMistyped(row + "\"[true]\", not an array of its type", DOUBLE_LIST, "[true]");
    assertMistyped(row + "\"[1]\", not an array of its type", TEXT_LIST, "[1]");
    assertMistyped(row + "\"3\", not an array of its type", TEXT_LIST, "3");
    assertMistyped(row + "\"" + "x".repeat(40) + "…\", not a number", DOUBLE, "x".repeat(1000));
  }

  private void assertInferred(ColumnType type, String... cells) throws IOException {
    var text = new StringBuilder("a,b\n");
    for (String cell : cells) {
      text.append(cell).append(",x\n");
    }
    assertEquals(type, read(text.toString()).column("a").type(), text.toString());
  }

  private void assertRefused(String problem, String field, String text) throws IOException {
    Path file = Files.writeString(folder.resolve("t.csv"), text);
    var e = assertThrows(InputException.class, () -> Table.read(file));
    assertEquals(problem, e.problem());
    assertEquals(field, e.field());
    assertEquals(file.toString(), e.where());
  }

  private void assertMistyped(String expected, ColumnType type, String cell) throws IOException {
    Path file = Files.writeString(folder.resolve("t.csv"), "a\n" + cell + "\n");
    var columns = new LinkedHashMap<String, ColumnType>();
    columns.put("a", type);
    assertEquals(
        file + ": " + expected + "; restore the file or run the study again",
        assertThrows(InputException.class, () -> Table.read(file, columns)).getMessage());
  }

  private Table read(String text) throws IOException {
    return Table.read(Files.writeString(folder.resolve("t.csv"), text));
  }
}
