package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void arraysBecomeColumnsInTheOrderGiven() {
    Table table =
        Table.builder("matches")
            .ints("layer", new int[] {3, 4})
            .longs("tokens", new long[] {1L << 40, 5})
            .doubles("correlation", new double[] {0.5, Double.NaN})
            .booleans("universal", new boolean[] {true, false})
            .texts("other", new String[] {"b", null})
            .texts("direction", new int[] {1, -1}, new String[] {"out", "back"})
            .build();
    assertEquals("matches", table.name());
    assertEquals(2, table.rows());
    assertEquals(
        List.of("layer", "tokens", "correlation", "universal", "other", "direction"),
        List.copyOf(table.schema().keySet()));
    assertEquals(4, table.ints("layer").get(1));
    assertEquals(1L << 40, table.longs("tokens").get(0));
    assertEquals(0.5, table.doubles("correlation").get(0));
    assertTrue(Double.isNaN(table.doubles("correlation").get(1)));
    assertTrue(table.booleans("universal").get(0));
    assertEquals("b", table.texts("other").get(0));
    assertNull(table.texts("other").get(1));
    assertArrayEquals(new String[] {"back", null}, table.texts("direction").toArray());
    assertArrayEquals(new long[] {3, 4}, table.longs("layer").toArray(), "an INT column, widened");
    assertThrows(IndexOutOfBoundsException.class, () -> table.ints("layer").get(2));
  }

  @Test
  void columnsGrowRowByRow() {
    var builder = Table.builder("t");
    var ints = builder.ints("i");
    var longs = builder.longs("l");
    var doubles = builder.doubles("d");
    var booleans = builder.booleans("b");
    var texts = builder.texts("t");
    var lists = builder.textLists("x");
    int rows = 1000;
    for (int row = 0; row < rows; row++) {
      ints.add(row);
      longs.add(-row);
      doubles.add(row / 8.0);
      booleans.add(row % 3 == 0);
      texts.add("t" + row);
      lists.add(new String[] {"a", "b" + row});
    }
    Table table = builder.build();
    assertEquals(rows, table.rows());
    for (int row = 0; row < rows; row++) {
      assertEquals(row, table.ints("i").get(row));
      assertEquals(-row, table.longs("l").get(row));
      assertEquals(row / 8.0, table.doubles("d").get(row));
      assertEquals(row % 3 == 0, table.booleans("b").get(row));
      assertEquals("t" + row, table.texts("t").get(row));
      assertEquals("b" + row, table.textLists("x").get(row)[1]);
    }
    assertEquals(rows, table.ints("i").toArray().length, "what the array grew beyond is not a row");
    assertThrows(IndexOutOfBoundsException.class, () -> table.ints("i").get(rows));
    assertEquals(
        "column i is built",
        assertThrows(IllegalStateException.class, () -> ints.add(1)).getMessage());
  }

  @Test
  void copiesDoNotReachTheTable() {
    Table table = Table.builder("t").ints("i", new int[] {1}).build();
    table.ints("i").toArray()[0] = 9;
    assertEquals(1, table.ints("i").get(0));
    assertThrows(UnsupportedOperationException.class, () -> table.schema().clear());
  }

  @Test
  void wrongNamesAndTypesAreRefusedWithWhatThereIs() {
    Table table = Table.builder("t").ints("layer", new int[0]).doubles("r", new double[0]).build();
    assertEquals(
        "table t has no column neuron; it has [layer, r]",
        assertThrows(IllegalArgumentException.class, () -> table.ints("neuron")).getMessage());
    assertEquals(
        "column r of table t is DOUBLE, not INT",
        assertThrows(IllegalArgumentException.class, () -> table.ints("r")).getMessage());
    assertThrows(IllegalArgumentException.class, () -> table.doubles("layer"));
    assertThrows(IllegalArgumentException.class, () -> table.longs("r"));
  }

  @Test
  void columnsThatMakeNoTableAreRefused() {
    var uneven = Table.builder("t").ints("a", new int[2]).doubles("b", new double[3]);
    assertEquals(
        "table t: column a has 2 rows, column b has 3",
        assertThrows(IllegalStateException.class, uneven::build).getMessage());
    assertThrows(IllegalStateException.class, () -> Table.builder("t").build());
    var builder = Table.builder("t").ints("a", new int[0]);
    assertThrows(IllegalArgumentException.class, () -> builder.ints("A", new int[0]));
    assertThrows(IllegalArgumentException.class, () -> builder.ints("", new int[0]));
    assertEquals(
        "column c: code 2 outside -1 … 1",
        assertThrows(
                IllegalArgumentException.class,
                () -> builder.texts("c", new int[] {2}, new String[] {"x", "y"}))
            .getMessage());
    assertThrows(NullPointerException.class, () -> builder.intLists("l", new int[][] {{1}, null}));
    for (String name : List.of("", "../x", "A", "a b", "a.b", ".a")) {
      assertThrows(IllegalArgumentException.class, () -> Table.builder(name), name);
    }
  }

  @Test
  void formatsAreNamedExactly() {
    assertEquals(TableFormat.PARQUET, TableFormat.parse("parquet"));
    assertEquals(TableFormat.CSV, TableFormat.parse("csv"));
    assertEquals(
        "--format: there is no format CSV; choose one of parquet, csv",
        assertThrows(InputException.class, () -> TableFormat.parse("CSV")).getMessage());
  }
}
