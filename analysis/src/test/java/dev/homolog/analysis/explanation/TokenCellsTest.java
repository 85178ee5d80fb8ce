package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Cells put together are features, whichever way a token is counted. */
class TokenCellsTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final String[] TEXTS = texts();

  private static String[] texts() {
    Tokenizer tokenizer = Tokenizer.of(FAMILY.resolve("tokenizer.json"));
    return IntStream.range(0, 4096).mapToObj(tokenizer::tokenText).toArray(String[]::new);
  }

  /** As often as words are: a few very, most hardly, some never. */
  private static long[] counts() {
    Random random = new Random(5);
    int[] order = IntStream.range(0, 4096).toArray();
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    long[] counts = new long[4096];
    for (int rank = 0; rank < 4096; rank++) {
      counts[order[rank]] = (long) (10_000 / Math.pow(rank + 1, 1.05));
    }
    return counts;
  }

  @Test
  void everyFeatureIsItsCellsAndNoTokenIsCountedTwice() {
    long[] counts = counts();
    TokenCells cells = TokenCells.of(counts, id -> TEXTS[id]);
    Map<String, TokenClass> catalogue =
        TokenClasses.ALL.stream().collect(Collectors.toMap(TokenClass::name, of -> of));
    Map<FeatureKind, Integer> seen = new HashMap<>();
    for (int f = 0; f < cells.features().size(); f++) {
      Feature feature = cells.features().get(f);
      Set<Integer> members =
          Arrays.stream(cells.members().get(f)).boxed().collect(Collectors.toSet());
      assertEquals(cells.members().get(f).length, members.size());
      seen.merge(feature.kind(), 1, Integer::sum);
      for (int id = 0; id < 4096; id++) {
        String text = TEXTS[id];
        boolean expected =
            counts[id] > 0
                && switch (feature.kind()) {
                  case TOKEN -> id == feature.token();
                  case WORD ->
                      ("'" + TokenClasses.word(text) + "' in any spelling").equals(feature.name());
                  default -> catalogue.get(feature.name()).holds().test(text);
                };
        long times = Arrays.stream(cells.cellsOf(id)).filter(members::contains).count();
        assertEquals(expected ? 1 : 0, times, feature + " and token " + id + " '" + text + "'");
      }
    }
    assertEquals(
        Set.of(FeatureKind.TOKEN, FeatureKind.WORD, FeatureKind.LETTER, FeatureKind.CLASS),
        seen.keySet());
    assertTrue(seen.get(FeatureKind.LETTER) + seen.get(FeatureKind.CLASS) >= 200, seen::toString);
    // All three ways of counting a token are in use.
    int[] ways = new int[3];
    for (int id = 0; id < 4096; id++) {
      int[] of = cells.cellsOf(id);
      if (of.length == 1) {
        ways[of[0] < cells.frequent().length ? 0 : 1]++;
      } else if (of.length > 1) {
        ways[2]++;
      }
    }
    assertTrue(ways[0] > 100 && ways[1] > 100 && ways[2] > 100, Arrays.toString(ways));
  }

  @Test
  void frequentTokensAreThoseOfTenThousandthOfTheText() {
    long[] counts = counts();
    long all = Arrays.stream(counts).sum();
    int[] frequent = TokenCells.of(counts, id -> TEXTS[id]).frequent();
    Set<Integer> found = Arrays.stream(frequent).boxed().collect(Collectors.toSet());
    for (int id = 0; id < 4096; id++) {
      assertEquals(counts[id] >= Math.max(8, 1e-4 * all), found.contains(id));
    }
    for (int i = 1; i < frequent.length; i++) {
      assertTrue(counts[frequent[i - 1]] >= counts[frequent[i]]);
    }
  }

  /** Two classes of the same tokens, a class that is one token, a word that is spelt in one way. */
  @Test
  void whatSaysNothingNewIsLeftOut() {
    String[] texts = {" the", "The", ",", " x", "7", " and"};
    long[] counts = {100, 50, 200, 90, 80, 70};
    List<Feature> features = TokenCells.of(counts, id -> texts[id]).features();
    Set<String> names = new HashSet<>();
    features.forEach(feature -> assertTrue(names.add(feature.name())));
    assertTrue(names.contains("'the' in any spelling"));
    assertTrue(!names.contains("'and' in any spelling"));
    assertTrue(!names.contains("definite article"), "the same tokens as the word");
    assertTrue(!names.contains("article"));
    assertTrue(!names.contains("comma"), "one token");
    assertTrue(!names.contains("one digit"));
    assertTrue(!names.contains("first letter x"));
    assertTrue(names.contains("first letter t") || names.contains("'the' in any spelling"));
    assertTrue(names.contains("' the'") && names.contains("'The'") && names.contains("','"));
  }

  @Test
  void hiddenCharactersShowInNames() {
    assertEquals("'\\n\\t'", Names.token(3, "\n\t"));
    assertEquals("'\uFFFD' (token 7)", Names.token(7, "\uFFFD"));
    assertEquals("'\\u0000'", Names.token(7, "\0"));
  }
}
