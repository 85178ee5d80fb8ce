package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.github.luben.zstd.ZstdCompressCtx;
import dev.homolog.core.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentsTest {
  private static final String REMEDY = "; give one object a line, as {\"text\": \"…\"}";

  @TempDir Path folder;

  @Test
  void everyKindOfFile() throws IOException {
    String lines =
        """
        {"text": "one", "meta": {"pile_set_name": "A", "x": [1, {"text": 2}]}}

        {"id": {"text": "no"}, "meta": {}, "text": "two\\n"}\r
        {"text": "", "meta": null}
           \t
        {"text": "three", "meta": {"pile_set_name": null}}\
        """;
    byte[] bytes = lines.getBytes(StandardCharsets.UTF_8);
    Path text = write("a.txt", "whole\nfile\r\n\u00E9".getBytes(StandardCharsets.UTF_8));
    Path plain = write("b.jsonl", bytes);
    Path gzip = write("c.jsonl.gz", gzip(bytes));
    // Two frames, as parallel compressors write them.
    Path zstd =
        write(
            "d.JSONL.ZST",
            join(
                zstd(Arrays.copyOf(bytes, 30)), zstd(Arrays.copyOfRange(bytes, 30, bytes.length))));
    List<String> seen = new ArrayList<>();
    for (Document d : all(text, plain, gzip, zstd)) {
      seen.add(d.file() + ":" + d.line() + ":" + d.label().orElse("-") + ":" + d.text());
    }
    List<String> expected = new ArrayList<>(List.of("0:1:-:whole\nfile\r\n\u00E9"));
    for (int file = 1; file <= 3; file++) {
      expected.addAll(
          List.of(file + ":1:A:one", file + ":3:-:two\n", file + ":4:-:", file + ":6:-:three"));
    }
    assertEquals(expected, seen);
  }

  @Test
  void linesLongerThanAnyBuffer() throws IOException {
    String word = "abcdefghij".repeat(50_000);
    byte[] bytes =
        ("{\"text\": \"" + word + "\"}\n{\"text\": \"x\"}\n").getBytes(StandardCharsets.UTF_8);
    for (Path path :
        List.of(
            write("a.jsonl", bytes),
            write("a.jsonl.gz", gzip(bytes)),
            write("a.jsonl.zst", zstd(bytes)))) {
      assertEquals(List.of(word, "x"), all(path).stream().map(Document::text).toList());
    }
  }

  /** A key is what it means, not how it is spelt, and only the outermost text counts. */
  @Test
  void keysAreRead() throws IOException {
    Path file =
        write(
            "a.jsonl",
            """
            {"x": "\\"text\\": \\"no\\"", "\\u0074ext": "\uD83D\uDE00 yes", "y": {"text": "no"}}
            {"meta": {"text": "no", "pile_set_name": "S"}, "text"  :\t"yes", "z": ["text", "no"]}
            """
                .getBytes(StandardCharsets.UTF_8));
    List<Document> documents = all(file);
    assertEquals(
        List.of("\uD83D\uDE00 yes", "yes"), documents.stream().map(Document::text).toList());
    assertEquals(Optional.of("S"), documents.getLast().label());
    assertEquals(0, documents.getFirst().replaced());
  }

  @Test
  void longDocumentsComeInPieces() throws IOException {
    String words = "word 12\u4E2D\n  \uD83D\uDE00 ".repeat(30_000);
    Path text = write("a.txt", words.getBytes(StandardCharsets.UTF_8));
    String json = words.replace("\n", "\\n");
    Path lines =
        write(
            "a.jsonl",
            ("{\"text\": \"" + json + "\", \"meta\": {\"pile_set_name\": \"S\"}}")
                .getBytes(StandardCharsets.UTF_8));
    List<Document> documents = all(text, lines);
    assertEquals(List.of(words, words), documents.stream().map(Document::text).toList());
    assertEquals(Optional.of("S"), documents.getLast().label());
    int pieces = words.length() / TextBuffer.PIECE;
    documents.forEach(document -> assertEquals(pieces, document.pieces(), 1));
    all(false, text, lines).forEach(document -> assertEquals(1, document.pieces()));
    Path besides =
        write(
            "c.jsonl",
            ("{\"html\": \"" + json + "\", \"text\": \"x\"}").getBytes(StandardCharsets.UTF_8));
    assertEquals("x", all(besides).getFirst().text());
    String uncut = "\u4E2D".repeat(100_000);
    assertEquals(
        1, all(write("b.txt", uncut.getBytes(StandardCharsets.UTF_8))).getFirst().pieces());
  }

  /** A stretch that cannot be cut is bounded, since it is held whole. */
  @Test
  void aStretchThatIsTooLong() throws IOException {
    byte[] bytes = new byte[TextBuffer.LONGEST + 20];
    Arrays.fill(bytes, (byte) 'x');
    Path text = write("a.txt", bytes);
    String rest = " characters without a place to cut it for tokenizing; split the document";
    String problem = "more than 1048576" + rest;
    assertFile(text, problem);
    assertEquals(
        text + ": more than 67108864" + rest,
        assertThrows(InputException.class, () -> all(false, text)).getMessage());
    byte[] start = "{\"text\":\"".getBytes(StandardCharsets.UTF_8);
    System.arraycopy(start, 0, bytes, 0, start.length);
    assertFile(write("a.jsonl", bytes), "line 1: " + problem);
  }

  @Test
  void severalFramesAndMembers() throws IOException {
    String line = "{\"text\": \"some text that is there\"}\n";
    byte[] half = line.repeat(4000).substring(0, 99_999).getBytes(StandardCharsets.UTF_8);
    byte[] rest = line.repeat(4000).substring(99_999).getBytes(StandardCharsets.UTF_8);
    byte[] empty = new byte[0];
    Path gz = write("a.jsonl.gz", join(join(gzip(half), gzip(empty)), gzip(rest)));
    Path zst = write("a.jsonl.zst", join(join(zstd(half), zstd(empty)), zstd(rest)));
    assertEquals(4000, all(gz).size());
    assertEquals(4000, all(zst).size());
    byte[] cut = join(gzip(half), gzip(rest));
    assertBroken(
        write("b.jsonl.gz", Arrays.copyOf(cut, cut.length - 50)),
        "Unexpected end of ZLIB input stream");
    byte[] zeros = new byte[100_000];
    assertEquals(4000, all(write("c.jsonl.gz", join(join(gzip(half), gzip(rest)), zeros))).size());
    String none = "what follows a gzip member is none";
    byte[] wrong = gzip(rest);
    wrong[0] ^= 1;
    assertBroken(write("d.jsonl.gz", join(gzip(half), wrong)), none);
    assertBroken(write("e.jsonl.gz", join(gzip(half), new byte[] {1, 2, 3, 4, 5})), none);
    zeros[zeros.length - 1] = 1;
    assertBroken(write("f.jsonl.gz", join(gzip(half), zeros)), none);
    assertBroken(write("g.jsonl.gz", join(gzip(half), Arrays.copyOf(gzip(rest), 6))), none);
  }

  @Test
  void malformedUtf8IsReplacedAndCounted() throws IOException {
    byte[] bytes = {
      'a',
      (byte) 0xFF,
      'b',
      (byte) 0xE2,
      (byte) 0x82,
      'c',
      (byte) 0xEF,
      (byte) 0xBF,
      (byte) 0xBD,
      (byte) 0xC3
    };
    Document text = all(write("a.txt", bytes)).getFirst();
    assertEquals("a\uFFFDb\uFFFDc\uFFFD\uFFFD", text.text());
    assertEquals(3, text.replaced());
    byte[] line =
        join(
            join("{\"text\": \"".getBytes(StandardCharsets.UTF_8), bytes),
            "\\ud83d \\ud83d\\ude00\"}".getBytes(StandardCharsets.UTF_8));
    Document json = all(write("a.jsonl", line)).getFirst();
    assertEquals("a\uFFFDb\uFFFDc\uFFFD\uFFFD\uFFFD \uD83D\uDE00", json.text());
    assertEquals(4, json.replaced());
  }

  @Test
  void byteOrderMarkIsNoPartOfJson() throws IOException {
    Path file = write("a.jsonl", "\uFEFF{\"text\": \"x\"}".getBytes(StandardCharsets.UTF_8));
    assertEquals("x", all(file).getFirst().text());
  }

  @Test
  void badLinesAreNamed() throws IOException {
    assertLine(
        "{\"text\": \"a\"",
        "not JSON: Unexpected end-of-input: expected close marker for Object" + REMEDY,
        true);
    assertLine("[1]", "not a JSON object" + REMEDY, true);
    assertLine("\"text\"", "not a JSON object" + REMEDY, true);
    assertLine("{\"txt\": \"a\"}", "no \"text\"" + REMEDY, true);
    assertLine("{\"text\": 5}", "\"text\" is not a string" + REMEDY, true);
    assertLine("{\"text\": null}", "\"text\" is not a string" + REMEDY, true);
    assertLine(
        "{\"text\": \"a\", \"text\": \"b\"}", "not JSON: Duplicate field 'text'" + REMEDY, true);
    assertLine("{\"text\": \"a\"} {\"text\": \"b\"}", "more than one JSON object" + REMEDY, true);
    assertLine(
        "{\"text\": \"a\", \"meta\": {\"pile_set_name\": 3}}",
        "\"meta.pile_set_name\" is not a string" + REMEDY,
        true);
    String text = "not JSON: Unexpected end-of-input in the string \"text\"";
    assertLine("{\"text\": \"a", text + REMEDY, true);
    assertLine("{\"text\": \"a\nb\"}", text + REMEDY, true);
    assertLine(
        "{\"text\": \"a\tb\"}",
        "not JSON: control character 9 in a string without an escape" + REMEDY,
        true);
    assertLine(
        "{\"text\": \"a\\xb\"}", "not JSON: unknown escape in the string \"text\"" + REMEDY, true);
    String hex = "not JSON: \\u without four hexadecimal digits in the string \"text\"";
    assertLine("{\"text\": \"a\\u12\"}", hex + REMEDY, true);
    assertLine("{\"text\": \"a\\u12g4\"}", hex + REMEDY, true);
    assertLine("{\"text\": \"a\" \"meta\": {}}", "not JSON: Unexpected character ('\"'", false);
    assertLine("[".repeat(5000), "not a JSON object" + REMEDY, true);
    assertLine(
        "{\"a\":" + "[".repeat(5000), "not JSON: Document nesting depth (1001) exceeds", false);
  }

  private void assertLine(String line, String message, boolean whole) throws IOException {
    Path file =
        write("bad.jsonl", ("{\"text\": \"fine\"}\n\n" + line).getBytes(StandardCharsets.UTF_8));
    String actual = assertThrows(InputException.class, () -> all(file)).getMessage();
    String expected = file + ": line 3: " + message;
    assertEquals(
        expected,
        whole ? actual : actual.substring(0, Math.min(actual.length(), expected.length())));
    assertEquals(1, actual.lines().count());
  }

  @Test
  void badFilesAreNamed() throws IOException {
    assertFile(
        folder.resolve("a.csv"),
        "not a kind of text that is known; give .txt, .json, .jsonl or .ndjson, each plain or with"
            + " .gz or .zst behind, or .parquet");
    assertFile(
        folder.resolve("a.jsonl.xz"), "not a kind of text that is known; decompress it with xz -d");
    assertFile(folder.resolve("a.txt"), "no such file; check the path given to --text");
    assertFile(
        Files.createDirectory(folder.resolve("dir.txt")),
        "a folder, not a file; it holds no file that is read; give .txt, .json, .jsonl or .ndjson,"
            + " each plain or with .gz or .zst behind, or .parquet");
    byte[] lines =
        "{\"text\": \"some text that is there\"}\n".repeat(5000).getBytes(StandardCharsets.UTF_8);
    byte[] zstd = zstd(lines);
    assertFile(
        write("a.jsonl.gz", lines),
        "holds no data compressed by gzip; rename it to a.jsonl if it is decompressed already");
    assertFile(write("b.jsonl.gz", new byte[0]), "holds nothing; fetch it again");
    assertBroken(
        write("c.jsonl.gz", Arrays.copyOf(gzip(lines), 200)),
        "Unexpected end of ZLIB input stream");
    assertFile(
        write("a.jsonl.zst", lines),
        "holds no data compressed by zstd; rename it to a.jsonl if it is decompressed already");
    assertBroken(
        write("b.jsonl.zst", Arrays.copyOf(zstd, zstd.length - 5)),
        "the file ends within a zstd frame");
    assertBroken(write("c.jsonl.zst", new byte[0]), "the file ends within a zstd frame");
    zstd[zstd.length / 2] ^= 0x55;
    assertThrows(InputException.class, () -> all(write("d.jsonl.zst", zstd)));
  }

  private void assertFile(Path file, String message) {
    assertEquals(
        file + ": " + message, assertThrows(InputException.class, () -> all(file)).getMessage());
  }

  private void assertBroken(Path file, String reason) {
    InputException refusal = assertThrows(InputException.class, () -> all(file));
    assertEquals("line ", refusal.field().substring(0, 5));
    assertEquals("cannot be read: " + reason, refusal.problem());
  }

  @Test
  void theFamilysText() throws IOException {
    List<Document> documents = all(Golden.VALIDATION);
    assertEquals(429, documents.size());
    assertEquals(Optional.of("Python Docs reST"), documents.getFirst().label());
    assertEquals(0, documents.stream().mapToLong(Document::replaced).sum());
  }

  /** A document put together again. */
  private record Document(
      String text, Optional<String> label, int file, long line, long replaced, int pieces) {}

  private static List<Document> all(Path... files) throws IOException {
    return all(true, files);
  }

  private static List<Document> all(boolean cuttable, Path... files) throws IOException {
    List<Document> all = new ArrayList<>();
    TextBuffer.Cuts cuts = cuttable ? TextBuffer.Cuts.SPACES : TextBuffer.Cuts.NONE;
    try (Documents documents = Documents.of(TextFiles.of(List.of(files)), cuts)) {
      StringBuilder text = new StringBuilder();
      long replaced = 0;
      int pieces = 0;
      for (Optional<Piece> p = documents.next(); p.isPresent(); p = documents.next()) {
        Piece piece = p.get();
        assertEquals(pieces == 0, piece.first());
        text.append(piece.text());
        replaced += piece.replaced();
        pieces++;
        if (piece.last()) {
          all.add(
              new Document(
                  text.toString(), piece.label(), piece.file(), piece.line(), replaced, pieces));
          text.setLength(0);
          replaced = 0;
          pieces = 0;
        }
      }
      assertEquals(0, pieces);
      assertEquals(Optional.empty(), documents.next());
    }
    return all;
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static byte[] zstd(byte[] bytes) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      return context.setChecksum(true).compress(bytes);
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
