package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenRulesTest {
  @Test
  void bosFromTheConfigElseFromTheTokenizer(@TempDir Path folder) throws IOException {
    assertEquals(7, TokenRules.of(Golden.config(OptionalInt.of(7)), Golden.tokenizer()).bosId());
    assertEquals(0, TokenRules.of(Golden.config(OptionalInt.empty()), Golden.tokenizer()).bosId());
    String json = Files.readString(Golden.tokenizer().file()).replace("<|endoftext|>", "<|end|>");
    Path file = Files.writeString(folder.resolve("tokenizer.json"), json);
    InputException none =
        assertThrows(
            InputException.class,
            () -> TokenRules.of(Golden.config(OptionalInt.empty()), Tokenizer.of(file)));
    assertEquals(
        file
            + ": no token <|endoftext|>, and config.json has no bos_token_id; add bos_token_id to"
            + " config.json",
        none.getMessage());
    InputException outside =
        assertThrows(
            InputException.class,
            () -> TokenRules.of(Golden.config(OptionalInt.of(50256)), Golden.tokenizer()));
    assertEquals(
        Golden.tokenizer().file().resolveSibling("config.json")
            + ": bos_token_id: 50256 is not in the vocabulary of 4096; give the config.json"
            + " that belongs to the model",
        outside.getMessage());
  }

  @Test
  void keepsAllButBosEosPadAndTheSingleNewline() {
    TokenRules rules =
        new TokenRules(0, OptionalInt.of(1), OptionalInt.of(2), OptionalInt.of(3), 9);
    MemorySegment ids = MemorySegment.ofArray(new int[] {0, 1, 2, 3, 4, 8, 0, 5});
    byte[] mask = new byte[8];
    assertEquals(3, rules.keepMask(ids, 8, MemorySegment.ofArray(mask)));
    assertArrayEquals(new byte[] {0, 0, 0, 0, 1, 1, 0, 1}, mask);
    for (int i = 0; i < 8; i++) {
      assertEquals(mask[i] == 1, rules.kept(ids.getAtIndex(ValueLayout.JAVA_INT, i)));
    }
    TokenRules few =
        new TokenRules(0, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), 9);
    assertEquals(6, few.keepMask(ids, 8, MemorySegment.ofArray(mask)));
  }

  @Test
  void furtherSeparatorsAreLeftOutToo() {
    OptionalInt none = OptionalInt.empty();
    TokenRules rules = new TokenRules(0, OptionalInt.of(1), none, none, 9, Set.of(5, 8));
    MemorySegment ids = MemorySegment.ofArray(new int[] {0, 1, 2, 3, 4, 8, 0, 5});
    byte[] mask = new byte[8];
    assertEquals(3, rules.keepMask(ids, 8, MemorySegment.ofArray(mask)));
    assertArrayEquals(new byte[] {0, 0, 1, 1, 1, 0, 0, 0}, mask);
    for (int i = 0; i < 8; i++) {
      assertEquals(mask[i] == 1, rules.kept(ids.getAtIndex(ValueLayout.JAVA_INT, i)));
    }
  }

  @Test
  void onlyTheSingleNewlineIsLeftOut() {
    Tokenizer tokenizer = Golden.tokenizer();
    TokenRules rules = Golden.rules();
    int longer = 0;
    for (int id = 1; id < tokenizer.vocabularySize(); id++) {
      String text = tokenizer.tokenText(id);
      assertEquals(!text.equals("\n"), rules.kept(id));
      longer += text.startsWith("\n") && text.length() > 1 ? 1 : 0;
    }
    assertTrue(longer > 0, "the vocabulary has longer tokens that begin with a newline");
  }
}
