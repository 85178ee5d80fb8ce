package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Words to tokens by where they lie in the text, and the tags of sentences that are easy. */
class PartsOfSpeechTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final int NONE = PartsOfSpeech.NONE;

  @TempDir private Path folder;

  private static int[] tags(List<String> tokens, EnglishTagger.Word... words) {
    int[] ends = new int[tokens.size()];
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ends.length; i++) {
      text.append(tokens.get(i));
      ends[i] = text.length();
    }
    return PartsOfSpeech.tags(text, ends, ends.length, Arrays.asList(words));
  }

  private static EnglishTagger.Word word(int from, int to, int tag) {
    return new EnglishTagger.Word(from, to, tag);
  }

  @Test
  void tokensHaveTheTagOfTheirWord() {
    // A word of two tokens, white space alone, a word with its space, two words in one token.
    List<String> tokens = List.of(" run", "ning", "  ", " he", "().", "\n");
    int[] expected = {3, 3, NONE, 7, 5, NONE};
    assertArrayEquals(
        expected, tags(tokens, word(1, 8, 3), word(11, 13, 7), word(13, 15, 5), word(15, 16, 5)));
    expected[4] = NONE;
    assertArrayEquals(
        expected, tags(tokens, word(1, 8, 3), word(11, 13, 7), word(13, 15, 5), word(15, 16, 6)));
    assertArrayEquals(new int[] {NONE, NONE, NONE, NONE, NONE, NONE}, tags(tokens));
  }

  @Test
  void wordsAreWhereTheTextHasThem() {
    String text = "The old dog sees a cat. She doesn't like it!";
    List<String> found = new ArrayList<>();
    for (EnglishTagger.Word of : new EnglishTagger().tag(text)) {
      found.add(text.substring(of.from(), of.to()) + "/" + EnglishTagger.TAGS.get(of.tag()));
    }
    assertEquals(
        List.of(
            "The/DET",
            "old/ADJ",
            "dog/NOUN",
            "sees/VERB",
            "a/DET",
            "cat/NOUN",
            "./PUNCT",
            "She/PRON",
            "doesn't/AUX",
            "like/VERB",
            "it/PRON",
            "!/PUNCT"),
        found);
    assertEquals(List.of(), new EnglishTagger().tag(""));
    assertEquals(List.of(), new EnglishTagger().tag(" \n\n "));
  }

  /** A sentence goes on over the end of a row; BOS in front of it has no part of speech. */
  @Test
  void everyPositionOfATextIsTagged() throws Exception {
    Tokenizer tokenizer = Tokenizer.of(FAMILY.resolve("tokenizer.json"));
    TokenRules rules =
        new TokenRules(0, OptionalInt.of(0), OptionalInt.empty(), tokenizer.newlineId(), 4096);
    List<Path> files = List.of(folder.resolve("a.txt"), folder.resolve("b.txt"));
    Files.writeString(files.get(0), "The women went to the house of the king.");
    Files.writeString(
        files.get(1), "The men came from the city, and they said nothing more to us.");
    try (TokenTable table = TokenTable.fromText(files, tokenizer, rules, 7, 1000)) {
      String[] texts = new String[4096];
      Arrays.setAll(texts, tokenizer::tokenText);
      PartsOfSpeech found = PartsOfSpeech.of(table, texts);
      String the = "";
      String nouns = "";
      for (long row = 0; row < table.rows(); row++) {
        assertEquals(NONE, found.at(row, 0));
        for (int p = 1; p < 7; p++) {
          String text = texts[table.id(row, p)];
          int tag = found.at(row, p);
          if (text.equals("<|endoftext|>")) {
            assertEquals(NONE, tag);
          } else {
            assertTrue(tag >= 0, text);
            the += text.strip().equalsIgnoreCase("the") ? EnglishTagger.TAGS.get(tag) + " " : "";
            nouns +=
                List.of(" king", " house", " city").contains(text)
                    ? EnglishTagger.TAGS.get(tag) + " "
                    : "";
          }
        }
      }
      assertEquals("DET DET DET DET DET ", the);
      assertTrue(nouns.startsWith("NOUN NOUN"), nouns);
      assertTrue(table.rows() >= 4);
    }
  }

  @Test
  void labelsOfDocumentsAreEvenAndUnlikeEachOther() {
    int documents = 80_000;
    int same = 0;
    int[] count = new int[Documents.LABELS];
    for (int d = 0; d < documents; d++) {
      count[Documents.label(1, d)]++;
      same += Documents.label(0, d) == Documents.label(2, d) ? 1 : 0;
    }
    for (int label = 0; label < Documents.LABELS; label++) {
      // Four deviations.
      assertEquals(10_000, count[label], 4 * Math.sqrt(10_000 * 7 / 8.0));
    }
    assertEquals(10_000, same, 4 * Math.sqrt(10_000 * 7 / 8.0));
  }
}
