package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How refusals behave; {@link RefusalLinesTest} has what each says. */
class RefusalTest {
  @TempDir private static Path folder;
  private static Path a;
  private static Path b;
  private static Path text;

  @BeforeAll
  static void inputs() throws IOException {
    a = Cli.model(folder.resolve("a"), 5, 1);
    b = Cli.model(folder.resolve("b"), 5, 2);
    text = Cli.text(folder.resolve("text.txt"));
  }

  private static List<String> models() {
    return List.of("correlate", "--reference", a + "", "--other", b + "", "--backend", "vector");
  }

  /** Flags that take several values do not take another flag for one. */
  @Test
  void unknownFlagAfterSeveralValues() {
    String line = "homolog: Unknown option: '--nope'; see homolog correlate --help";
    assertEquals(List.of(line), Cli.run(Cli.join(models(), "--nope")).err());
    assertEquals(List.of(line), Cli.run(Cli.join(models(), "--nope", "--text", "x.txt")).err());
    assertEquals(List.of(line), Cli.run(Cli.join(models(), "--text", "x.txt", "--nope")).err());
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
  void severalTextsTooShortForARow() throws IOException {
    Path tiny = Files.writeString(folder.resolve("tiny.txt"), "Hello");
    Path other = Files.writeString(folder.resolve("other.txt"), "Hello");
    List<String> args =
        Cli.join(models(), "--text", tiny + "", other + "", "--out", folder + "/short");
    assertEquals(
        "homolog: --text: 7 tokens do not fill one row of 31; lower --context or give more text",
        Cli.run(args).err().getLast());
  }

  /** Reading much text takes minutes; what is wrong with a model is said before. */
  @Test
  void weightsAreLookedAtBeforeText() throws IOException {
    Path odd = Cli.model(folder.resolve("infinite"), 5, 3);
    Cli.weights(
        odd,
        "ln_f.bias",
        data -> data.setAtIndex(ValueLayout.JAVA_FLOAT, 7, Float.NEGATIVE_INFINITY));
    Path broken = Files.writeString(folder.resolve("broken.jsonl"), "no JSON");
    List<String> args = Cli.join(models(), "--other", odd + "", "--text", broken + "");
    assertEquals(
        "homolog: "
            + odd
            + "/model.safetensors: ln_f.bias: element [7] is minus infinite;"
            + " use a checkpoint whose weights are all finite",
        Cli.run(Cli.join(args, "--out", folder + "/order")).err().getLast());
  }

  @Test
  void stackTraceOnlyWhenAsked() {
    List<String> args = Cli.join(models(), "--text", "no.txt", "--out", folder + "/trace");
    assertEquals(1, Cli.run(args).err().size());
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
