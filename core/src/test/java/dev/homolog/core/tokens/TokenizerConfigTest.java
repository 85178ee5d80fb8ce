package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files beside {@code tokenizer.json}, against Python's {@code AutoTokenizer}. */
class TokenizerConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void plain() throws IOException {
    file = folder.resolve("tokenizer.json");
    Files.copy(Golden.FAMILY.resolve("tokenizers/gpt2/tokenizer.json"), file);
    write("config.json", "{\"model_type\": \"gpt2\"}");
  }

  @Test
  void idsEqualAutoTokenizers() throws IOException {
    int number = 0;
    for (JsonNode golden : Golden.read("../tokenizers/configs.json")) {
      String kind = golden.get("kind").textValue();
      Path there = Files.createDirectory(folder.resolve("case" + number++));
      Path from = Golden.FAMILY.resolve("tokenizers").resolve(kind).resolve("tokenizer.json");
      ObjectNode json = (ObjectNode) JSON.readTree(from.toFile());
      if (golden.get("change").has("prefix")) {
        ((ObjectNode) json.get("pre_tokenizer")).put("add_prefix_space", true);
      }
      if (golden.get("change").has("none")) {
        json.putArray("added_tokens");
      }
      JSON.writeValue(there.resolve("tokenizer.json").toFile(), json);
      for (var beside : golden.get("files").properties()) {
        JSON.writeValue(there.resolve(beside.getKey()).toFile(), beside.getValue());
      }
      Tokenizer tokenizer = Tokenizer.of(there.resolve("tokenizer.json"));
      for (int i = 0; i < golden.get("texts").size(); i++) {
        String text = golden.get("texts").get(i).textValue();
        assertArrayEquals(
            Golden.ints(golden.get("ids").get(i)),
            tokenizer.encode(text),
            golden.get("name").textValue() + ": " + text);
      }
    }
    assertTrue(number > 50);
  }

  @Test
  void switchesThatVersionsReadDifferentlyAreRefused() throws IOException {
    String other = "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", ";
    refused(other + "\"add_prefix_space\": true}", "add_prefix_space: is true, but tokenizer.json");
    refused("{\"add_prefix_space\": \"yes\"}", "add_prefix_space: is neither true nor false");
    refused("{\"split_special_tokens\": 1}", "split_special_tokens: is neither true nor false");
    refused(
        "{\"auto_map\": {\"AutoTokenizer\": [\"mine.Own\", null]}}",
        "auto_map: names a program that makes the tokenizer");
    refused(
        "{\"added_tokens_decoder\": {\"5000\": " + token("[PAD]") + "}}",
        "added_tokens_decoder.5000: the id of \"[PAD]\" is 5000, but tokenizers read it as 330");
    refused(
        "{\"added_tokens_decoder\": {\"x\": " + token("[PAD]") + "}}",
        "added_tokens_decoder.x: is no id");
    refused(
        "{\"tokenizer_class\": \"GPTNeoXTokenizer\", \"mask_token\": \"[MASK]\"}",
        "pad_token: is not there, so that the id of \"[MASK]\" differs between versions");
    refused("[]", "not a JSON object");
  }

  private void refused(String config, String part) throws IOException {
    write("tokenizer_config.json", config);
    InputException e = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertTrue(e.getMessage().contains("tokenizer_config.json: " + part), e.getMessage());
  }

  private static String token(String content) {
    return "{\"content\": \"" + content + "\", \"special\": true}";
  }

  @Test
  void addedTokensKeepTheIdsOfTheirFile() throws IOException {
    Files.delete(file);
    write(
        "vocab.json",
        "{\"<|endoftext|>\": 0, \"a\": 1, \"b\": 2, \"c\": 3, \"\u0120\": 4, \"\u010a\": 5}");
    write("merges.txt", "#version: 0.2\n");
    write("added_tokens.json", "{\"<newtok>\": 7, \"[PAD]\": 6}");
    String text = "a<newtok>b[PAD]c";
    assertArrayEquals(new int[] {1, 7, 2, 6, 3}, Tokenizer.of(file).encode(text));
    assertEquals("[PAD]", Tokenizer.of(file).tokenText(6));
    write("added_tokens.json", "{\"[PAD]\": 9}");
    Tokenizer gap = Tokenizer.of(file);
    assertArrayEquals(new int[] {2, 9, 3}, gap.encode("b[PAD]c"));
    assertArrayEquals(new int[] {2, 9, 3}, gap.encodeWithSpans("b[PAD]c").ids());
    assertEquals(10, gap.vocabularySize());
    assertEquals("<no token 7>", gap.tokenText(7));
    write("added_tokens.json", "{\"[PAD]\": 9, \"<newtok>\": 9}");
    refusedAdded("\"<newtok>\": has the id of \"[PAD]\"");
    write("added_tokens.json", "{\"[PAD]\": 3}");
    refusedAdded("the id of \"[PAD]\" is that of another token");
    write("added_tokens.json", "{\"b\": 8}");
    refusedAdded("the id of \"b\" is 8, but tokenizers read it as 2");
    write("added_tokens.json", "{\"[PAD]\": -1}");
    refusedAdded("\"[PAD]\": is not an integer from 0 to 16777216");
  }

  private void refusedAdded(String part) {
    InputException e = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertTrue(e.getMessage().contains("added_tokens.json: " + part), e.getMessage());
  }

  /** The library closes gaps, whatever id the file says; so does Python, with a warning. */
  @Test
  void idsThatTheLibraryWouldNotGiveAreRefused() throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    ((ObjectNode) json.withArray("added_tokens").get(0)).put("id", 5);
    JSON.writeValue(file.toFile(), json);
    InputException e = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertTrue(
        e.getMessage()
            .contains(
                "added_tokens[0]: the id of \"<|endoftext|>\" is 5, but tokenizers read it as 0"),
        e.getMessage());
  }

  /** As slow tokenizers save it: pairs, and added tokens with their switches. */
  @Test
  void pairFilesTakeTheirSwitchesFromTheConfiguration() throws IOException {
    Files.delete(file);
    write(
        "vocab.json", "{\"<|endoftext|>\": 0, \"a\": 1, \"b\": 2, \"\u0120\": 3, \"\u0120a\": 4}");
    write("merges.txt", "#version: 0.2\n\u0120 a\n");
    write(
        "tokenizer_config.json",
        "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_prefix_space\": true,"
            + " \"added_tokens_decoder\": {\"0\": {\"content\": \"<|endoftext|>\", \"lstrip\": false,"
            + " \"normalized\": false, \"rstrip\": false, \"single_word\": false, \"special\": true},"
            + " \"7\": {\"content\": \"[PAD]\", \"lstrip\": false, \"normalized\": false,"
            + " \"rstrip\": true, \"single_word\": false, \"special\": true}}}");
    assertArrayEquals(new int[] {4, 7, 4, 2}, Tokenizer.of(file).encode("a[PAD]  ab"));
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content);
  }
}
