package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.RunListener;
import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of weights in single precision that change while a study reads them. */
class ChangedWeightsTest {
  @TempDir private Path folder;

  /** What becomes of a file. */
  private interface Change {
    void to(Path file) throws IOException;
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void aShorterFileIsRefused(Backend backend) throws IOException {
    InputException refused =
        refused(
            backend,
            file -> {
              try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(16);
              }
            });
    assertTrue(refused.getMessage().contains("is 16 now"), refused::getMessage);
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void aFileThatIsWrittenToIsRefused(Backend backend) throws IOException {
    InputException refused =
        refused(
            backend,
            file -> {
              try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.seek(open.length() - 64);
                open.write(new byte[64]);
              }
              // Clocks of file systems are coarse.
              Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L));
            });
    assertTrue(refused.getMessage().contains("was written to"), refused::getMessage);
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR"})
  void aFileThatIsReplacedIsRefused(Backend backend) throws IOException {
    InputException refused =
        refused(
            backend,
            file -> {
              Path other = Files.copy(file, file.resolveSibling("other"));
              Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
            });
    assertTrue(refused.getMessage().contains("was replaced"), refused::getMessage);
  }

  /** The command: one line, no table, and no crash of the process. */
  @ParameterizedTest
  @CsvSource({"vector, true", "vector, false", "torch, true", "torch, false"})
  void theCommandSaysWhichFileAndLeavesNoTable(String backend, boolean shorter) throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path b = Cli.model(folder.resolve("b"), 5, 2);
    Path file = b.resolve("model.safetensors");
    Path out = folder.resolve("run");
    Hearing err = new Hearing("homolog: pilot: ", () -> change(file, shorter));
    int code =
        Main.execute(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err, true),
            "correlate",
            "--verbose",
            "--reference",
            a + "",
            "--other",
            b + "",
            "--text",
            Cli.text(folder.resolve("text.txt")) + "",
            "--baseline",
            "none",
            "--backend",
            backend,
            "--batch",
            "1",
            "--out",
            out + "");
    List<String> said =
        err.toString().lines().filter(line -> line.startsWith("homolog: " + file)).toList();
    assertEquals(1, said.size(), err::toString);
    assertTrue(said.getFirst().contains(shorter ? "is 16 now" : "was written to"), said::toString);
    assertEquals(1, code);
    assertTrue(Files.notExists(out));
    try (var files = Files.list(Path.of(""))) {
      assertTrue(files.noneMatch(name -> name.toString().startsWith("hs_err")));
    }
  }

  private static void change(Path file, boolean shorter) {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      if (shorter) {
        open.setLength(16);
      } else {
        long length = open.length();
        open.write(new byte[(int) length]);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Standard error that does something when a line begins: the text is about to be read then. */
  private static final class Hearing extends StringWriter {
    private final String line;
    private final Runnable action;
    private boolean done;

    Hearing(String line, Runnable action) {
      this.line = line;
      this.action = action;
    }

    @Override
    public void flush() {
      if (!done && toString().contains(line)) {
        done = true;
        action.run();
      }
    }
  }

  /** Changes the other model's file when the first batch of the text has been read. */
  private InputException refused(Backend backend, Change change) throws IOException {
    Path a = Cli.model(folder.resolve("a"), 5, 1);
    Path b = Cli.model(folder.resolve("b"), 5, 2);
    Path file = b.resolve("model.safetensors");
    TokenInput text = TokenInput.text(Cli.text(folder.resolve("text.txt"))).withMaxTokens(192);
    StudyOptions options = StudyOptions.of(a, List.of(b), text).withBatchRows(1).withTop(1);
    RunListener listener =
        listener(done -> {
          if (done > 0) {
            try {
              change.to(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    try (Kernels kernels = backend.open(1).kernels()) {
      InputException refused =
          assertThrows(InputException.class, () -> Study.run(options, kernels, listener));
      assertEquals(file.toString(), refused.where());
      return refused;
    }
  }

  private static RunListener listener(Consumer<Long> activations) {
    return new RunListener() {
      private boolean changed;

      @Override
      public void planned(Plan plan) {}

      @Override
      public void progress(String phase, long done, long total) {
        if (phase.equals("activations") && done > 0 && !changed) {
          changed = true;
          activations.accept(done);
        }
      }
    };
  }
}
