package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.analysis.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Prints how long a table like {@code matches} takes, in parts; no time is asserted. {@code
 * -Dhomolog.tableRows=7000000} makes it the size of a real one.
 */
class LargeTableTest {
  private static final int ROWS = Integer.getInteger("homolog.tableRows", 400_000);
  private static final int PART = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void writesAndReadsBack(TableFormat format) throws Exception {
    format.require();
    int parts = (ROWS + PART - 1) / PART;
    var run = RunFolder.create(folder.resolve("run"));
    long start = System.nanoTime();
    Path file = run.write(IntStream.range(0, parts).mapToObj(this::part).iterator(), format);
    long written = System.nanoTime();
    Table read = Table.read(file);
    long end = System.nanoTime();
    System.out.printf(
        "%s: %,d rows of 8 columns: write %.2f s, read %.2f s, %.1f MiB%n",
        format, ROWS, (written - start) / 1e9, (end - written) / 1e9, Files.size(file) / 1048576.0);
    assertEquals(ROWS, read.rows());
    for (int part = 0; part < parts; part++) {
      Table expected = part(part);
      assertEquals(expected.schema(), read.schema());
      for (int row = 0; row < expected.rows(); row += 997) {
        int at = part * PART + row;
        assertEquals(expected.ints("neuron").get(row), read.ints("neuron").get(at));
        assertEquals(expected.doubles("correlation").get(row), read.doubles("correlation").get(at));
        assertEquals(expected.texts("direction").get(row), read.texts("direction").get(at));
      }
    }
  }

  private Table part(int part) {
    var random = new Random(part);
    int rows = Math.min(PART, ROWS - part * PART);
    return Table.builder("matches")
        .ints("layer", random.ints(rows, 0, 12).toArray())
        .ints("neuron", random.ints(rows, 0, 3072).toArray())
        .texts("other", random.ints(rows, 0, 4).toArray(), new String[] {"b", "c", "d", "e"})
        .texts("direction", random.ints(rows, 0, 2).toArray(), new String[] {"out", "back"})
        .ints("rank", random.ints(rows, -50, 50).toArray())
        .ints("other_layer", random.ints(rows, 0, 12).toArray())
        .ints("other_neuron", random.ints(rows, 0, 3072).toArray())
        .doubles("correlation", random.doubles(rows, -1, 1).toArray())
        .build();
  }
}
