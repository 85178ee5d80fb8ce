package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerMutationsTest {
  @Test
  void damagedTokenizersAreReadOrRefusedInOneLine(@TempDir Path folder) throws IOException {
    TokenizerMutations mutations = new TokenizerMutations(folder, 26);
    for (int i = 0; i < 1500; i++) {
      assertEquals("", mutations.next(), "number " + i);
    }
    assertTrue(mutations.read() > 200, "only " + mutations.read() + " could be read");
  }
}
