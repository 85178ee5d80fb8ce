package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Caches of tokens and patterns of files, as a user has them. */
class TokenizeCommandTest {
  @TempDir private static Path folder;
  private static Path a;
  private static Path b;
  private static Path data;

  @BeforeAll
  static void inputs() throws IOException {
    a = Cli.model(folder.resolve("a"), 5, 1);
    b = Cli.model(folder.resolve("b"), 5, 2);
    data = Files.createDirectories(folder.resolve("data/deep"));
    data = data.getParent();
    lines("2.jsonl", "red", 1);
    lines("10.jsonl", "green", 2);
    lines(".hidden.jsonl", "hidden", 3);
    lines("deep/3.jsonl", "blue", 4);
    Files.writeString(data.resolve("notes.txt"), "Nothing of this is read.");
    Files.createDirectory(data.resolve("folder.jsonl"));
  }

  private static void lines(String name, String subset, int seed) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      lines.append(
          "{\"text\": \"The %d cats saw %d dogs, and the dogs ran.\",".formatted(i * seed, i + seed)
              + " \"meta\": {\"pile_set_name\": \"%s\"}}\n".formatted(subset));
    }
    Files.writeString(data.resolve(name), lines);
  }

  private static Cli.Outcome tokenize(String text, Path out, String... more) {
    List<String> args = List.of("tokenize", "--model", a + "", "--text", text, "--out", out + "");
    return Cli.run(Cli.join(args, more));
  }

  private static RunFolder study(String name, String... input) {
    Path out = folder.resolve(name);
    List<String> args =
        List.of(
            "study", "--reference", a + "", "--other", b + "", "--by-subset", "--format", "csv");
    args = Cli.join(Cli.join(args, input), "--backend", "vector", "--out", out + "");
    Cli.Outcome outcome = Cli.run(args);
    assertEquals(0, outcome.code(), outcome.err()::toString);
    return RunFolder.open(out);
  }

  /** All tables, those by subset among them, to the last bit. */
  @Test
  void aCacheIsTheText() throws IOException {
    Path cache = folder.resolve("cache.npy");
    String pattern = data + "/*.jsonl";
    Cli.Outcome outcome = tokenize(pattern, cache);
    assertEquals(List.of(), outcome.err());
    assertEquals(0, outcome.code());
    assertTrue(outcome.out().endsWith(" of 80 documents in 2 subsets: " + cache + "\n"));
    for (String most : List.of("1000000", "320")) {
      RunFolder text = study("text" + most, "--text", pattern, "--max-tokens", most);
      RunFolder tokens = study("tokens" + most, "--tokens", cache + "", "--max-tokens", most);
      List<String> names = Cli.names(text.path());
      assertEquals(names, Cli.names(tokens.path()));
      assertTrue(names.contains("subset_correlations.csv") && names.contains("by_other.csv"));
      for (String name : names) {
        // These two say where the tokens came from.
        if (!List.of("study.json", "report.html").contains(name)) {
          assertEquals(
              Files.readString(text.path().resolve(name)),
              Files.readString(tokens.path().resolve(name)),
              name);
        }
      }
      assertEquals(Json.of(text, "study").at("/tokens"), Json.of(tokens, "study").at("/tokens"));
    }
  }

  @Test
  void patternsStandForFilesInOrder() throws IOException {
    assertEquals(List.of("10.jsonl", "2.jsonl"), read(data + "/*.jsonl"));
    assertEquals(List.of("10.jsonl", "2.jsonl"), read(data + "/{2,10,11}.jsonl"));
    assertEquals(List.of("2.jsonl"), read(data + "/?.jsonl"));
    assertEquals(List.of("2.jsonl"), read(data + "/[0-9].jsonl"));
    assertEquals(List.of(".hidden.jsonl"), read(data + "/.*.jsonl"));
    assertEquals(List.of("3.jsonl"), read(data + "/*/*.jsonl"));
    assertEquals(List.of("3.jsonl"), read(folder + "/d*a/d??p/3.js*"));
    assertEquals(List.of("10.jsonl", "2.jsonl", "3.jsonl"), read(data + "/**/*.jsonl"));
    assertEquals(List.of("10.jsonl", "2.jsonl", "3.jsonl"), read(data + "/**/**/*.jsonl"));
    assertEquals(List.of("3.jsonl"), read(folder + "/da*/**/deep/**/{3,4}.jsonl"));
    assertEquals(List.of("10.jsonl", "2.jsonl"), read(folder + "/**/data/*.jsonl"));
    assertEquals(List.of("10.jsonl", "2.jsonl", "3.jsonl"), read(data + "/**.jsonl"));
    Path odd = Files.copy(data.resolve("2.jsonl"), data.resolve("odd[1]*.jsonl"));
    try {
      assertEquals(List.of("odd[1]*.jsonl"), read(odd + ""), "a file of that very name wins");
    } finally {
      Files.delete(odd);
    }
  }

  /** The files that a cache says it was made of. */
  private static List<String> read(String pattern) throws IOException {
    Path made = Files.createTempDirectory(folder, "made");
    Cli.Outcome outcome = tokenize(pattern, made.resolve("c.npy"));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    List<String> files = new ArrayList<>();
    JsonNode json =
        new com.fasterxml.jackson.databind.ObjectMapper()
            .readTree(made.resolve("c.npy.json").toFile());
    json.at("/files").forEach(file -> files.add(Path.of(file.asText()).getFileName() + ""));
    return files;
  }

  @Test
  void aShareAndTheRestOfIt() {
    String pattern = data + "/*.jsonl";
    JsonNode share = Json.of(study("share", "--text", pattern, "--share", "0.6"), "study");
    JsonNode rest =
        Json.of(study("rest", "--text", pattern, "--share", "0.6", "--held-out"), "study");
    assertEquals(0.6, share.at("/tokens/share").asDouble());
    assertEquals(0.6, rest.at("/options/share").asDouble());
    assertTrue(
        !share.at("/tokens/held_out").asBoolean() && rest.at("/tokens/held_out").asBoolean());
    // Those in the dropped tail are in no table, but were not left out.
    long taken = share.at("/tokens/documents").asLong();
    assertTrue(rest.at("/tokens/documents_left_out").asLong() - taken <= 3);
    assertEquals(
        80,
        share.at("/tokens/documents_left_out").asLong()
            + rest.at("/tokens/documents_left_out").asLong());
  }

  @Test
  void refusals() throws IOException {
    Path out = folder.resolve("refused.npy");
    String help = "; see homolog tokenize --help";
    String text = data + "/2.jsonl";
    refused(2, "--share: 2.0; give a number between 0 and 1" + help, text, out, "--share", "2");
    refused(2, "--context: 1; give at least 2" + help, text, out, "--context", "1");
    refused(
        2,
        "--context: 64 tokens a row, but " + a + " has 32 positions; give at most 32",
        text,
        out,
        "--context",
        "64");
    refused(
        2,
        out + ".gz: is no name of a .npy file; give one that ends in .npy" + help,
        text,
        Path.of(out + ".gz"));
    Path there = Files.writeString(folder.resolve("there.npy"), "mine");
    refused(2, there + ": is there already; choose another --out" + help, text, there);
    assertEquals("mine", Files.readString(there));
    Path none = folder.resolve("none/x.npy");
    refused(2, none + ": its folder is not there; make the folder first" + help, text, none);
    Path bad = Files.writeString(folder.resolve("bad.jsonl"), "{\"text\": 5}");
    refused(
        1,
        bad + ": line 1: \"text\" is not a string; give one object a line, as {\"text\": \"…\"}",
        bad + "",
        out);
    Cli.Outcome missing = Cli.run("tokenize", "--model", a + "", "--out", out + "");
    assertEquals(
        List.of("homolog: --text, --tokens: neither is given; give one of the two" + help),
        missing.err());
    try (Stream<Path> files = Files.list(folder)) {
      assertTrue(files.noneMatch(file -> file.getFileName().toString().contains("refused")));
    }
  }

  private static void refused(int code, String line, String text, Path out, String... more) {
    Cli.Outcome outcome = tokenize(text, out, more);
    assertEquals(List.of("homolog: " + line), outcome.err());
    assertEquals(code, outcome.code());
    assertEquals("", outcome.out());
  }

  /** One document of 40 MB in a line, in a heap of 24 MB, half of what its characters take. */
  @Test
  void aDocumentLongerThanTheHeap() throws Exception {
    Path file = folder.resolve("long.jsonl");
    String words = "the cat saw the dog and the dog saw the cat. ".repeat(20_000);
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      writer.write("{\"text\": \"");
      for (int i = 0; i < 45; i++) {
        writer.write(words);
      }
      writer.write("\", \"meta\": {\"pile_set_name\": \"long\"}}\n");
    }
    assertTrue(Files.size(file) > 40_000_000);
    Path out = folder.resolve("long.npy");
    List<String> heap = List.of("-Xmx24m", "-XX:MaxDirectMemorySize=1g");
    List<String> args = List.of("tokenize", "--model", a + "", "--text", file + "");
    args = Cli.join(args, "--max-tokens", "2000000", "--out", out + "");
    Cli.Outcome outcome = Cli.process(folder, heap, args);
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertTrue(outcome.out().contains("of 1 documents in 1 subsets"), outcome.out());
  }
}
