package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.TableSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/definitions.md} against the tables and columns as they are declared. */
class DefinitionsTest {
  private static final Path FILE = Path.of("../docs/definitions.md");
  private static final String SECTION = "## All tables\n";
  private static final Pattern NAME = Pattern.compile("`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`");

  /** Names in the text that are no columns: keys of files, words of options and of columns. */
  private static final Set<String> OTHERS =
      Set.of(
          // config.json
          "bos_token_id",
          "rotary_pct",
          "scale_attn_by_inverse_layer_idx",
          "use_parallel_residual",
          // tokenizer_config.json
          "add_prefix_space",
          "added_tokens_decoder",
          "do_lower_case",
          "split_special_tokens",
          "strip_accents",
          "tokenize_chinese_chars",
          // the authors' program
          "sample_baseline_neurons",
          // text and study.json
          "constant_neurons",
          "disk_bytes",
          "joined_from_shards",
          "standard_error",
          "documents_left_out",
          "documents_without_subset",
          "equal_files",
          "equal_tensors",
          "frequency_tokens",
          "frequency_unseen",
          "host_bytes",
          "permuted_cosine",
          "permuted_cosine_sd",
          "reading_bytes",
          "replaced_characters",
          "same_index_cosine",
          "subsets_dropped",
          "suppression_from_layer",
          "training_steps",
          // values
          "cosine_in_in",
          "cosine_out_out",
          "in_in",
          "in_out",
          "out_in",
          "out_out",
          "part_of_speech",
          "previous_token");

  @Test
  void everyTableAndColumnIsDefined() throws IOException {
    String text = Files.readString(FILE);
    int section = text.indexOf(SECTION);
    assertTrue(section > 0, "no section" + SECTION);
    assertEquals(
        listing(),
        text.substring(section + SECTION.length()).strip(),
        "the last section of docs/definitions.md must be this");
  }

  private static String listing() {
    return Declared.TABLES.stream()
        .map(DefinitionsTest::listing)
        .collect(Collectors.joining("\n\n"));
  }

  private static String listing(TableSpec table) {
    String head = "### `%s`\n%s.\n\n| column | type | label | meaning |\n|---|---|---|---|\n";
    return head.formatted(table.name(), capital(table.meaning()))
        + table.columns().stream()
            .map(column ->
                "| `%s` | %s | %s | %s |"
                    .formatted(
                        column.name(),
                        type(column),
                        escaped(column.label()),
                        escaped(column.meaning())))
            .collect(Collectors.joining("\n"));
  }

  private static String type(ColumnSpec column) {
    return column.type().name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String escaped(String text) {
    return text.replace("|", "\\|");
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  @Test
  void nothingElseIsDefined() throws IOException {
    Set<String> known =
        Declared.TABLES.stream()
            .flatMap(table ->
                Stream.concat(
                    Stream.of(table.name()), table.columns().stream().map(ColumnSpec::name)))
            .collect(Collectors.toSet());
    Set<String> unknown = new TreeSet<>();
    Matcher names = NAME.matcher(Files.readString(FILE));
    while (names.find()) {
      if (!known.contains(names.group(1)) && !OTHERS.contains(names.group(1))) {
        unknown.add(names.group(1));
      }
    }
    assertEquals(Set.of(), unknown);
  }

  /** A section's line that begins with a table's name defines it, and no other line does. */
  @Test
  void noTableIsDefinedTwice() throws IOException {
    String text = Files.readString(FILE);
    List<String> lines = text.substring(0, text.indexOf(SECTION)).lines().toList();
    for (TableSpec table : Declared.TABLES) {
      long definitions =
          lines.stream().filter(line -> line.startsWith("* `" + table.name() + "`:")).count();
      assertTrue(definitions <= 1, table.name());
    }
  }

  @Test
  void meaningsAreOfFewWords() {
    for (TableSpec table : Declared.TABLES) {
      for (ColumnSpec column : table.columns()) {
        assertTrue(column.meaning().split(" ").length <= 25, column::toString);
      }
    }
  }
}
