package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.homolog.analysis.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A folder's name is a name: no pattern of names, and no value of a column. */
class FolderNamesTest {
  /** In pairs: the first, taken as a pattern, is the second, too. */
  private static final List<String> NAMES =
      List.of(
          "g[1]",
          "g1",
          "st*r",
          "star",
          "q?",
          "qa",
          "**",
          "layer=1",
          "layer=2/neuron=7",
          "model=b",
          "seed=1",
          "value=x",
          "g[[]1]",
          "[ab",
          "a]b[c]",
          "x[!a]",
          "{a,b}",
          "a",
          "it's",
          "say \"hi\"",
          "new\nline",
          "a b",
          "a%20b",
          "#h",
          "-dash",
          "~",
          "$HOME",
          "layer=__HIVE_DEFAULT_PARTITION__",
          "back\\slash",
          "back\\slash[1]",
          "backXslash[1]",
          "ü日本");

  @TempDir Path folder;

  private static Table table(int value) {
    return Table.builder("t")
        .ints("layer", new int[] {0, 3})
        .ints("neuron", new int[] {value, 4})
        .texts("model", new String[] {"model " + value, null})
        .build();
  }

  private static void check(Table read, int value, String name) {
    assertEquals(2, read.rows(), name);
    assertEquals(List.of("layer", "neuron", "model"), List.copyOf(read.schema().keySet()), name);
    assertEquals(0, read.ints("layer").get(0), name);
    assertEquals(value, read.ints("neuron").get(0), name);
    assertEquals("model " + value, read.texts("model").get(0), name);
  }

  @ParameterizedTest
  @EnumSource
  void everyFolderHasItsOwnTable(TableFormat format) throws IOException {
    // All are written before one is read, so that a pattern finds what it must not.
    for (String name : NAMES) {
      try (RunFolder run = RunFolder.create(folder.resolve(name))) {
        run.write(table(NAMES.indexOf(name)), format);
        run.finish(JsonNodeFactory.instance.objectNode());
      }
    }
    BitSet one = new BitSet();
    for (String name : NAMES) {
      int value = NAMES.indexOf(name);
      RunFolder run = RunFolder.open(folder.resolve(name));
      Table whole = run.read("t");
      check(whole, value, name);
      SequencedMap<String, ColumnType> schema = whole.schema();
      check(run.read("t", schema), value, name);
      one.clear();
      one.set(value);
      Table found = run.find("t", schema, RowFilter.ALL.of(100, one)).orElseThrow();
      assertEquals(List.of(1, value), List.of(found.rows(), found.ints("neuron").get(0)), name);
      assertEquals(
          List.of("study.json", "t." + format.extension()),
          names(folder.resolve(name)),
          "nothing is left behind in " + name);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /** The digits of the default locale are not those of SQL. */
  @Test
  void digitsOfTheLocaleStayOutOfConditions() {
    Locale before = Locale.getDefault();
    RunFolder run = RunFolder.create(folder.resolve("run"));
    BitSet some = new BitSet();
    some.set(12);
    some.set(304);
    SequencedMap<String, ColumnType> schema = new LinkedHashMap<>(table(12).schema());
    try {
      for (String tag : List.of("ar-EG", "fa-IR", "th-TH-u-nu-thai", "hi-IN-u-nu-deva", "tr-TR")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        for (TableFormat format : TableFormat.values()) {
          run.write(table(12), format);
          Path file = folder.resolve("run/t." + format.extension());
          RowFilter filter = RowFilter.ALL.of(100, some).between("neuron", 4, 12).first(1_000_000);
          try (TableReader reader = TableReader.beside(file)) {
            assertEquals(2, reader.find(file, schema, filter).orElseThrow().rows(), tag);
          }
        }
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
