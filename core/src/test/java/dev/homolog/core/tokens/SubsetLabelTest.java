package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where public collections keep the name of a document's part. */
class SubsetLabelTest {
  @TempDir Path folder;

  private String label(String rest, TextFields fields) throws IOException {
    Path file = Texts.write(folder, "a.jsonl", Texts.utf8("{" + rest + "}\n"));
    TextFiles files = TextFiles.of(List.of(file)).withFields(fields);
    Texts.Document document = Texts.read(files).getFirst();
    assertEquals("x", document.text());
    return document.label().orElse("-");
  }

  private String usual(String rest) throws IOException {
    String before = label(rest + ", \"text\": \"x\"", TextFields.DEFAULT);
    assertEquals(before, label("\"text\": \"x\", " + rest, TextFields.DEFAULT));
    return before;
  }

  private String of(String key, String rest) throws IOException {
    return label("\"text\": \"x\", " + rest, new TextFields("text", Optional.of(key)));
  }

  @Test
  void theUsualKeysInTheirOrder() throws IOException {
    assertEquals("A", usual("\"meta\": {\"pile_set_name\": \"A\"}"));
    assertEquals("A", usual("\"meta\": {\"redpajama_set_name\": \"A\"}"));
    assertEquals("A", usual("\"meta\": {\"url\": \"u\", \"source\": \"A\"}"));
    assertEquals("A", usual("\"source\": \"A\""));
    assertEquals("A", usual("\"subset\": \"A\""));
    assertEquals(
        "A",
        usual(
            "\"subset\": \"E\", \"source\": \"D\","
                + "\"meta\": {\"source\": \"C\", \"redpajama_set_name\": \"B\","
                + " \"pile_set_name\": \"A\"}"));
    assertEquals("D", usual("\"subset\": \"E\", \"source\": \"D\", \"meta\": null"));
    assertEquals("A", usual("\"meta.pile_set_name\": \"A\", \"source\": \"D\""));
  }

  /** As JSON, and as Python prints a dictionary. */
  @Test
  void metaInAString() throws IOException {
    assertEquals("A", usual("\"meta\": \"{\\\"pile_set_name\\\": \\\"A\\\"}\""));
    assertEquals("A's", usual("\"meta\": \"{'pile_set_name': \\\"A's\\\"}\""));
    assertEquals(
        "None of it",
        usual("\"meta\": \"{'n': None, 't': True, 'f': False, 'source': 'None of it'}\""));
    assertEquals("-", usual("\"meta\": \"a page about {source}\""));
    assertEquals("-", usual("\"meta\": \"\""));
    assertEquals("B", of("meta.a.b", "\"meta\": \"{\\\"a\\\": {\\\"b\\\": \\\"B\\\"}}\""));
    assertEquals("B", of("meta.a.b", "\"meta\": {\"a\": \"{\\\"b\\\": \\\"B\\\"}\"}"));
  }

  @Test
  void noName() throws IOException {
    for (String rest :
        List.of(
            "\"meta\": null",
            "\"meta\": [{\"pile_set_name\": \"A\"}]",
            "\"meta\": {\"pile_set_name\": null}",
            "\"meta\": {\"pile_set_name\": \" \"}",
            "\"source\": 3",
            "\"source\": {\"pile_set_name\": \"A\"}",
            "\"subset\": [\"A\"]",
            "\"pile_set_name\": \"A\"",
            "\"source\": \"" + "s".repeat(70_000) + "\"")) {
      assertEquals("-", usual(rest), rest);
    }
  }

  @Test
  void aKeyByName() throws IOException {
    assertEquals("en", of("lang", "\"lang\": \"en\", \"source\": \"A\""));
    assertEquals("en", of("info.lang", "\"info\": {\"x\": 1, \"lang\": \"en\"}"));
    assertEquals("17", of("cluster", "\"cluster\": 17"));
    assertEquals("true", of("clean", "\"clean\": true"));
    assertEquals("-", of("lang", "\"source\": \"A\""));
    assertRefused("\"lang\" is not a string", "lang", "\"lang\": [\"en\"]");
    assertRefused("\"lang\" is not a string", "lang", "\"lang\": {\"en\": 1}");
    assertRefused(
        "\"lang\" has more than 65536 characters",
        "lang",
        "\"lang\": \"" + "s".repeat(65_537) + "\"");
    assertRefused("not JSON: Duplicate field 'lang'", "lang", "\"lang\": \"en\", \"lang\": \"de\"");
  }

