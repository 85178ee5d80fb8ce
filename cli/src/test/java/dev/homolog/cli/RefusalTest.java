package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.memory.DType;
import dev.homolog.core.tokens.NpyFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused, with which exit code and in which words; nothing is left behind. */
class RefusalTest {
  @TempDir private static Path folder;
  private static Path a;
  private static Path b;
  private static Path text;
  private static Path tokens;

  @BeforeAll
  static void inputs() throws IOException {
    a = Cli.model(folder.resolve("a"), 5, 1);
    b = Cli.model(folder.resolve("b"), 5, 2);
    text = Cli.text(folder.resolve("text.txt"));
    tokens = Cli.tokens(folder.resolve("tokens.npy"), new int[][] {{0, 5, 6, 7}, {0, 8, 9, 10}});
  }

  private static List<String> models() {
    return Cli.join(withoutBackend(), "--backend", "vector");
  }

  private static List<String> withoutBackend() {
    return List.of("correlate", "--reference", a.toString(), "--other", b.toString());
  }

  /** One line, or two where the backend was announced before; the last says what and what to do. */
  private static void refused(int code, List<String> args, String... parts) {
    Path out = folder.resolve("refused");
    Cli.Outcome outcome = Cli.run(Cli.join(args, "--out", out.toString()));
    assertEquals(code, outcome.code(), outcome.err()::toString);
    assertEquals("", outcome.out());
    String error = outcome.err().getLast();
    assertTrue(error.startsWith("homolog: "), error);
    for (String part : parts) {
      assertTrue(error.contains(part), () -> error + " lacks " + part);
    }
    assertTrue(error.contains("; "), () -> error + " has no remedy");
    int lines = outcome.err().size();
    assertTrue(lines == 1 || lines == 2 && outcome.err().getFirst().contains("Vector API"), error);
    assertFalse(Files.exists(out));
  }

  @Test
  void noCommand() {
    refused(2, List.of(), "--out");
    assertEquals(2, Cli.run().code());
    assertEquals(2, Cli.run("no-such-command").code());
  }

  @ParameterizedTest
  @CsvSource({
    "--no-such-flag, 1, Unknown option: '--no-such-flag'",
    "--batch, x, --batch",
    "--batch, 0, --batch: 0; give at least 1",
    "--max-tokens, 1.5, --max-tokens",
    "--max-tokens, 0, --max-tokens: 0; give at least 1",
    "--max-tokens, 31, '--max-tokens: 31 is less than one row of 32 positions'",
    "--context, 1, --context: 1; give at least 2",
    "--context, 33, '--context: 33 tokens a row, but'",
    "--threads, 0, --threads: 0; give at least 1",
    "--seed, x, --seed",
    "--top, 0, --top: 0; give at least 1",
    "--threshold, x, --threshold",
    "--threshold, NaN, '--threshold: NaN; give a number'",
    "--format, xml, '--format: there is no format xml; choose one of parquet, csv'",
    "--baseline, xyz, '--baseline: no baseline is called xyz; known: rotation, none'",
    "--baseline-draws, 0, --baseline-draws: 0; give at least 1",
  })
  void flags(String flag, String value, String message) {
    refused(2, Cli.join(models(), "--text", text.toString(), flag, value), message);
  }

  @Test
  void backend() {
    refused(
        2,
        Cli.join(withoutBackend(), "--text", text.toString(), "--backend", "gpu"),
        "--backend: no backend is called gpu; known: auto, ",
        "vector, scalar");
  }

  /** Flags that take several values do not take another flag for one. */
  @Test
  void unknownFlagAfterSeveralValues() {
    refused(2, Cli.join(models(), "--nope"), "Unknown option: '--nope'");
    refused(2, Cli.join(models(), "--nope", "--text", text.toString()), "Unknown option: '--nope'");
  }

  @Test
  void negativeNumbersAreValues() throws IOException {
    Path out = folder.resolve("negative");
    List<String> args = Cli.join(models(), "--text", text.toString(), "--max-tokens", "64");
    args = Cli.join(args, "--threshold", "-0.5", "--seed", "-7", "--out", out.toString());
    Cli.Outcome outcome = Cli.run(args);
    assertEquals(0, outcome.code(), outcome.err()::toString);
    String json = Files.readString(out.resolve("study.json"));
    assertTrue(json.contains("\"threshold\" : -0.5") && json.contains("\"seed\" : -7"), json);
  }

  @Test
  void requiredFlags() {
    refused(2, List.of("study", "--other", b.toString(), "--text", "x.txt"), "--reference");
    refused(2, List.of("study", "--reference", a.toString(), "--text", "x.txt"), "--other");
    refused(2, models(), "--text, --tokens: neither is given; give one of the two");
    refused(
        2,
        Cli.join(models(), "--text", text.toString(), "--tokens", tokens.toString()),
        "--text, --tokens: both are given; give one of the two");
  }

  @Test
  void sameModelTwice() {
    refused(
        2,
        Cli.join(models(), "--other", b + "/../b", "--text", text.toString()),
        "--other: ",
        "is given twice");
  }

  @Test
  void folders() {
    String missing = folder.resolve("nowhere").toString();
    List<String> args =
        List.of("study", "--reference", missing, "--other", b.toString(), "--backend", "vector");
    refused(1, Cli.join(args, "--text", text.toString()), missing, "no such folder");
    refused(
        1,
        Cli.join(models(), "--other", folder.toString(), "--text", text.toString()),
        folder.toString(),
        "config.json",
        "is missing");
  }

