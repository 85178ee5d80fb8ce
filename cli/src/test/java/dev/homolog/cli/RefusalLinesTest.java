package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.Study;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every refusal of an input: the exact line that the command prints, and the same case through the
 * library, whose exception has the line's parts as fields.
 */
class RefusalLinesTest {
  @TempDir private static Path folder;
  private static Refusals refusals;

  @BeforeAll
  static void inputs() throws IOException {
    refusals = new Refusals(folder);
  }

  static Stream<Refusals.Case> cases() {
    return refusals.all().stream();
  }

  static Stream<Refusals.Case> casesOfTheLibrary() {
    return refusals.all().stream().filter(refused -> refused.options() != null);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void command(Refusals.Case refused) throws IOException {
    List<String> before = Cli.names(folder);
    Cli.Outcome outcome = Cli.run(refused.arguments());
    assertEquals("homolog: " + refused.line(), outcome.err().getLast());
    assertEquals(refused.code(), outcome.code());
    assertEquals("", outcome.out());
    int lines = outcome.err().size();
    assertTrue(lines == 1 || lines == 2 && outcome.err().getFirst().contains("Vector API"));
    assertEquals(before, Cli.names(folder));
    assertFalse(Files.exists(refusals.out()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("casesOfTheLibrary")
  void library(Refusals.Case refused) {
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      InputException e =
          assertThrows(InputException.class, () -> Study.run(refused.options().get(), kernels));
      assertEquals(refused.where(), e.where());
      assertEquals(refused.field(), e.field());
      assertEquals(refused.problem(), e.problem());
      assertEquals(refused.remedy(), e.remedy());
    }
  }

  /** Root may write anywhere: a file stands where a folder is needed, or the kernel says no. */
  @Test
  void outThatCannotBeWritten() throws IOException {
    Path text = folder.resolve("text.txt");
    refusedOut(text, "is a file");
    refusedOut(text.resolve("run"), "cannot be written: Not a directory");
    refusedOut(Path.of("/proc/run"), "cannot be written: no such file or folder");
  }

  @Test
  void outThatIsTaken() throws IOException {
    Path out = folder.resolve("taken");
    try (RunFolder held = RunFolder.create(out)) {
      refusedOut(out, "is being written by another run");
      held.writeText("notes.txt", "mine");
      refusedOut(out, "is being written by another run");
    }
    refusedOut(out, "already holds files");
    Files.writeString(out.resolve("study.json"), "{}");
    refusedOut(out, "already holds a run");
    assertEquals(List.of("notes.txt", "study.json"), Cli.names(out));
  }

  private static void refusedOut(Path out, String problem) {
    Cli.Outcome outcome = Cli.run(Cli.join(refusals.soundRun(), "--out", out + ""));
    String line = out + ": " + problem + "; choose another --out";
    assertEquals(List.of("homolog: " + line + "; see homolog correlate --help"), outcome.err());
    assertEquals(2, outcome.code());
    assertEquals("", outcome.out());
    InputException e = assertThrows(InputException.class, () -> RunFolder.create(out).close());
    assertEquals(
        List.of(out + "", "", problem, "choose another --out"),
        List.of(e.where(), e.field(), e.problem(), e.remedy()));
  }

  /** All cases differ from this in one thing. */
  @Test
  void whatIsSoundRuns() throws IOException {
    Path out = folder.resolve("sound");
    Cli.Outcome outcome = Cli.run(Cli.join(refusals.soundRun(), "--out", out + ""));
    assertEquals(0, outcome.code(), outcome.err()::toString);
    assertEquals(
        List.of(
            "histograms.parquet",
            "matches.parquet",
            "neurons.parquet",
            "report.html",
            "study.json"),
        Cli.names(out));
  }

  /** Padding of the embedding may differ. */
  @Test
  void aLargerVocabularyRunsToo() throws IOException {
    Path padded = Cli.model(folder.resolve("padded"), 5, 6, 4160);
    Path out = folder.resolve("with-padded");
    List<String> args = Cli.join(refusals.soundRun(), "--other", padded + "", "--out", out + "");
    assertEquals(0, Cli.run(args).code());
  }

  @Test
  void commands() {
    assertEquals(List.of("homolog: no command given; see homolog --help"), refused());
    assertEquals(
        List.of("homolog: Unmatched argument at index 0: 'studi'; see homolog --help"),
        refused("studi"));
    assertEquals(
        List.of(
            "homolog: Missing required options: '--reference=MODEL', '--other=MODEL';"
                + " see homolog study --help"),
        refused("study", "--text", "x.txt"));
    assertEquals(
        List.of(
            "homolog: Expected parameter for option '--text' but found '--top';"
                + " see homolog study --help"),
        refused("study", "--reference", "a", "--other", "b", "--text", "--top", "5"));
  }

  private static List<String> refused(String... args) {
    Cli.Outcome outcome = Cli.run(args);
    assertEquals(2, outcome.code());
    assertEquals("", outcome.out());
    return outcome.err();
  }

  /** Names and values that the library takes outside a study's options. */
  @Test
  void namesAndNumbersOfTheLibrary() {
    fields(
        () -> Backend.parse("gpu"),
        "--backend",
        "no backend is called gpu",
        "known: auto, cuda, torch, vector, scalar");
    fields(
        () -> Precision.parse("fp8"),
        "--precision",
        "no precision is called fp8",
        "known: fp32, bf16");
    fields(
        () -> TableFormat.parse("xml"),
        "--format",
        "there is no format xml",
        "choose one of parquet, csv");
    fields(() -> Backend.VECTOR.open(0), "--threads", "0", "give at least 1");
    Path file = Path.of("rotation.npy");
    fields(
        () -> new Baseline(Baseline.Kind.ROTATION, 2, file),
        "--rotation",
        "goes with --baseline rotation and one draw",
        "leave out --baseline-draws");
    var libtorch = new Backend.Settings(1, Optional.of(folder), Precision.FP32);
    fields(
        () -> Backend.VECTOR.open(libtorch),
        "--libtorch",
        "the backend vector has no use for it",
        "leave it out");
    var rounded = new Backend.Settings(1, Optional.empty(), Precision.BF16);
    fields(
        () -> Backend.VECTOR.open(rounded),
        "--precision",
        "bf16 needs a GPU, and the backend is vector",
        "leave it out, or give --backend cuda");
  }

  private static void fields(Executable call, String where, String problem, String remedy) {
    InputException e = assertThrows(InputException.class, call);
    assertEquals(
        List.of(where, "", problem, remedy),
        List.of(e.where(), e.field(), e.problem(), e.remedy()));
  }
}
