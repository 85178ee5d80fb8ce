package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten kinds of tokenizers against what Python's tokenizers made of the same texts. */
class TokenizerKindsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2", "neox", "llama2", "llama3", "qwen", "bert", "unigram", "words", "chars", "many"
      })
  void idsAndTextsEqualPythons(String kind) {
    Tokenizer tokenizer =
        Tokenizer.of(Golden.FAMILY.resolve("tokenizers").resolve(kind).resolve("tokenizer.json"));
    JsonNode golden = Golden.read("../tokenizers/" + kind + "/golden.json");
    List<String> texts = new ArrayList<>();
    golden.get("texts").forEach(text -> texts.add(text.textValue()));
    int[][] together = tokenizer.encode(texts);
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = Golden.ints(golden.get("ids").get(i));
      assertArrayEquals(ids, tokenizer.encode(texts.get(i)), kind + " " + texts.get(i));
      assertArrayEquals(ids, together[i], kind + " " + texts.get(i));
      assertArrayEquals(ids, tokenizer.encodeWithSpans(texts.get(i)).ids(), kind);
      assertEquals(golden.get("decoded").get(i).textValue(), tokenizer.decode(ids), kind);
    }
    JsonNode tokens = golden.get("tokens");
    assertEquals(tokens.size(), tokenizer.vocabularySize());
    for (int id = 0; id < tokens.size(); id++) {
      assertEquals(tokens.get(id).textValue(), tokenizer.tokenText(id), kind + " " + id);
    }
  }
}
