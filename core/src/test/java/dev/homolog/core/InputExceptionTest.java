package dev.homolog.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class InputExceptionTest {
  @Test
  void messageIsWhereFieldProblemRemedy() {
    var e = new InputException("m/config.json", "n_head", "is 0", "give a positive number");
    assertEquals("m/config.json: n_head: is 0; give a positive number", e.getMessage());
    assertEquals("n_head", e.field());
    assertNull(e.getCause());
  }

  @Test
  void emptyFieldIsLeftOut() {
    var e = new InputException(Path.of("m"), "", "is not a folder", "name a model folder");
    assertEquals("m: is not a folder; name a model folder", e.getMessage());
  }

  @Test
  void anOptionIsNamedByItsFlag() {
    var e = new InputException(InputOption.MAX_TOKENS, "0", "give at least 1");
    assertEquals("--max-tokens: 0; give at least 1", e.getMessage());
    assertEquals("--max-tokens", e.where());
    assertEquals("", e.field());
    assertEquals(Set.of(InputOption.MAX_TOKENS), e.options());
    assertEquals(Set.of(), new InputException("f", "", "is wrong", "mend it").options());
  }

  @Test
  void optionsThatDoNotGoTogether() {
    var options = List.of(InputOption.TEXT, InputOption.TOKENS);
    var e = new InputException(options, "both are given", "give one of the two");
    assertEquals("--text, --tokens: both are given; give one of the two", e.getMessage());
    assertEquals(Set.copyOf(options), e.options());
  }

  @Test
  void oneValueOfAnOption() {
    var e = InputException.ofValue(InputOption.BACKEND, "vector", "is missing", "take another");
    assertEquals("--backend vector: is missing; take another", e.getMessage());
    assertEquals(Set.of(InputOption.BACKEND), e.options());
  }

  @Test
  void controlCharactersNeverReachTheMessage() {
    var e = new InputException("f", "a\nb\u001b[31m\u2028", "is wrong", "rename it");
    assertEquals("f: a\uFFFDb\uFFFD[31m\uFFFD: is wrong; rename it", e.getMessage());
  }

  /**
   * Tests run as the build says: in the module, on Java 25 or later, with the Vector API at hand.
   */
  @Test
  void runsAsAModuleWithTheVectorApi() {
    assertEquals("dev.homolog.core", InputException.class.getModule().getName());
    assertTrue(Runtime.version().feature() >= 25);
    assertTrue(FloatVector.SPECIES_PREFERRED.length() >= 2);
  }
}
