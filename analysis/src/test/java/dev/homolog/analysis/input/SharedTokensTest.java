package dev.homolog.analysis.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import dev.homolog.core.tokens.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedTokensTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path KINDS =
      Path.of(System.getProperty("homolog.testResources")).resolve("tokenizers");

  @TempDir Path folder;

  /** A tokenizer of 330 tokens, and added tokens after them. */
  private Path model(String name, String... added) throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(KINDS.resolve("gpt2/tokenizer.json").toFile());
    int id = 330;
    for (String token : added) {
      json.withArray("added_tokens")
          .addObject()
          .put("id", id++)
          .put("content", token)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    Path model = Files.createDirectory(folder.resolve(name));
    JSON.writeValue(model.resolve("tokenizer.json").toFile(), json);
    return model;
  }

  @Test
  void addedTokensBeyondTheOthersMayDiffer() throws IOException {
    List<Path> models =
        List.of(model("base"), model("pad", "[PAD]"), model("chat", "[PAD]", "<|im_start|>"));
    SharedTokens tokens = SharedTokens.of(models, false, false);
    assertEquals(330, tokens.shared());
    assertEquals(332, tokens.all().vocabularySize());
    String text = "The river rose.";
    int[] ids = tokens.of(0).encode(text);
    assertArrayEquals(ids, tokens.all().encode(text));
    // Text that names such a token has an id that not all models know.
    assertEquals(331, tokens.all().encode("<|im_start|>")[0]);
    assertTrue(tokens.of(0).encode("<|im_start|>").length > 1);
  }

  @Test
  void equalTokenizersShareAllIds() throws IOException {
    SharedTokens tokens =
        SharedTokens.of(List.of(model("a", "[PAD]"), model("b", "[PAD]")), false, false);
    assertEquals(Integer.MAX_VALUE, tokens.shared());
  }

  @Test
  void anIdOfTwoMeaningsIsRefused() throws IOException {
    List<Path> models = List.of(model("pad", "[PAD]"), model("bos", "<s>"));
    InputException e =
        assertThrows(InputException.class, () -> SharedTokens.of(models, true, false));
    assertEquals(
        models.get(1).resolve("tokenizer.json")
            + ": not the tokenizer of "
            + models.get(0).resolve("tokenizer.json")
            + ": token id 330 is \"[PAD]\" here and \"<s>\" there; compare models that read the same"
            + " tokens",
        e.getMessage());
    List<Path> third = List.of(model("base"), model("x", "[PAD]"), model("y", "<s>", "[PAD]"));
    assertThrows(InputException.class, () -> SharedTokens.of(third, false, false));
  }

  @Test
  void whereIdsAreGivenAModelNeedsNoTokenizer() throws IOException {
    Path none = Files.createDirectory(folder.resolve("none"));
    SharedTokens tokens = SharedTokens.of(List.of(none, model("pad", "[PAD]")), true, false);
    assertEquals(331, tokens.all().vocabularySize());
    assertTrue(tokens.of(0).present());
    SharedTokens alone = SharedTokens.of(List.of(none), true, false);
    Tokenizer absent = alone.all();
    assertFalse(absent.present());
    assertEquals("<token 12>", absent.tokenText(12));
    assertEquals(0, absent.vocabularySize());
    assertTrue(absent.newlineId().isEmpty());
    InputException e =
        assertThrows(InputException.class, () -> SharedTokens.of(List.of(none), false, false));
    assertTrue(e.getMessage().contains("tokenizer.json: no such file"), e.getMessage());
  }
}