  private void assertRefused(String problem, String key, String rest) {
    assertEquals(problem, assertThrows(InputException.class, () -> of(key, rest)).problem());
  }

  /** Numbers that JSON does not have or nobody can hold, keys given twice, long names. */
  @Test
  void whatNobodyReadsDoesNotMatter() throws IOException {
    for (String rest :
        List.of(
            "\"perplexity\": NaN",
            "\"perplexity\": -Infinity",
            "\"perplexity\": Infinity",
            "\"id\": " + "1".repeat(1500),
            "\"id\": 1e999999999",
            "\"id\": 1, \"id\": 2",
            "\"m\": {\"a\": 1, \"a\": NaN}",
            "\"" + "k".repeat(60_000) + "\": 1",
            "\"html\": \"" + "y".repeat(1_000_000) + "}\"")) {
      assertEquals("A", usual(rest + ", \"source\": \"A\""));
    }
  }

  /** A line of many keys is passed over and not kept. */
  @Test
  void aLineOfManyKeys() throws IOException {
    StringBuilder keys = new StringBuilder();
    for (int i = 0; i < 300_000; i++) {
      keys.append("\"k").append(i).append("\": ").append(i).append(", ");
    }
    assertEquals("A", usual(keys + "\"source\": \"A\""));
  }

  /** Names of single documents, such as addresses, are no subsets; a named key has none. */
  @Test
  void tooManyNames() throws IOException {
    Tokenizer tokenizer = Golden.tokenizer();
    for (int documents : new int[] {1024, 1025}) {
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < documents; i++) {
        lines.append("{\"text\": \"x\", \"source\": \"http://host/").append(i).append("\"}\n");
      }
      Path file = Texts.write(folder, documents + ".jsonl", Texts.utf8(lines.toString()));
      boolean many = documents > 1024;
      TextFiles usual = TextFiles.of(List.of(file));
      try (TokenTable table =
          TokenTable.fromText(usual, tokenizer, Golden.rules(), 2, Long.MAX_VALUE, _ -> {})) {
        assertEquals(many, table.subsetsDropped());
        assertEquals(many ? 0 : 1024, table.subsets().size());
        assertEquals(many ? 1025 : 0, table.unlabelled());
        assertEquals(many ? -1 : 7, table.subsetOf(15, 0));
      }
      TextFiles named = usual.withFields(new TextFields("text", Optional.of("source")));
      if (many) {
        InputException e =
            assertThrows(
                InputException.class,
                () ->
                    TokenTable.fromText(
                            named, tokenizer, Golden.rules(), 2, Long.MAX_VALUE, _ -> {})
                        .close());
        assertEquals(
            "--subset-key source: documents have more than 1024 values of it; name a key of fewer"
                + " values",
            e.getMessage());
      }
    }
  }

  /** A .txt has no subset to name, so it is not counted. */
  @Test
  void documentsWithoutANameAreCounted() throws IOException {
    Path text = Texts.write(folder, "a.txt", Texts.utf8("a b"));
    Path lines =
        Texts.write(
            folder,
            "b.jsonl",
            Texts.utf8("{\"text\":\"c\",\"source\":\"A\"}\n{\"text\":\"d\"}\n{\"text\":\"e\"}"));
    Tokenizer tokenizer = Golden.tokenizer();
    try (TokenTable table =
        TokenTable.fromText(List.of(text, lines), tokenizer, Golden.rules(), 2, Long.MAX_VALUE)) {
      assertEquals(2, table.unlabelled());
      assertEquals(4, table.documents());
      assertEquals(List.of("A"), table.subsets());
    }
  }

  @Test
  void fieldsThatNoFileHas() throws IOException {
    Path text = Texts.write(folder, "a.txt", Texts.utf8("a"));
    TextFiles files = TextFiles.of(List.of(text));
    for (TextFields fields :
        List.of(
            new TextFields("text", Optional.of("lang")),
            new TextFields("content", Optional.empty()))) {
      InputException e = assertThrows(InputException.class, () -> files.withFields(fields));
      assertTrue(e.getMessage().contains("a .txt file has no such thing"), e.getMessage());
    }
    Path lines = Texts.write(folder, "a.jsonl", Texts.utf8("{\"content\": \"c\"}"));
    TextFiles content =
        TextFiles.of(List.of(lines)).withFields(new TextFields("content", Optional.empty()));
    assertEquals("c", Texts.read(content).getFirst().text());
    assertEquals(
        lines + ": line 1: no \"text\"; give one object a line, as {\"text\": \"…\"}",
        assertThrows(InputException.class, () -> Texts.read(lines)).getMessage());
  }
}
