package dev.homolog.analysis.explanation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.tokens.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The classes of tokens that are easily got wrong: spaces, line breaks, bytes, case. */
class TokenClassesTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  /** Names of the classes of a text, without those of parts of words. */
  private static Set<String> classes(String text) {
    Set<String> found = new TreeSet<>();
    for (TokenClass of : TokenClasses.ALL) {
      if (of.holds().test(text)) {
        found.add(of.name());
      }
    }
    found.removeIf(name -> name.startsWith("begins with ") && name.endsWith("-"));
    found.removeIf(name -> name.startsWith("ends with -"));
    return found;
  }

  private static Set<String> set(String... names) {
    return new TreeSet<>(Arrays.asList(names));
  }

  @Test
  void theCatalogueHasAsManyClassesAsItSaysAndNoNameTwice() {
    Set<String> names = new HashSet<>();
    TokenClasses.ALL.forEach(of -> assertTrue(names.add(of.name()), of.name()));
    assertTrue(names.size() >= 200, names.size() + " classes");
  }

  @Test
  void spaceInFrontIsNoPartOfAWord() {
    Set<String> the =
        set(
            "letters only",
            "lower case",
            "definite article",
            "article",
            "function word",
            "three characters",
            "first letter t",
            "first letter a consonant");
    Set<String> glued = new TreeSet<>(the);
    glued.addAll(set("goes on with a letter", "goes on with a small letter", "no space, then t"));
    assertEquals(glued, classes("the"));
    Set<String> spaced = new TreeSet<>(the);
    spaced.addAll(set("begins with a space", "space, then a letter", "space, then t"));
    assertEquals(spaced, classes(" the"));
  }

  @Test
  void whatStandsForNoTextIsNothingElse() {
    assertEquals(set("special token"), classes("<|endoftext|>"));
    assertTrue(!classes("<|").contains("ALL CAPITALS") && classes("<|").contains("vertical bar"));
  }

  @Test
  void whiteSpaceIsNothingElse() {
    assertEquals(set("white space only", "has a line break", "one line break"), classes("\n"));
    assertEquals(
        set("white space only", "has a line break", "several line breaks"), classes("\n\n"));
    assertEquals(
        set("white space only", "has a line break", "line break and indent", "two spaces or more"),
        classes("\n    "));
    assertEquals(set("white space only", "spaces only"), classes(" "));
    assertEquals(set("white space only", "spaces only", "two spaces or more"), classes("    "));
    assertEquals(set("white space only", "has a tab"), classes("\t"));
    assertEquals(set(), classes(""));
  }

  @Test
  void bytesAreNoLettersAndNoSymbols() {
    assertEquals(set("part of a character", "one character"), classes("\uFFFD"));
    assertEquals(
        set("part of a character", "one character", "begins with a space"), classes(" \uFFFD"));
    assertEquals(
        set(
            "part of a character",
            "two characters",
            "begins with a capital",
            "first letter a",
            "first letter a vowel",
            "goes on with a letter",
            "begins with a capital, no space",
            "no space, then a"),
        classes("A\uFFFD"));
  }

  @Test
  void charactersBeyondSixteenBitsAreOne() {
    assertTrue(classes("😀").contains("one character"));
    assertTrue(classes("😀").contains("symbols only"));
    assertTrue(classes("漢").contains("Chinese, Japanese or Korean"));
    assertTrue(classes(" é").contains("Latin letter with an accent"));
    assertTrue(classes("Д").contains("Cyrillic"));
    assertTrue(classes("λ").contains("Greek"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "` He`|pronoun, male",
        "`HE`|ALL CAPITALS",
        "` I`|pronoun, first person singular",
        "`I`|Roman numeral",
        "`XIV`|Roman numeral",
        "`1999`|year",
        "` 2024`|year",
        "`31`|day of a month",
        "`0x1f`|hexadecimal",
        "`00`|zeros",
        "` May`|month",
        "`Monday`|day of the week",
        "`'s`|contraction",
        "` n't`|negation",
        "` However`|contrast",
        "` -->`|comment",
        "`();`|call or index",
        "`.\"`|ends a sentence",
        "` ====`|rule of symbols",
        "` ====`|a symbol repeated",
        "` _name`|symbol, then letters",
        "` sqlite3_open`|name with an underscore",
        "` getName`|camelCase",
        "` <|endoftext|>`|has a symbol",
        "` les`|French function word",
        "` und`|German function word",
        "` los`|Spanish function word",
        "`ing`|goes on with a small letter",
        "` Queen`|Capitalised",
        "` B`|one capital",
        "` B`|the letter b",
        "` return`|word of a program",
        "`€5`|currency sign",
        "` «`|any quote"
      })
  void tokensAreInTheirClass(String text, String name) {
    assertTrue(classes(text).contains(name), text + ": " + classes(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`1499`|year",
        "`12345`|year",
        "`32`|day of a month",
        "`dead`|hexadecimal",
        "` A`|ALL CAPITALS",
        "` iPhone`|Capitalised",
        "` the `|part of a character",
        "` ½`|digits only",
        "`__`|name with an underscore",
        "` then`|definite article",
        "`x\n`|white space only",
        "` a.`|ends a sentence"
      })
  void andInNoOther(String text, String name) {
    assertTrue(!classes(text).contains(name), text + ": " + classes(text));
  }

  @Test
  void partsOfWordsAreMoreThanThePart() {
    TokenClass ing =
        TokenClasses.ALL.stream()
            .filter(of -> of.name().equals("ends with -ing"))
            .findAny()
            .orElseThrow();
    assertTrue(ing.holds().test(" King"));
    assertTrue(ing.holds().test("running"));
    assertTrue(!ing.holds().test("ing"));
    assertTrue(!ing.holds().test(" -ing"));
  }

  /** What a tokenizer prints is what the classes expect. */
  @ParameterizedTest
  @ValueSource(strings = {" the", "the", "\n", "\n    ", "    ", "\n\n", "é"})
  void printedTokensHaveTheirWhiteSpace(String text) {
    Tokenizer tokenizer = Tokenizer.of(FAMILY.resolve("tokenizer.json"));
    int[] ids = tokenizer.encode(text);
    StringBuilder printed = new StringBuilder();
    for (int id : ids) {
      printed.append(tokenizer.tokenText(id));
    }
    assertEquals(text, printed.toString());
    assertEquals("<|endoftext|>", tokenizer.tokenText(0));
    // Half of a character, alone.
    int half = tokenizer.id("\u00E2").orElseThrow();
    assertEquals("\uFFFD", tokenizer.tokenText(half));
  }
}
