package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
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

  /** Base64 in a tokenizer whose texts are never cut, and Chinese text in one of GPT-2's kind. */
  @Test
  void whatCannotBeCutIsBoundedByMemory() throws IOException {
    Path letters = Texts.write(folder, "a.txt", Texts.utf8("Zm9v".repeat(100_000)));
    Path words = Texts.write(folder, "b.txt", Texts.utf8("\u4E2D\u6587".repeat(200_000)));
    String problem = ": more than 300000 characters without a place to cut it for tokenizing";
    for (var one : Map.of(letters, TextBuffer.Cuts.NONE, words, TextBuffer.Cuts.WORDS).entrySet()) {
      TextFiles text = TextFiles.of(List.of(one.getKey()));
      long room = 300_000L * TextBuffer.BYTES_PER_CHAR;
      try (Documents documents = Documents.of(text.withRoom(room), one.getValue())) {
        InputException refused = assertThrows(InputException.class, documents::next);
        assertEquals(
            one.getKey() + problem + "; raise --memory, or split the document",
            refused.getMessage());
      }
      try (Documents documents = Documents.of(text.withRoom(2 * room), one.getValue())) {
        assertEquals(400_000, documents.next().orElseThrow().text().length());
      }
      // What is held in any case is not refused, however little there is.
      try (Documents documents = Documents.of(text.withRoom(0), one.getValue())) {
        String message = assertThrows(InputException.class, documents::next).getMessage();
        assertTrue(message.contains("more than " + 4 * TextBuffer.PIECE), message);
      }
    }
  }

  /** A small file of endless text: were it read on, it would be found to be broken. */
  @Test
  void ofABombNoMoreIsUnpackedThanIsWanted() throws IOException {
    byte[] words = Texts.utf8("word ".repeat(1_500_000));
    byte[] lines = Texts.utf8("{\"text\": \"one line of the file\"}\n".repeat(100_000));
    for (Path file :
        List.of(
            Texts.write(folder, "a.txt.gz", Texts.join(Texts.gzip(words), new byte[] {1})),
            Texts.write(folder, "b.jsonl.gz", Texts.join(Texts.gzip(lines), new byte[] {1})),
            Texts.write(folder, "c.txt.zst", Texts.join(Texts.zstd(words), new byte[] {1})))) {
      try (TokenTable table =
          TokenTable.fromText(List.of(file), tokenizer, Golden.rules(), 64, 6400)) {
        assertEquals(100, table.rows(), file::toString);
      }
      String whole = assertThrows(InputException.class, () -> Texts.read(file)).getMessage();
      assertTrue(whole.contains("cannot be read"), whole);
    }
  }

  /** Names of JSON are passed over one by one, and none is kept. */
  @Test
  void aLineOfManyKeys() throws IOException {
    StringBuilder line = new StringBuilder("{");
    for (int i = 0; i < 3_000_000; i++) {
      line.append("\"k").append(i).append("\":0,");
    }
    byte[] bytes = Texts.utf8(line.append("\"text\": \"one\"}\n").toString());
    Path file = Texts.write(folder, "a.jsonl", bytes);
    assertEquals("one", Texts.read(file).getFirst().text());
  }
}
