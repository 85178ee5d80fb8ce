package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardsTest {
  private static final Path FILES = TestFiles.family().resolve("torch");
  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";

  @TempDir Path folder;

  @BeforeEach
  void config() {
    write(folder.resolve("config.json"), TestFiles.TINY_JSON.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"model, safetensors", "pytorch_model, bin"})
  void shardsAreTheModelThatTheyWereCutFrom(String stem, String extension) throws IOException {
    List<String> files =
        List.of(
            stem + "." + extension + ".index.json",
            stem + "-00001-of-00002." + extension,
            stem + "-00002-of-00002." + extension);
    for (String file : files) {
      copy(file);
    }
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder);
        SafetensorsFile golden = SafetensorsFile.open(FILES.resolve("f16.safetensors"))) {
      assertEquals(new HashSet<>(golden.tensors().keySet()), new HashSet<>(checkpoint.names()));
      golden
          .tensors()
          .forEach((name, tensor) -> {
            assertEquals(tensor.shape(), checkpoint.tensor(name).shape());
            assertEquals(-1, tensor.data().mismatch(checkpoint.tensor(name).data()), name);
          });
      assertEquals("config.json", checkpoint.hashes().keySet().iterator().next());
      for (String file : files) {
        assertEquals(
            new Sha256().update(Files.readAllBytes(folder.resolve(file))).hex(),
            checkpoint.hashes().get(file));
      }
    }
  }

  /** Each form is a model whose first weight differs, so that it shows which one was read. */
  @Test
  void theFirstFormThatIsThereIsTaken() throws IOException {
    copy("pytorch_model.bin.index.json");
    copy("pytorch_model-00001-of-00002.bin");
    copy("pytorch_model-00002-of-00002.bin");
    assertTaken("pytorch_model.bin.index.json");
    Files.copy(FILES.resolve("f32.bin"), folder.resolve("pytorch_model.bin"));
    assertTaken("pytorch_model.bin");
    copy("model.safetensors.index.json");
    copy(FIRST);
    copy(SECOND);
    assertTaken("model.safetensors.index.json");
    Files.copy(FILES.resolve("bf16.safetensors"), folder.resolve("model.safetensors"));
    assertTaken("model.safetensors");
    // Nothing else is tried when it is broken.
    write(folder.resolve("model.safetensors"), new byte[3]);
    assertRefused("model.safetensors: is only 3 bytes long");
  }

  private void assertTaken(String file) {
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertTrue(checkpoint.hashes().containsKey(file), checkpoint.hashes().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside.safetensors",
        "/etc/outside.safetensors",
        "sub/outside.safetensors",
        "..\\\\outside.safetensors",
        "C:outside.safetensors",
        "out\\u0000side.safetensors",
        "out\\u00fcside.safetensors",
        "https://example.org/outside.safetensors"
      })
  void shardOutsideTheFolderIsRefused(String name) throws IOException {
    index(text -> text.replace(FIRST, name));
    assertRefused("is no plain file name");
  }

  @Test
  void indexThatDoesNotFitItsShardsIsRefused() throws IOException {
    index(text -> text.replace(FIRST, "model-00003-of-00002.safetensors"));
    assertRefused("model-00003-of-00002.safetensors: is missing in the folder");
    index(text -> text.replace("wte.weight\": \"" + FIRST, "wte.weight\": \"" + SECOND));
    assertRefused("transformer.wte.weight: is in " + FIRST + ", but the index has it in " + SECOND);
    index(text -> text.replace("wte.weight", "wte.other"));
    assertRefused("transformer.wte.weight: is in " + FIRST + ", but the index has it nowhere");
    index(text -> text.replace("map\": {", "map\": {\"more\": \"" + SECOND + "\","));
    assertRefused("more: the index has it in " + SECOND + ", where it is not");
    index(text -> text.replace(FIRST, "model.bin"));
    assertRefused("is said to be in \"model.bin\", expected a file *.safetensors");
    index(text -> text.replace("\"" + FIRST + "\"", "1"));
    assertRefused("is said to be in 1, expected a file *.safetensors");
    index(text -> text.replace("weight_map", "weight_mop"));
    assertRefused("weight_map: is null, expected an object");
    index(text -> text.replace("wpe.weight", "wte.weight"));
    assertRefused("key \"transformer.wte.weight\" is there twice");
    index(text -> "[" + text + "]");
    assertRefused("is not a JSON object");
    index(text -> "{\"weight_map\":{}}");
    assertRefused("wte.weight: is missing (and 15 more)");
    index(text -> text + " ".repeat(4 << 20));
    assertRefused("is longer than 4 MiB");
    StringBuilder many = new StringBuilder("{\"weight_map\":{\"a\":\"0.safetensors\"");
    for (int i = 1; i < 2_000; i++) {
      many.append(",\"a%d\":\"%d.safetensors\"".formatted(i, i));
    }
    index(text -> many + "}}");
    assertRefused("weight_map: names 2000 files, at most 1000 are read");
  }

  @Test
  void shardThatIsALinkElsewhereIsRefused() throws IOException {
    index(text -> text);
    Path elsewhere =
        Files.createDirectories(folder.resolve("../elsewhere-" + folder.getFileName()));
    try {
      Files.move(folder.resolve(FIRST), elsewhere.resolve(FIRST));
      Files.createSymbolicLink(folder.resolve(FIRST), elsewhere.resolve(FIRST));
      assertRefused(FIRST + ": is a link to ");
      Files.delete(folder.resolve(FIRST));
      Files.createDirectory(folder.resolve(FIRST));
      assertRefused(FIRST + ": is not a file");
    } finally {
      Files.deleteIfExists(elsewhere.resolve(FIRST));
      Files.delete(elsewhere);
    }
  }

  private void index(java.util.function.UnaryOperator<String> change) throws IOException {
    copy(FIRST);
    copy(SECOND);
    String text = Files.readString(FILES.resolve("model.safetensors.index.json"));
    Files.writeString(folder.resolve("model.safetensors.index.json"), change.apply(text));
  }

  private void copy(String name) throws IOException {
    if (!Files.exists(folder.resolve(name))) {
      Files.copy(FILES.resolve(name), folder.resolve(name));
    }
  }

  private void assertRefused(String problem) {
    InputException e =
        assertThrows(InputException.class, () -> HuggingFaceCheckpoint.open(folder).close());
    assertTrue(e.getMessage().contains(problem), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }
}
