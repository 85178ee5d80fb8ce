package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.model.NeuronId;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableSpecTest {
  private record Row(NeuronId id, String name, double score, boolean good) {}

  private static final RowColumns<Row> COLUMNS =
      NeuronColumns.rows(Row::id)
          .texts(ColumnSpec.texts("name", "name", "what it is called"), Row::name)
          .doubles(ColumnSpec.doubles("score", "score", "how good it is").digits(6), Row::score)
          .booleans(ColumnSpec.booleans("good", "good", "whether it is"), Row::good);

  private static final TableSpec SPEC = TableSpec.of("rows", "a row a neuron", COLUMNS.specs());

  @Test
  void rowsBecomeTheDeclaredTable() {
    Table.Builder table = SPEC.builder();
    COLUMNS.addTo(
        table,
        List.of(
            new Row(new NeuronId(1, 2), "a", 0.5, true),
            new Row(new NeuronId(3, 4), null, Double.NaN, false)));
    Table built = table.build();
    assertEquals("rows", built.name());
    assertEquals(
        List.of("layer", "neuron", "name", "score", "good"), List.copyOf(built.schema().keySet()));
    assertArrayEquals(new int[] {1, 3}, built.ints("layer").toArray());
    assertArrayEquals(new int[] {2, 4}, built.ints("neuron").toArray());
    assertArrayEquals(new String[] {"a", null}, built.texts("name").toArray());
    assertArrayEquals(new double[] {0.5, Double.NaN}, built.doubles("score").toArray());
    assertTrue(built.booleans("good").get(0));
    assertFalse(built.booleans("good").get(1));
  }

  @Test
  void columnsGetTheDeclaredOrder() {
    Table built =
        SPEC.builder()
            .booleans("good", new boolean[1])
            .doubles("score", new double[1])
            .texts("name", new String[1])
            .ints("neuron", new int[1])
            .ints("layer", new int[1])
            .build();
    assertEquals(
        List.of("layer", "neuron", "name", "score", "good"), List.copyOf(built.schema().keySet()));
  }

  @Test
  void whatIsNotDeclaredIsRefused() {
    Table.Builder table = SPEC.builder();
    assertThrows(IllegalArgumentException.class, () -> table.ints("rank"));
    assertThrows(IllegalArgumentException.class, () -> table.ints("score"));
    var refusal = assertThrows(IllegalArgumentException.class, () -> table.longs("layer"));
    assertEquals("column layer of table rows is declared as INT, not LONG", refusal.getMessage());
    NeuronColumns.in(table).add(new NeuronId(0, 1));
    table.texts("name").add("a");
    table.doubles("score").add(1);
    var missing = assertThrows(IllegalStateException.class, table::build);
    assertEquals("table rows lacks its column good", missing.getMessage());
  }

  @Test
  void badDeclarationsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ColumnSpec.ints("a b", "a", "a"));
    assertThrows(IllegalArgumentException.class, () -> ColumnSpec.ints("a", " ", "a"));
    assertThrows(IllegalArgumentException.class, () -> ColumnSpec.ints("a", "a", ""));
    ColumnSpec text = ColumnSpec.texts("a", "a", "a");
    assertThrows(
        IllegalArgumentException.class, () -> RowColumns.<Row>none().doubles(text, Row::score));
    ColumnSpec same = ColumnSpec.ints("A", "a", "a");
    assertThrows(
        IllegalArgumentException.class, () -> TableSpec.of("t", "a row", List.of(text, same)));
    assertThrows(IllegalArgumentException.class, () -> TableSpec.of("t", "a row", List.of()));
  }

  @Test
  void usesAddUp() {
    ColumnSpec column = ColumnSpec.doubles("a", "a", "a").first(30).onCard(30).notCompared();
    assertEquals(30, column.place());
    assertTrue(column.is(ColumnSpec.Use.FIRST));
    assertTrue(column.is(ColumnSpec.Use.CARD));
    assertTrue(column.is(ColumnSpec.Use.NOT_COMPARED));
    assertFalse(column.is(ColumnSpec.Use.LEFT_OUT));
  }
}
