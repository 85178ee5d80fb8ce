package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text without white space, and text of which only the beginning is wanted. */
class LongTextTest {
  private final Tokenizer tokenizer = Golden.tokenizer();

  @TempDir Path folder;

  /** Base64 has digits beside letters, where it is cut; its tokens are those of the whole. */
  @Test
  void base64IsCut() throws IOException {
    byte[] random = new byte[900_000];
    new Random(4).nextBytes(random);
    String text = Base64.getEncoder().encodeToString(random);
    assertEquals(1_200_000, text.length());
    Path file = Texts.write(folder, "a.txt", Texts.utf8(text));
    assertEquals(TextBuffer.Cuts.WORDS, tokenizer.cuts());
    int pieces = 0;
    try (Documents documents = Documents.of(TextFiles.of(List.of(file)), TextBuffer.Cuts.WORDS)) {
      StringBuilder whole = new StringBuilder();
      for (Optional<Piece> p = documents.next(); p.isPresent(); p = documents.next()) {
        whole.append(p.get().text());
        assertTrue(p.get().text().length() <= 2 * TextBuffer.PIECE + 100);
        pieces++;
      }
      assertEquals(text, whole.toString());
    }
    assertTrue(pieces >= 9, pieces + " pieces");
    int[] once = tokenizer.encode(text.substring(0, 300_000));
    int row = once.length - 100; // the last tokens of a part are not those of the whole
    try (TokenTable table =
        TokenTable.fromText(List.of(file), tokenizer, Golden.rules(), row + 1, row + 1)) {
      assertArrayEquals(
          java.util.Arrays.copyOf(once, row),
          table.ids(0, 1).asSlice(Integer.BYTES).toArray(ValueLayout.JAVA_INT));
    }
  }

  @Test
  void placesWithinWords() {
    for (String word : List.of("a1", "1a", "Z9", "0z")) {
      assertTrue(TextBuffer.mayCutWord(word.charAt(0), word.charAt(1)), word);
      assertTrue(TextBuffer.hasWordCut("<" + word + ">"));
    }
    for (String word : List.of("ab", "12", "a_", "_1", "'s", "\u00E91", "1\u0301", "a ", " 1")) {
      assertEquals(false, TextBuffer.mayCutWord(word.charAt(0), word.charAt(1)), word);
    }
    assertEquals(false, TextBuffer.hasWordCut("<|endoftext|>"));
  }

  /** What follows the document that fills the table is not even looked at. */
  @Test
  void nothingBehindTheLastRowIsRead() throws IOException {
    String first = "{\"text\": \"" + "word ".repeat(300_000) + "\", \"source\": \"A\"}\n";
    Path file = Texts.write(folder, "a.jsonl", Texts.utf8(first + "no JSON at all"));
    try (TokenTable table =
        TokenTable.fromText(List.of(file), tokenizer, Golden.rules(), 64, 6400)) {
      assertEquals(100, table.rows());
      assertEquals(List.of("A"), table.subsets());
    }
  }
}
