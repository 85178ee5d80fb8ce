package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Some rows of a table, against all rows looked at one by one. */
class RowFilterTest {
  private static final int ROWS = 5000;
  private static final int WIDTH = 50;

  @TempDir Path folder;

  private final int[] layer = ints(4);
  private final int[] neuron = ints(WIDTH);
  private final int[] rank = IntStream.of(ints(21)).map(i -> i - 10).toArray();
  private final String[] kind =
      new Random(1)
          .ints(ROWS, 0, 4)
          .mapToObj(i -> new String[] {"out", "it's \"quoted\", so", "", null}[i])
          .toArray(String[]::new);
  private final int[] id = IntStream.range(0, ROWS).toArray();

  private static int[] ints(int bound) {
    return new Random(bound).ints(ROWS, 0, bound).toArray();
  }

  private RunFolder run(TableFormat format) {
    RunFolder run = RunFolder.create(folder.resolve("run"));
    run.write(
        Table.builder("t")
            .ints("layer", layer)
            .ints("neuron", neuron)
            .ints("rank", rank)
            .texts("kind", kind)
            .ints("id", id)
            .build(),
        format);
    return run;
  }

  private void check(RunFolder run, RowFilter filter, IntPredicate expected) {
    SequencedMap<String, ColumnType> columns = new LinkedHashMap<>();
    columns.put("kind", ColumnType.TEXT);
    columns.put("id", ColumnType.INT);
    Table read = run.find("t", columns, filter).orElseThrow();
    int[] rows = IntStream.range(0, ROWS).filter(expected).toArray();
    assertEquals(
        IntStream.of(rows).boxed().toList(),
        IntStream.of(read.ints("id").toArray()).boxed().toList());
    for (int i = 0; i < rows.length; i++) {
      assertEquals(kind[rows[i]], read.texts("kind").get(i));
    }
  }

  @ParameterizedTest
  @EnumSource
  void rowsThatMeetEveryCondition(TableFormat format) {
    RunFolder run = run(format);
    BitSet some = new BitSet();
    new Random(2).ints(30, 0, 4 * WIDTH).forEach(some::set);
    IntPredicate among = row -> some.get(layer[row] * WIDTH + neuron[row]);
    RowFilter all = RowFilter.ALL;
    check(run, all, _ -> true);
    check(run, all.between("rank", -1, 3), row -> rank[row] >= -1 && rank[row] <= 3);
    check(run, all.between("rank", 3, -1), _ -> false);
    check(run, all.equal("kind", "out"), row -> "out".equals(kind[row]));
    check(run, all.equal("kind", ""), row -> "".equals(kind[row]));
    check(run, all.equal("kind", "absent"), _ -> false);
    check(run, all.of(WIDTH, some), among);
    check(run, all.of(WIDTH, new BitSet()), _ -> false);
    check(
        run,
        all.of(WIDTH, some).between("rank", 0, 5).equal("kind", "it's \"quoted\", so"),
        row ->
            among.test(row)
                && rank[row] >= 0
                && rank[row] <= 5
                && "it's \"quoted\", so".equals(kind[row]));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNotThereIsNotFound(TableFormat format) {
    RunFolder run = run(format);
    SequencedMap<String, ColumnType> columns = new LinkedHashMap<>();
    columns.put("id", ColumnType.INT);
    assertTrue(run.find("t", columns, RowFilter.ALL).isPresent());
    assertEquals(Optional.empty(), run.find("u", columns, RowFilter.ALL));
    columns.put("place", ColumnType.INT);
    assertEquals(Optional.empty(), run.find("t", columns, RowFilter.ALL));
  }

  @ParameterizedTest
  @EnumSource
  void conditionOnAnAbsentColumnIsRefused(TableFormat format) {
    RunFolder run = run(format);
    SequencedMap<String, ColumnType> columns = new LinkedHashMap<>();
    columns.put("id", ColumnType.INT);
    var refusal =
        assertThrows(
            InputException.class,
            () -> run.find("t", columns, RowFilter.ALL.between("place", 0, 1)));
    assertTrue(refusal.getMessage().contains("place"), refusal.getMessage());
  }
}
