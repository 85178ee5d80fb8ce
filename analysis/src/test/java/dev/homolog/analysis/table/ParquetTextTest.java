package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import dev.homolog.core.tokens.TextFields;
import dev.homolog.core.tokens.TextTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Documents of Parquet tables that DuckDB itself has written. */
class ParquetTextTest {
  @TempDir Path folder;

  private Path table(String name, String select) throws SQLException {
    Path file = folder.resolve(name);
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          "COPY (" + select + ") TO '" + file + "' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
    }
    return file;
  }

  private static List<TextTables.Row> read(Path file, TextFields fields) {
    List<TextTables.Row> all = new ArrayList<>();
    try (TextTables.Rows rows = new ParquetText().open(file, fields)) {
      for (Optional<TextTables.Row> row = rows.next(); row.isPresent(); row = rows.next()) {
        all.add(row.get());
      }
      assertEquals(Optional.empty(), rows.next());
    }
    return all;
  }

  private static List<String> labels(Path file, String key) {
    return read(file, new TextFields("text", Optional.ofNullable(key))).stream()
        .map(row -> row.label().orElse("-"))
        .toList();
  }

  /** A text that the user names may be a link, for instance into a cache. */
  @Test
  void aLinkIsRead() throws Exception {
    Path there = Files.createDirectory(folder.resolve("there [1]"));
    Path file = table("real.parquet", "SELECT 'r' AS text");
    Files.move(file, there.resolve("blob"));
    Path link = Files.createSymbolicLink(file, there.resolve("blob"));
    assertEquals("r", read(link, TextFields.DEFAULT).getFirst().text());
  }

  /** Of many row groups, which several threads read. */
  @Test
  void rowsComeInOrder() throws SQLException {
    int rows = 100_000;
    Path file =
        table(
            "a.parquet",
            "SELECT 'r' || i || repeat(' x', (i % 50)::INT) AS text, i AS id FROM range("
                + rows
                + ") t(i)");
    List<TextTables.Row> read = read(file, TextFields.DEFAULT);
    assertEquals(rows, read.size());
    for (int i = 0; i < rows; i++) {
      assertEquals("r" + i + " x".repeat(i % 50), read.get(i).text());
    }
  }

  @Test
  void anotherColumn() throws SQLException {
    String body = "\"the \"\"body\"\"\"";
    Path file = table("a.parquet", "SELECT 'né\n' || chr(128512) AS " + body + ", 1 AS text");
    TextFields fields = new TextFields("the \"body\"", Optional.empty());
    assertEquals("né\n\uD83D\uDE00", read(file, fields).getFirst().text());
    assertRefused(
        file,
        TextFields.DEFAULT,
        "text: is INTEGER, not text; name the column that holds the text with --text-column");
    assertRefused(
        file,
        new TextFields("content", Optional.empty()),
        "content: no such column; the columns are [the \"body\", text]; name the one that holds the"
            + " text with --text-column");
  }

  private static void assertRefused(Path file, TextFields fields, String message) {
    assertEquals(
        file + ": " + message,
        assertThrows(InputException.class, () -> read(file, fields)).getMessage());
  }

  /** Structs, strings that hold JSON, flattened names, columns; the first that has a value. */
  @Test
  void subsets() throws SQLException {
    Path nested =
        table(
            "a.parquet",
            "SELECT 'x' AS text, {'url': 'u', 'pile_set_name': 'A'} AS meta, 'D' AS source"
                + " UNION ALL SELECT 'y', {'url': 'u', 'pile_set_name': NULL}, 'E'"
                + " UNION ALL SELECT 'z', NULL, NULL");
    assertEquals(List.of("A", "E", "-"), labels(nested, null));
    assertEquals(List.of("u", "u", "-"), labels(nested, "meta.url"));
    Path written =
        table(
            "b.parquet",
            "SELECT 'x' AS text, '{\"pile_set_name\": \"A\"}' AS meta"
                + " UNION ALL SELECT 'y', '{''source'': ''B''}' UNION ALL SELECT 'z', 'none'");
    assertEquals(List.of("A", "B", "-"), labels(written, null));
    Path flat = table("c.parquet", "SELECT 'x' AS text, 'A' AS \"meta.pile_set_name\", 7 AS n");
    assertEquals(List.of("A"), labels(flat, null));
    assertEquals(List.of("7"), labels(flat, "n"));
    Path deep = table("d.parquet", "SELECT 'x' AS text, {'a': {'b c': 'B'}} AS m, [1] AS list");
    assertEquals(List.of("B"), labels(deep, "m.a.b c"));
    for (String key : List.of("m.a", "list", "lang", "m.x")) {
      assertRefused(
          deep,
          new TextFields("text", Optional.of(key)),
          key
              + ": no such column of text or integers; the columns are [text, m, list]; name"
              + " another with --subset-key");
    }
  }

  @Test
  void rowsThatCannotBeRead() throws SQLException, IOException {
    Path empty = table("a.parquet", "SELECT 'x' AS text UNION ALL SELECT NULL");
    assertRefused(empty, TextFields.DEFAULT, "row 1: \"text\" is null; leave such rows out");
    Path large = table("b.parquet", "SELECT 'x' AS text UNION ALL SELECT repeat('y', 67108865)");
    assertRefused(
        large,
        TextFields.DEFAULT,
        "row 1: a text of 67108865 bytes, more than 67108864; split the document, or give it as"
            + " .jsonl");
    Path cut = folder.resolve("c.parquet");
    byte[] bytes = Files.readAllBytes(empty);
    Files.write(cut, java.util.Arrays.copyOf(bytes, bytes.length - 9));
    InputException e = assertThrows(InputException.class, () -> read(cut, TextFields.DEFAULT));
    assertEquals("is not readable as Parquet", e.problem().substring(0, 26));
    assertEquals("check that the file is whole", e.remedy());
  }

  /** Folders of sweeps, whose names look like patterns or like values of columns. */
  @Test
  void foldersOfAnyName() throws SQLException, IOException {
    Path file = table("a.parquet", "SELECT 'x' AS text, 'S' AS source");
    Path other = table("b.parquet", "SELECT 'wrong' AS text, 'W' AS source");
    Path odd = Files.createDirectories(folder.resolve("source=1/g[1]"));
    Path plain = Files.createDirectories(folder.resolve("source=1/g1"));
    Path copy = Files.copy(file, odd.resolve("t*.parquet"));
    Files.copy(other, odd.resolve("tt.parquet"));
    Files.copy(other, plain.resolve("t*.parquet"));
    assertEquals(
        List.of(new TextTables.Row("x", Optional.of("S"))), read(copy, TextFields.DEFAULT));
  }
}