  @Test
  void text() throws IOException {
    refused(1, Cli.join(models(), "--text", "no.txt"), "no.txt: no such file", "--text");
    refused(1, Cli.join(models(), "--text", b + "/config.json"), "config.json", ".jsonl");
    Path tiny = Files.writeString(folder.resolve("tiny.txt"), "Hello");
    refused(
        1,
        Cli.join(models(), "--text", tiny.toString()),
        "tiny.txt: ",
        "do not fill one row of 31");
    refused(
        1,
        Cli.join(models(), "--text", tiny.toString(), tiny.toString()),
        "--text: ",
        "do not fill one row of 31");
  }

  @Test
  void tokens() {
    refused(1, Cli.join(models(), "--tokens", "no.npy"), "no.npy: no such file");
    refused(
        2,
        Cli.join(models(), "--tokens", tokens.toString(), "--context", "5"),
        "--context: 5, but " + tokens + " has rows of 4",
        "leave --context out");
    Path bad = folder.resolve("bad.npy");
    Cli.tokens(bad, new int[][] {{0, 5, 6, 7}, {8, 9, 10, 11}});
    refused(
        1, Cli.join(models(), "--tokens", bad.toString()), "bad.npy: row 1: begins with 8", "BOS");
    Cli.tokens(bad, new int[][] {{0, 5}, {0, 4096}});
    refused(
        1,
        Cli.join(models(), "--tokens", bad.toString()),
        "row 1, position 1",
        "vocabulary of 4096");
    Cli.tokens(bad, new int[][] {new int[33]});
    refused(1, Cli.join(models(), "--tokens", bad.toString()), "bad.npy", "32 positions");
    try (Arena arena = Arena.ofConfined()) {
      NpyFile.write(bad, DType.F32, List.of(2L, 4L), arena.allocate(32));
    }
    refused(1, Cli.join(models(), "--tokens", bad.toString()), "bad.npy", "give int32 or int64");
  }

  @Test
  void rotations() {
    List<String> args = Cli.join(models(), "--text", text.toString(), "--rotation");
    refused(1, Cli.join(args, "no.npy"), "no.npy: no such file");
    refused(
        1,
        Cli.join(args, tokens.toString()),
        "tokens.npy",
        "is no rotation of model b",
        "[2, 5, 5]");
    refused(2, Cli.join(args, tokens.toString(), "--baseline-draws", "2"), "--baseline-draws");
    refused(2, Cli.join(args, tokens.toString(), "--baseline", "none"), "--baseline none");
  }

  @Test
  void anotherTokenizer() throws IOException {
    Path odd = Cli.model(folder.resolve("odd"), 5, 3);
    Path file = odd.resolve("tokenizer.json");
    String json = Files.readString(file);
    String changed = json.replace("\"<|endoftext|>\"", "\"<|end|>\"");
    assertFalse(json.equals(changed));
    Files.writeString(file, changed);
    refused(
        1,
        Cli.join(models(), "--other", odd.toString(), "--text", text.toString()),
        file.toString(),
        "not the tokenizer of " + a.resolve("tokenizer.json"));
  }

  /** Found while the run is under way. */
  @Test
  void weightsThatAreNotFinite() throws IOException {
    Path odd = Cli.model(folder.resolve("infinite"), 5, 3);
    Path file = odd.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length - 4, bytes.length, (byte) -1);
    Files.write(file, bytes);
    refused(
        1,
        Cli.join(models(), "--other", odd.toString(), "--text", text.toString()),
        file.toString(),
        "ln_f");
  }

  @Test
  void stackTraceOnlyWhenAsked() {
    List<String> args = Cli.join(models(), "--text", "no.txt", "--out", folder + "/trace");
    assertEquals(2, Cli.run(args).err().size());
    Cli.Outcome verbose = Cli.run(Cli.join(args, "--verbose"));
    assertEquals(1, verbose.code());
    assertTrue(verbose.err().stream().anyMatch(line -> line.startsWith("\tat dev.homolog")));
  }

  @Test
  void outThatIsTaken() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("taken"));
    List<String> args =
        Cli.join(models(), "--text", text.toString(), "--max-tokens", "64", "--out", taken + "");
    assertEquals(0, Cli.run(args).code()); // an empty folder will do
    Path study = taken.resolve("study.json");
    String before = Files.readString(study);
    List<String> files = Cli.names(taken);
    Cli.Outcome again = Cli.run(args);
    assertEquals(2, again.code());
    assertEquals(1, again.err().size());
    assertTrue(again.err().getFirst().contains(taken + ": already holds a run; choose another"));
    assertEquals(before, Files.readString(study));
    assertEquals(files, Cli.names(taken));

    Files.delete(study);
    again = Cli.run(args);
    assertEquals(2, again.code());
    assertTrue(again.err().getFirst().contains("already holds files"));
    assertFalse(Files.exists(study));
  }

  @Test
  void emptyFolderOutlivesAFailure() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertEquals(1, Cli.run(Cli.join(models(), "--text", "no.txt", "--out", empty + "")).code());
    assertEquals(List.of(), Cli.names(empty));
  }
}
