package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.analysis.run.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text and token ids as users have them. */
class TextInputTest {
  private static final int DOCUMENTS = 60;

  @TempDir private static Path folder;
  private static Path a;
  private static Path b;
  private static Path plain;

  @BeforeAll
  static void inputs() throws IOException {
    a = Cli.model(folder.resolve("a"), 5, 1);
    b = Cli.model(folder.resolve("b"), 5, 2);
    plain = lines("plain.jsonl", "{\"text\": \"TEXT\", \"lang\": \"SUBSET\"}\n");
  }

  private static String text(int i) {
    return "The " + i + " cats saw a dog, and the dog ran.";
  }

  /** A document a line; every tenth names no subset. */
  private static Path lines(String name, String form) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < DOCUMENTS; i++) {
      String subset = i % 10 == 9 ? "" : i % 2 == 0 ? "red" : "green";
      lines.append(form.replace("TEXT", text(i)).replace("SUBSET", subset));
    }
    return Files.writeString(folder.resolve(name), lines);
  }

  private static Cli.Outcome tokenize(String out, String... more) {
    return Cli.run(
        Cli.join(List.of("tokenize", "--model", a + "", "--out", folder.resolve(out) + ""), more));
  }

  private static JsonNode cache(String out, String... more) throws IOException {
    Cli.Outcome outcome = tokenize(out, more);
    assertEquals(0, outcome.code(), outcome.err()::toString);
    return new ObjectMapper().readTree(folder.resolve(out + ".json").toFile());
  }

  /** The same ids, whatever the documents come in. */
  @Test
  void everyContainerIsTheSameText() throws IOException, SQLException {
    JsonNode wanted = cache("plain.npy", "--text", plain + "", "--subset-key", "lang");
    assertEquals("[\"red\",\"green\"]", wanted.get("subsets").toString());
    Path list = folder.resolve("list.json.gz");
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      String all = Files.readString(plain).strip().replace("}\n", "},\n");
      gzip.write(("[" + all + "]").getBytes(StandardCharsets.UTF_8));
    }
    Files.write(list, packed.toByteArray());
    Path table = folder.resolve("table.parquet");
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          "COPY (SELECT 'The ' || i || ' cats saw a dog, and the dog ran.' AS body, CASE"
              + " WHEN i % 10 = 9 THEN NULL WHEN i % 2 = 0 THEN 'red' ELSE 'green' END AS lang"
              + " FROM range("
              + DOCUMENTS
              + ") t(i)) TO '"
              + table
              + "' (FORMAT parquet)");
    }
    JsonNode ofList = cache("list.npy", "--text", list + "", "--subset-key", "lang");
    JsonNode ofTable =
        cache("table.npy", "--text", table + "", "--subset-key", "lang", "--text-column", "body");
    for (JsonNode json : List.of(ofList, ofTable)) {
      assertEquals(wanted.get("sha256"), json.get("sha256"));
      assertEquals(wanted.get("subsets"), json.get("subsets"));
      assertEquals("lang", json.get("subset_key").textValue());
    }
    assertEquals("body", ofTable.get("text_column").textValue());
  }

  private static Cli.Outcome correlate(String out, String... input) {
    List<String> args =
        List.of(
            "correlate",
            "--reference",
            a + "",
            "--other",
            b + "",
            "--backend",
            "vector",
            "--format",
            "csv",
            "--out",
            folder.resolve(out) + "");
    return Cli.run(Cli.join(args, input));
  }

  /** By a key that is named, and by one that collections use. */
  @Test
  void bySubset() throws IOException {
    Path slim =
        lines(
            "slim.jsonl", "{\"text\": \"TEXT\", \"meta\": {\"redpajama_set_name\": \"SUBSET\"}}\n");
    String named = plain + "";
    for (String[] input :
        new String[][] {
          {"--text", named, "--subset-key", "lang", "--by-subset"},
          {"--text", slim + "", "--by-subset"}
        }) {
      String out = "by" + input.length;
      Cli.Outcome outcome = correlate(out, input);
      assertEquals(0, outcome.code(), outcome.err()::toString);
      RunFolder run = RunFolder.open(folder.resolve(out));
      String rows = Files.readString(run.path().resolve("subset_correlations.csv"));
      assertTrue(rows.contains("red") && rows.contains("green"), rows);
      JsonNode study = Json.of(run, "study");
      assertEquals("[\"red\",\"green\"]", study.at("/tokens/subsets").toString());
      long without = study.at("/tokens/documents_without_subset").asLong();
      long documents = study.at("/tokens/documents").asLong();
      assertEquals(documents / 10, without, "every tenth, of those that fill rows");
      assertTrue(
          outcome.out().contains("Documents that name no subset: " + without + " of " + documents),
          outcome.out());
    }
    assertEquals(
        "lang",
        Json.of(RunFolder.open(folder.resolve("by5")), "study").at("/options/subset_key").asText());
  }

  @Test
  void manyNamesAreNoSubsets() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 1100; i++) {
      lines.append("{\"text\": \"cat\", \"source\": \"http://host/").append(i).append("\"}\n");
    }
    Path urls = Files.writeString(folder.resolve("urls.jsonl"), lines);
    Cli.Outcome outcome = tokenize("urls.npy", "--text", urls + "", "--context", "4");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    String line = "The documents name more than 1,024 subsets, which count as none";
    assertTrue(outcome.out().contains(line), outcome.out());
    outcome = correlate("urls", "--text", urls + "", "--context", "4", "--by-subset");
    assertEquals(
        "homolog: --by-subset: the documents name more than 1,024 subsets, which count as none;"
            + " name another key with --subset-key, or leave it out",
        outcome.err().getLast());
    // A cache of them says the same.
    outcome = correlate("urls", "--tokens", folder.resolve("urls.npy") + "", "--by-subset");
    assertTrue(outcome.err().getLast().contains("1,024"), outcome.err()::toString);
  }

  @Test
  void whatIsReplacedIsSaid() throws IOException {
    byte[] latin = "Fluß und Süden, café. ".repeat(20).getBytes(StandardCharsets.ISO_8859_1);
    Path file = Files.write(folder.resolve("latin.txt"), latin);
    Cli.Outcome outcome = tokenize("latin.npy", "--text", file + "", "--context", "2");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    String line = "Replaced 60 malformed parts of the text by U+FFFD: it is not all UTF-8";
    assertTrue(outcome.out().contains(line), outcome.out());
    outcome = correlate("latin", "--text", file + "", "--context", "4");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertTrue(outcome.out().contains(" malformed parts of the text"), outcome.out());
    outcome = tokenize("plain-utf8.npy", "--text", plain + "");
    assertTrue(!outcome.out().contains("malformed"), outcome.out());
  }

  /** The ids that a cache has, as nanoGPT writes them: a stream in which BOS ends documents. */
  @Test
  void aStreamOfIds() throws IOException {
    ByteBuffer ids = ByteBuffer.allocate(2 * 400).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 400; i++) {
      ids.putShort((short) (i % 40 == 39 ? 0 : 5 + i % 7));
    }
    Path file = Files.write(folder.resolve("stream.bin"), ids.array());
    Cli.Outcome outcome =
        correlate("stream", "--tokens", file + "", "--dtype", "uint16", "--context", "21");
    assertEquals(0, outcome.code(), outcome.err()::toString);
    JsonNode study = Json.of(RunFolder.open(folder.resolve("stream")), "study");
    assertEquals(20, study.at("/tokens/rows").asInt());
    assertEquals(10, study.at("/tokens/documents").asInt());
    assertEquals(390, study.at("/tokens/kept").asInt());
    assertEquals("uint16", study.at("/options/dtype").asText());
  }

  private static void refused(int code, Cli.Outcome outcome, String line) {
    assertEquals("homolog: " + line, outcome.err().getLast());
    assertEquals(code, outcome.code());
    assertEquals("", outcome.out());
  }

  @Test
  void refusals() throws IOException {
    String help = "; see homolog correlate --help";
    Path tokens = Cli.tokens(folder.resolve("ids.npy"), new int[][] {{0, 1, 2}, {0, 3, 4}});
    refused(
        2,
        correlate("no", "--tokens", tokens + "", "--subset-key", "lang"),
        "--subset-key: --tokens holds no documents; give --text" + help);
    refused(
        2,
        correlate("no", "--tokens", tokens + "", "--text-column", "body"),
        "--text-column: --tokens holds no documents; give --text" + help);
    refused(
        2,
        correlate("no", "--text", plain + "", "--dtype", "uint16"),
        "--dtype: it is the type of token ids, and there are none; give --tokens" + help);
    refused(
        2,
        correlate("no", "--tokens", tokens + "", "--dtype", "u2"),
        "--dtype: u2 is no type of token ids; give uint16, uint32, int32, int64" + help);
    Path text = Files.writeString(folder.resolve("text.txt"), "The cat");
    refused(
        2,
        correlate("no", "--text", text + "", "--subset-key", "lang"),
        "--subset-key: a .txt file has no such thing; leave it out, or give .jsonl or .parquet"
            + help);
    byte[] utf16 = "The cat".getBytes(StandardCharsets.UTF_16);
    Path wide = Files.write(folder.resolve("wide.txt"), utf16);
    refused(
        1,
        correlate("no", "--text", wide + ""),
        wide + ": is UTF-16BE, not UTF-8; convert it with iconv -f UTF-16BE -t UTF-8");
    Path inside = Files.createDirectory(folder.resolve("inside"));
    Files.copy(plain, inside.resolve("x.jsonl"));
    refused(
        1,
        correlate("no", "--text", inside + ""),
        inside
            + ": a folder, not a file; name the files inside it: --text '"
            + inside
            + "/**/*.jsonl'");
    Path raw = Files.write(folder.resolve("raw.bin"), new byte[] {1, 0, 2, 0});
    refused(
        1,
        correlate("no", "--tokens", raw + "", "--dtype", "uint16"),
        raw
            + ": shape: [2] is a flat stream of tokens, not [rows, context]; say with --context how"
            + " long the rows are that it is cut into");
    assertTrue(Files.notExists(folder.resolve("no")));
  }
}
