package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.Study;
import dev.homolog.core.InputException;
import dev.homolog.core.kernels.Backend;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
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
          assertThrows(
              InputException.class, () -> Study.run(refused.options().get(), kernels).facts());
      assertEquals(refused.where(), e.where());
      assertEquals(refused.field(), e.field());
      assertEquals(refused.problem(), e.problem());
      assertEquals(refused.remedy(), e.remedy());
    }
  }
}
