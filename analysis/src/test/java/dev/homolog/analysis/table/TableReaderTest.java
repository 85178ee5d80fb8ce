package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reader of many tables reads each as a reader of its own would. */
class TableReaderTest {
  private static final int ROWS = 300;

  @TempDir Path folder;

  /** So many rows that texts get a dictionary; a column of the same name in each table. */
  private static Table table(String name, String text) {
    String[] texts = new String[ROWS];
    Arrays.setAll(texts, row -> row % 5 == 0 ? null : text + row % 3);
    return Table.builder(name).texts("text", texts).build();
  }

  private Path write(Table table, TableFormat format) throws IOException {
    Path file = folder.resolve(table.name() + "." + format.extension());
    format.write(file, List.of(table).iterator());
    return file;
  }

  @Test
  void tablesDoNotMeet() throws IOException {
    Path a = write(table("a", "one "), TableFormat.PARQUET);
    Path b = write(table("b", "two "), TableFormat.PARQUET);
    Path c = write(table("c", "three "), TableFormat.CSV);
    try (TableReader reader = new TableReader(folder)) {
      for (int time = 0; time < 2; time++) {
        Tables.assertSame(table("a", "one "), reader.first(a, ROWS));
        Tables.assertSame(table("b", "two "), reader.first(b, ROWS));
        Table asked = table("c", "three ");
        Tables.assertSame(asked, reader.find(c, asked.schema(), RowFilter.ALL).orElseThrow());
      }
    }
  }

  @Test
  void aFileThatIsRefusedHarmsNoOther() throws IOException {
    Path good = write(table("good", "text "), TableFormat.PARQUET);
    Path bad = write(table("bad", "text "), TableFormat.PARQUET);
    byte[] bytes = Files.readAllBytes(bad);
    Arrays.fill(bytes, 4, bytes.length / 2, (byte) 0xff);
    Files.write(bad, bytes);
    try (TableReader reader = new TableReader(folder)) {
      reader.first(good, ROWS);
      assertThrows(InputException.class, () -> reader.first(bad, ROWS));
      Tables.assertSame(table("good", "text "), reader.first(good, ROWS));
    }
  }

  /** Of equal size and time, as a copy of a run may have. */
  @Test
  void aFileThatTookAnothersPlaceIsReadAnew() throws IOException {
    Path file = write(table("t", "old "), TableFormat.PARQUET);
    Path other = write(table("other", "new "), TableFormat.PARQUET);
    FileTime time = Files.getLastModifiedTime(file);
    try (TableReader reader = new TableReader(folder)) {
      Tables.assertSame(table("t", "old "), reader.first(file, ROWS));
      Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      Files.setLastModifiedTime(file, time);
      assertEquals("new 1", reader.first(file, ROWS).texts("text").get(1));
    }
  }
}
