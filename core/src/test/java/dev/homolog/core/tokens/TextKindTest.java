package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names and containers in which public text is handed out, and what lies under a wrong name. */
class TextKindTest {
  private static final String LINES = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n";

  @TempDir Path folder;

  private Path file(String name, byte[] bytes) throws IOException {
    return Texts.write(folder, name, bytes);
  }

  private static byte[] gz(byte[] bytes) {
    try {
      return Texts.gzip(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyEnding() throws IOException {
    byte[] lines = Texts.utf8(LINES);
    for (String ending : List.of(".json", ".jsonl", ".ndjson", ".txt")) {
      for (String packing : List.of("", ".gz", ".zst", ".zstd")) {
        UnaryOperator<byte[]> pack =
            switch (packing) {
              case "" -> bytes -> bytes;
              case ".gz" -> TextKindTest::gz;
              default -> Texts::zstd;
            };
        String name = "a" + ending + packing;
        for (String spelt : List.of(name, name.toUpperCase(Locale.ROOT))) {
          Path path = file(spelt, pack.apply(lines));
          List<String> expected = ending.equals(".txt") ? List.of(LINES) : List.of("one", "two");
          assertEquals(expected, Texts.texts(path), spelt);
        }
      }
    }
  }

  /** One list, one object, objects over several lines, objects one after the other. */
  @Test
  void formsOfJson() throws IOException {
    String a = "{\"text\": \"a}\\n]\", \"meta\": {\"source\": \"S\", \"x\": [1, {}]}}";
    String b = "{\n  \"n\": 3,\n  \"text\": \"b\"\n}";
    for (String both :
        List.of(
            "[" + a + "," + b + "]",
            " [\n" + a + "\n,\r\n" + b + "\n]\n\n",
            a + "\n" + b,
            a + b,
            "\n" + a + "\n\n" + b + "\n",
            "[" + a + ", {\"text\": \"b\", \"n\": 12}]")) {
      List<Texts.Document> read = Texts.read(file("a.json", Texts.utf8(both)));
      assertEquals(List.of("a}\n]", "b"), read.stream().map(Texts.Document::text).toList(), both);
      assertEquals(List.of("S", "-"), read.stream().map(d -> d.label().orElse("-")).toList());
      assertEquals(List.of(1L, 2L), read.stream().map(Texts.Document::line).toList());
    }
    assertEquals(List.of("b"), Texts.texts(file("b.json", Texts.utf8(b))));
    assertEquals(List.of(), Texts.texts(file("c.json", Texts.utf8("[]"))));
    assertEquals(List.of(), Texts.texts(file("d.json", Texts.utf8("[\n]\n"))));
    String long1 = "word ".repeat(100_000);
    Path longer = file("e.json", Texts.utf8("[{\"text\": \"" + long1 + "\"},{\"text\": \"x\"}]"));
    assertEquals(List.of(long1, "x"), Texts.texts(longer));
  }

  @Test
  void brokenJson() throws IOException {
    String give = "; give objects such as {\"text\": \"…\"}";
    String list = "document 1: not JSON: a list without a comma or an end" + give;
    json("[{\"text\": \"a\"} {\"text\": \"b\"}]", list);
    json("[{\"text\": \"a\"}", list);
    json(
        "[{\"text\": \"a\"},]",
        "document 2: not JSON: Unexpected close marker ']': no open Array to close" + give);
    json("[{\"text\": \"a\"}] x", "document 1: more follows the list of documents" + give);
    json("[[\"a\"]]", "document 1: not a JSON object" + give);
    json("{\"text\": \"a\"}\n{\"txt\": \"a\"}", "line 2: no \"text\"" + give);
    json("{\"text\": [\"a\"]}", "line 1: \"text\" is not a string" + give);
    json(
        "{\"text\": \"a\",\n \"b\": {",
        "line 1: not JSON: Unexpected end-of-input: expected close marker for Object" + give);
  }

  @Test
  void jsonOfOtherLines() throws IOException {
    String rename = "; rename it to end in .json";
    refused(
        file("a.jsonl", Texts.utf8("[{\"text\": \"a\"}]")),
        "line 1: a list, not a document a line" + rename);
    for (String brace : List.of("{\n", "{\r\n")) {
      refused(
          file("b.jsonl", Texts.utf8(brace + "  \"text\": \"a\"\n}\n")),
          "line 1: a document over several lines" + rename);
    }
  }

  private void json(String content, String message) throws IOException {
    refused(file("bad.json", Texts.utf8(content)), message);
  }

  private static void refused(Path file, String message) {
    assertEquals(
        file + ": " + message,
        assertThrows(InputException.class, () -> Texts.read(file)).getMessage());
  }

  @Test
  void whatLiesUnderAWrongName() throws IOException {
    byte[] lines = Texts.utf8(LINES);
    byte[] gzip = Texts.gzip(lines);
    byte[] zstd = Texts.zstd(lines);
    byte[] skipped = {0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0};
    String by = "holds data compressed by ";
    refused(file("a.jsonl", gzip), by + "gzip; rename it to a.jsonl.gz");
    refused(file("a.txt", zstd), by + "zstd; rename it to a.txt.zst");
    refused(file("b.txt", Texts.join(skipped, zstd)), by + "zstd; rename it to b.txt.zst");
    refused(file("a.jsonl.zst", gzip), by + "gzip; rename it to a.jsonl.gz");
    refused(file("a.json.gz", zstd), by + "zstd; rename it to a.json.zst");
    refused(
        file("c.jsonl.zst", lines),
        "holds no data compressed by zstd; rename it to c.jsonl if it is decompressed already");
    refused(file("twice.jsonl.gz", Texts.gzip(gzip)), by + "gzip; decompress it with gunzip");
    refused(
        file("x.jsonl", Texts.join(new byte[] {(byte) 0xFD}, Texts.utf8("7zXZ\0abc"))),
        by + "xz; decompress it with xz -d");
    refused(file("a.parquet", lines), "holds no Parquet table; check that the file is whole");
    refused(
        file("p.jsonl", Texts.utf8("PAR1....")),
        "holds a Parquet table; rename it to end in .parquet");
  }

  @Test
  void pointersAndPages() throws IOException {
    byte[] pointer =
        Texts.utf8(
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9\n"
                + "size 12345\n");
    byte[] page = Texts.utf8("\n<!DOCTYPE html><html><body>Please log in</body></html>");
    for (String name :
        List.of("a.txt", "a.jsonl", "a.json", "a.jsonl.gz", "a.txt.zst", "a.parquet")) {
      refused(
          file(name, pointer),
          "holds a Git LFS pointer, not the file itself; fetch the file with git lfs pull");
      refused(
          file(name, page),
          "holds a page of HTML, not the file itself; download the file that the page links to");
    }
  }

  @Test
  void aFolderSaysWhatToWrite() throws IOException {
    Path pile = Files.createDirectories(folder.resolve("pile/train"));
    file("pile/readme.txt", Texts.utf8("about"));
    file("pile/train/0.jsonl.zst", new byte[0]);
    file("pile/train/1.jsonl.zst", new byte[0]);
    file("pile/train/.2.json", new byte[0]);
    Path top = pile.getParent();
    refused(
        top, "a folder, not a file; name the files inside it: --text '" + top + "/**/*.jsonl.zst'");
  }

  @Test
  void placesInMessages() {
    Path json = Path.of("x.json.gz");
    assertEquals(
        "document 3 of x.json.gz",
        new TokenTable.Source(json, 3, java.util.Optional.empty()).toString());
    assertEquals(
        "line 3 of x.ndjson",
        new TokenTable.Source(Path.of("x.ndjson"), 3, java.util.Optional.empty()).toString());
    assertEquals(
        "row 3 of x.parquet",
        new TokenTable.Source(Path.of("x.parquet"), 3, java.util.Optional.empty()).toString());
    assertEquals(
        "row 3 of x.npy",
        new TokenTable.Source(Path.of("x.npy"), 3, java.util.Optional.empty()).toString());
    assertEquals(
        "x.txt.zst",
        new TokenTable.Source(Path.of("x.txt.zst"), 1, java.util.Optional.empty()).toString());
  }
}
