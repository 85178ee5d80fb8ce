package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.duckdb.DuckDBDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files that hold much: they are refused before what they hold is. */
class TableSizeTest {
  private static final String REMEDY = "; restore the file or run the study again";

  @TempDir Path folder;

  private Path parquet(String name, String select) throws SQLException, IOException {
    Path file = folder.resolve(name + ".parquet");
    try (var connection = new DuckDBDriver().connect("jdbc:duckdb:", new Properties());
        var sql = connection.createStatement()) {
      sql.execute("COPY (" + select + ") TO '" + file + "' (FORMAT parquet, COMPRESSION zstd)");
    }
    assertTrue(Files.size(file) < 4 << 20, name + " is a small file");
    return file;
  }

  private static String refusal(Path file) {
    return assertThrows(InputException.class, () -> Table.read(file)).getMessage();
  }

  @Test
  void aHugeCellIsRefused() throws SQLException, IOException {
    Path text = parquet("text", "SELECT repeat('x', 16777217) AS a");
    assertEquals(
        text
            + ": a: holds a cell of 16777217 bytes or elements, at most 16777216 are read"
            + REMEDY,
        refusal(text));
    Path list = parquet("list", "SELECT list_resize([1]::INTEGER[], 16777217, 1) AS a");
    assertEquals(
        list
            + ": a: holds a cell of 16777217 bytes or elements, at most 16777216 are read"
            + REMEDY,
        refusal(list));
    Path texts = parquet("texts", "SELECT [repeat('x', 8388608), repeat('y', 8388609)] AS a");
    assertEquals(
        texts
            + ": a: holds a cell of 16777217 bytes or elements, at most 16777216 are read"
            + REMEDY,
        refusal(texts));
    Path csv = folder.resolve("text.csv");
    Files.writeString(csv, "a\n\"" + "x".repeat((1 << 24) + 1) + "\"\n");
    assertEquals(
        csv + ": row 2: holds a cell of more than 16777216 characters" + REMEDY, refusal(csv));
  }

  @Test
  void tooManyColumnsAreRefused() throws IOException {
    Path csv = folder.resolve("wide.csv");
    Files.writeString(
        csv, IntStream.range(0, 1_000_000).mapToObj(i -> "c" + i).collect(Collectors.joining(",")));
    assertEquals(csv + ": row 1: has more than 10000 columns" + REMEDY, refusal(csv));
  }

  /** Of a table of many rows the first are read, and the rest is not. */
  @Test
  void manyRowsAreLeftWhereTheyAre() throws SQLException, IOException {
    Path file = parquet("rows", "SELECT 7::INTEGER AS a FROM range(60000000)");
    Table first;
    try (TableReader reader = TableReader.beside(file)) {
      first = reader.first(file, 10_000);
    }
    assertEquals(List.of(10_000, 7), List.of(first.rows(), first.ints("a").get(9_999)));
  }

  @Test
  void whatTheHeapCannotHoldIsRefused() {
    TableSize size = new TableSize(Path.of("t.parquet"));
    size.add(1 << 20);
    size.require();
    size.add(1e15);
    String message = assertThrows(InputException.class, size::require).getMessage();
    assertTrue(message.startsWith("t.parquet: takes about 1500000001572864 bytes"), message);
    assertThrows(InputException.class, () -> size.requireRows(1L << 31));
  }
}
