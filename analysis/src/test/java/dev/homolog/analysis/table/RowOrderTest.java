package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.analysis.run.RunFolder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Random;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows come in the order of the file, whatever is asked of them and however many there are. */
class RowOrderTest {
  private static final int WIDTH = 3072;
  private static final int LAYERS = 12;
  private static final int RANKS = 12;

  @TempDir Path folder;

  /** Several row groups of a file, which DuckDB reads by several threads. */
  @Test
  void ofManyNeurons() {
    int rows = WIDTH * LAYERS * RANKS;
    int[] layer = new int[rows];
    int[] neuron = new int[rows];
    int[] rank = new int[rows];
    int[] id = new int[rows];
    String[] other = new String[rows];
    for (int i = 0; i < rows; i++) {
      int flat = i / RANKS;
      layer[i] = flat / WIDTH;
      neuron[i] = flat % WIDTH;
      rank[i] = i % RANKS + 1;
      id[i] = i;
      other[i] = "b" + i % 3;
    }
    RunFolder run = RunFolder.create(folder.resolve("run"));
    run.write(
        Table.builder("t")
            .ints("layer", layer)
            .ints("neuron", neuron)
            .ints("rank", rank)
            .texts("other", other)
            .ints("id", id)
            .build(),
        TableFormat.PARQUET);
    BitSet chosen = new BitSet();
    new Random(3).ints(3000, 0, WIDTH * LAYERS).forEach(chosen::set);
    int[] expected =
        IntStream.range(0, rows)
            .filter(row -> chosen.get(row / RANKS) && row % RANKS < RANKS - 2)
            .toArray();
    SequencedMap<String, ColumnType> columns = new LinkedHashMap<>();
    columns.put("other", ColumnType.TEXT);
    columns.put("id", ColumnType.INT);
    RowFilter filter = RowFilter.ALL.between("rank", 1, RANKS - 2).of(WIDTH, chosen);
    for (int again = 0; again < 8; again++) {
      Table read = run.find("t", columns, filter).orElseThrow();
      assertArrayEquals(expected, read.ints("id").toArray());
      for (int i = 0; i < expected.length; i += 97) {
        assertEquals("b" + expected[i] % 3, read.texts("other").get(i));
      }
    }
    assertArrayEquals(id, run.read("t").ints("id").toArray());
  }

  @ParameterizedTest
  @EnumSource
  void theFirstRowsAreTheFirst(TableFormat format) {
    RunFolder run = RunFolder.create(folder.resolve("run"));
    int[] id = IntStream.range(0, 5000).map(i -> 7 * i).toArray();
    int[] layer = new int[id.length];
    Table table = Table.builder("t").ints("id", id).ints("layer", layer).build();
    run.write(table, format);
    for (int most : new int[] {0, 1, 4999, 5000, 6000}) {
      int[] expected = Arrays.copyOf(id, Math.min(most, id.length));
      assertArrayEquals(
          expected,
          run.first("t", most).schema().size() == 2 && most > 0
              ? run.first("t", most).ints("id").toArray()
              : new int[0]);
      Table found = run.find("t", table.schema(), RowFilter.ALL.first(most)).orElseThrow();
      assertArrayEquals(expected, found.ints("id").toArray());
      Table between =
          run.find("t", table.schema(), RowFilter.ALL.first(most).between("id", 7, 14))
              .orElseThrow();
      assertEquals(Math.clamp(most - 1, 0, 2), between.rows());
    }
  }
}
