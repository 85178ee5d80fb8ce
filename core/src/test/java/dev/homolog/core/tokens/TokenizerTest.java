package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  private final Tokenizer tokenizer = Golden.tokenizer();

  @TempDir Path folder;

  @Test
  void idsAndSpansEqualPythons() {
    for (JsonNode golden : Golden.read("awkward.json").get("cases")) {
      String name = golden.get("name").textValue();
      String text = golden.get("text").textValue();
      int[] ids = Golden.ints(golden.get("ids"));
      assertArrayEquals(ids, tokenizer.encode(text), name);
      assertArrayEquals(ids, tokenizer.encode(List.of(text, "x", text))[2], name);
      Encoded encoded = tokenizer.encodeWithSpans(text);
      assertArrayEquals(ids, encoded.ids(), name);
      for (int i = 0; i < ids.length; i++) {
        JsonNode span = golden.get("spans").get(i);
        assertEquals(text.offsetByCodePoints(0, span.get(0).intValue()), encoded.starts()[i], name);
        assertEquals(text.offsetByCodePoints(0, span.get(1).intValue()), encoded.ends()[i], name);
      }
    }
  }

  @Test
  void longTextsEqualPythons() {
    int next = 12345;
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < 1_000_000; i++) {
      next = (next * 1103515245 + 12345) & 0x7FFFFFFF;
      letters.append((char) ('a' + (next >> 16) % 26));
    }
    List<String> texts =
        List.of(
            letters.toString(),
            "a".repeat(100_000),
            " ".repeat(100_000),
            "\uD83D\uDE00".repeat(50_000));
    JsonNode golden = Golden.read("awkward.json").get("long");
    int[][] together = tokenizer.encode(texts);
    for (int i = 0; i < texts.size(); i++) {
      String name = golden.get(i).get("name").textValue();
      int[] ids = tokenizer.encode(texts.get(i));
      assertEquals(golden.get(i).get("tokens").intValue(), ids.length, name);
      assertEquals(golden.get(i).get("sha256").textValue(), Golden.hash(ids), name);
      assertArrayEquals(ids, together[i], name);
    }
    assertEquals(
        golden.get(0).get("tokens").intValue(),
        tokenizer.encodeWithSpans(texts.get(0)).ids().length);
  }

  @Test
  void aLongTextCutInChunksHasTheSameIds() throws IOException {
    TokenizerEngine engine = TokenizerEngine.of(tokenizer.file());
    StringBuilder all = new StringBuilder();
    try (Documents documents =
        Documents.of(TextFiles.of(List.of(Golden.VALIDATION)), TextBuffer.Cuts.SPACES)) {
      for (int i = 0; i < 60; i++) {
        Piece piece = documents.next().orElseThrow();
        all.append(piece.text()).append(i % 2 == 0 ? "<|endoftext|>" : "\n\n  ");
      }
    }
    int[] whole = engine.encode(all.toString());
    Random random = new Random(7);
    for (int size : new int[] {1, 2, 3, 17, 100, 1000 + random.nextInt(5000)}) {
      List<String> chunks = engine.chunks(all.toString(), size);
      assertEquals(all.toString(), String.join("", chunks));
      List<Integer> ids = new ArrayList<>();
      for (int[] part : engine.encode(chunks)) {
        IntStream.of(part).forEach(ids::add);
      }
      assertArrayEquals(whole, ids.stream().mapToInt(Integer::intValue).toArray(), "size " + size);
    }
    String twice = ("word " + "x".repeat(100) + "\n").repeat(20_000);
    assertEquals(twice, tokenizer.decode(tokenizer.encode(twice)));
  }

  /** At every place where it may be: in hard texts, against Python. */
  @Test
  void hardTextsMayBeCut() {
    TokenizerEngine engine = TokenizerEngine.of(tokenizer.file());
    int cuts = 0;
    for (JsonNode golden : Golden.read("awkward.json").get("cases")) {
      List<String> chunks =
          engine.chunks(Utf8.wellFormed(golden.get("text").textValue()).text(), 1);
      cuts += chunks.size() - 1;
      assertArrayEquals(
          Golden.ints(golden.get("ids")), joined(engine, chunks), golden.get("name").textValue());
    }
    assertTrue(cuts > 20);
  }

  /** Random texts of what is white space to some and not to others, marks, letters and halves. */
  @Test
  void whiteSpaceOfEveryKind() throws IOException {
    String json = Files.readString(tokenizer.file());
    String composing =
        json.replaceFirst("\"normalizer\": *null", "\"normalizer\":{\"type\":\"NFC\"}");
    assertNotEquals(json, composing);
    Path nfc = Files.writeString(folder.resolve("nfc.json"), composing);
    String[] parts =
        (" |\n|  |\n\n|\t|\r|\r\n|\u000B|\u0085|\u00A0|\u1680|\u180E|\u2003|\u200B|\u2028|\u202F|\u205F|\u3000"
                + "|\uFEFF|a|Z|'s|'ll|1|\u0661|.|!?|\u0301|e\u0301|\u0323|\u00E9|\u1100\u1161|\u11A8|\u4E2D"
                + "|\u3002|\uD83D\uDE00|\u200D|\uE000|\u0378|\u007F|<|endoftext|>")
            .split("\\|");
    Random random = new Random(11);
    for (Path file : List.of(tokenizer.file(), nfc)) {
      TokenizerEngine engine = TokenizerEngine.of(file);
      assertTrue(engine.vocabulary().byteLevelPairs());
      for (int i = 0; i < 3000; i++) {
        StringBuilder text = new StringBuilder();
        for (int j = 0; j < 12; j++) {
          text.append(parts[random.nextInt(parts.length)]);
        }
        List<String> chunks = engine.chunks(text.toString(), 1);
        assertArrayEquals(engine.encode(text.toString()), joined(engine, chunks), text.toString());
      }
    }
  }

  private static int[] joined(TokenizerEngine engine, List<String> chunks) {
    return IntStream.range(0, chunks.size())
        .flatMap(i -> IntStream.of(engine.encode(chunks.get(i))))
        .toArray();
  }

  @Test
  void tokensOfATextFromManyThreads() {
    String text = "It was the best of times, it was the worst of times. ".repeat(20);
    int[] ids = tokenizer.encode(text);
    assertEquals(
        200,
        IntStream.range(0, 200)
            .parallel()
            .filter(_ -> java.util.Arrays.equals(ids, Golden.tokenizer().encode(text)))
            .count());
  }

  @Test
  void textOfTokens() {
    JsonNode golden = Golden.read("awkward.json");
    golden
        .get("decoded")
        .properties()
        .forEach(e ->
            assertEquals(
                e.getValue().textValue(), tokenizer.tokenText(Integer.parseInt(e.getKey()))));
    assertEquals(golden.get("size").intValue(), tokenizer.vocabularySize());
    assertEquals("<|endoftext|>", tokenizer.tokenText(0));
    assertEquals("<no token 4096>", tokenizer.tokenText(4096));
    assertEquals("<no token -1>", tokenizer.tokenText(-1));
    int nul = tokenizer.encode("\0")[0];
    assertEquals("\0", tokenizer.tokenText(nul));
    int[] emoji = tokenizer.encode("\uD83D\uDE00");
    assertEquals("\uFFFD", tokenizer.tokenText(emoji[emoji.length - 1]));
    assertEquals("\uD83D\uDE00", tokenizer.decode(emoji));
    assertEquals("", tokenizer.decode());
  }

  @Test
  void specialTokens() {
    assertEquals(OptionalInt.of(0), tokenizer.id("<|endoftext|>"));
    assertEquals(OptionalInt.empty(), tokenizer.id("<|pad|>"));
    assertEquals(
        Golden.read("packing.json").get(0).get("newline").intValue(),
        tokenizer.newlineId().getAsInt());
    assertEquals("\n", tokenizer.tokenText(tokenizer.newlineId().getAsInt()));
  }

  @Test
  void differences() throws IOException {
    String json = Files.readString(tokenizer.file());
    assertEquals(
        Optional.empty(),
        tokenizer.difference(Tokenizer.of(Golden.FAMILY.resolve("b/tokenizer.json"))));
    assertEquals(
        Optional.empty(), tokenizer.difference(Tokenizer.of(write("longer.json", json + "\n"))));
    assertEquals(
        Optional.of("token id 5 is \"%\" here and \"%%\" there"),
        differs(json.replace("\"%\": 5", "\"%%\": 5")));
    assertEquals(
        Optional.of("token id 5 is \"%\" here and \"&\" there"),
        differs(json.replace("\"%\": 5", "\"%\": 6").replace("\"&\": 6", "\"&\": 5")));
    assertEquals(
        Optional.of("token id 4096 is \"<|pad|>\" there and unused here"),
        differs(
            json.replace(
                "\"added_tokens\": [",
                "\"added_tokens\": [{\"id\": 4096, \"content\": \"<|pad|>\", \"single_word\": false,"
                    + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true},")));
    assertEquals(
        Optional.of("\"%\" is an added token there, not here"),
        differs(
            json.replace(
                "\"added_tokens\": [",
                "\"added_tokens\": [{\"id\": 5, \"content\": \"%\", \"single_word\": false,"
                    + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true},")));
    String merges = json.substring(json.indexOf("\"merges\""));
    String first = merges.substring(merges.indexOf('[') + 1, merges.indexOf(',')).strip();
    assertEquals(
        Optional.of("merge 0 is \"\u0120 \u0120\" here and \"x y\" there"),
        differs(json.replaceFirst(first, "[\"x\", \"y\"]")));
    assertEquals(
        Optional.of("merge 0 is \"\u0120 \u0120\" here and \"\u0120\u0120 \u0120\u0120\" there"),
        differs(json.replaceFirst(first + ",", "")));
  }

  private Optional<String> differs(String json) {
    Vocabulary mine = TokenizerEngine.of(tokenizer.file()).vocabulary();
    Path other = Path.of("other.json");
    return mine.difference(Vocabulary.parse(other, json.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void refusals() throws IOException {
    assertRefused(
        folder.resolve("none.json"),
        ": no such file; a model folder needs its tokenizer.json, or GPT-2's vocab.json and merges.txt");
    String remedy = "; give a tokenizer.json of Hugging Face's tokenizers";
    assertRefused(
        write("half.json", "{\"model\": {"),
        ": not JSON: Unexpected end-of-input: expected close marker for Object" + remedy);
    assertRefused(write("empty.json", ""), ": model: missing" + remedy);
    assertRefused(write("other.json", "{}"), ": model: missing" + remedy);
    assertRefused(write("vocab.json", "{\"model\": {}}"), ": model.vocab: missing" + remedy);
    assertRefused(
        write("id.json", "{\"model\": {\"vocab\": {\"a\\n\": -1}}}"),
        ": token \"a\\u000a\": id -1 is not an integer from 0 to 16777216" + remedy);
    assertRefused(
        write("double.json", "{\"model\": {\"vocab\": {\"a\": 1, \"a\": 2}}}"),
        ": not JSON: Duplicate field 'a'" + remedy);
    String json = Files.readString(tokenizer.file());
    assertRefused(
        write("dropout.json", json.replace("\"dropout\": null", "\"dropout\": 0.1")),
        ": model.dropout: makes tokens random; set it to null, as it is after training");
    InputException broken =
        assertThrows(
            InputException.class,
            () -> Tokenizer.of(write("type.json", json.replace("\"BPE\"", "\"BPX\""))));
    assertEquals("not a tokenizer: ", broken.problem().substring(0, 17));
  }

  private void assertRefused(Path file, String message) {
    InputException refusal = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertEquals(file + message, refusal.getMessage());
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  /** The family's files were written by Python's tokenizers from one training. */
  @Test
  void vocabularyAndMergesDoInPlaceOfTheFile() throws IOException {
    Path family = Path.of(System.getProperty("homolog.testResources"));
    for (String name : List.of("vocab.json", "merges.txt")) {
      Files.copy(family.resolve(name), folder.resolve(name));
    }
    Tokenizer old = Tokenizer.of(folder.resolve("tokenizer.json"));
    assertEquals(Optional.empty(), old.difference(tokenizer));
    assertEquals(tokenizer.identity(), old.identity());
    for (JsonNode golden : Golden.read("awkward.json").get("cases")) {
      String text = golden.get("text").textValue();
      assertArrayEquals(Golden.ints(golden.get("ids")), old.encode(text), text);
    }

    Files.writeString(folder.resolve("added_tokens.json"), "{\"<pad>\": 9000}");
    Tokenizer padded = Tokenizer.of(folder.resolve("tokenizer.json"));
    assertEquals(OptionalInt.of(9000), padded.id("<pad>"));
    assertEquals(
        Optional.of("token id 9000 is \"<pad>\" here and unused there"),
        padded.difference(tokenizer));
  }

  @Test
  void damagedVocabulariesAndMergesAreRefused() throws IOException {
    Path vocab = folder.resolve("vocab.json");
    Path merges = folder.resolve("merges.txt");
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(merges, "#version: 0.2\na b\n");
    Files.writeString(vocab, "[1]");
    assertRefused(file, vocab, "not a JSON object of tokens and ids");
    Files.writeString(vocab, "{\"a\": 0, \"b\": 1}");
    assertRefused(file, merges, "line 2: is no pair of tokens of vocab.json");
    Files.writeString(vocab, "{\"a\": 0, \"b\": 1, \"ab\": -2}");
    assertRefused(file, file, "token \"ab\": id -2 is not an integer");
    Files.writeString(vocab, "{\"a\": 0, \"a\": 1}");
    assertRefused(file, vocab, "Duplicate");
  }

  private static void assertRefused(Path file, Path where, String part) {
    var e = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertEquals(where.toString(), e.where());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
