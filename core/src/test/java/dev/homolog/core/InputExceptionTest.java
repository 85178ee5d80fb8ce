package dev.homolog.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
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
