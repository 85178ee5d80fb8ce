package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Links to files of the system, pipes and devices in place of files. Each is refused: no word of
 * the linked file is shown, nothing waits for a writer, and nothing is read without end.
 */
@EnabledOnOs({OS.LINUX, OS.MAC})
class NoFilesTest {
  private static final String SECRET = "xyzzy";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "config.json",
        "vocab.json",
        "merges.txt"
      })
  void besideATokenizer(String name) throws Exception {
    Path model = Files.createDirectory(folder.resolve("model"));
    // Without a class of its own it is looked up in config.json.
    Files.writeString(model.resolve("tokenizer_config.json"), "{}");
    boolean pair = List.of("vocab.json", "merges.txt").contains(name);
    for (String one : pair ? List.of("vocab.json", "merges.txt") : List.of("tokenizer.json")) {
      Files.copy(Golden.FAMILY.resolve(one), model.resolve(one));
    }
    Path file = model.resolve(name);
    everyKind(file, () -> Tokenizer.of(model.resolve("tokenizer.json")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json"
      })
  void inAModel(String name) throws Exception {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.copy(Golden.FAMILY.resolve("a/config.json"), model.resolve("config.json"));
    everyKind(model.resolve(name), () -> HuggingFaceCheckpoint.open(model).close());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.txt", "a.jsonl", "a.json", "a.txt.gz", "a.jsonl.zst", "a.parquet"})
  void asText(String name) throws Exception {
    Path file = folder.resolve(name);
    for (Map.Entry<String, Path> kind : Map.of("pipe", file, "zero", file).entrySet()) {
      put(kind.getKey(), file);
      assertEquals(
          file + ": is a pipe or a device, not a file; write what it gives into a file",
          refused(() -> Texts.read(file)).getMessage());
      Files.delete(file);
    }
  }

  @Test
  void asTokens() throws Exception {
    Path file = folder.resolve("a.npy");
    Path raw = folder.resolve("a.bin");
    Tokenizer tokenizer = Golden.tokenizer();
    for (String kind : List.of("pipe", "zero")) {
      put(kind, file);
      assertTrue(
          refused(() -> TokenFile.of(file).firstId()).getMessage().startsWith(file + ": not a"));
      refused(() -> NpyFile.open(file).close()); // as --rotation reads it
      Files.delete(file);
      put(kind, raw);
      TokenFile typed = new TokenFile(raw, Optional.of(TokenType.UINT16), OptionalInt.of(4));
      assertTrue(refused(typed::firstId).getMessage().startsWith(raw + ": not a"));
      Files.delete(raw);
    }
    try (TokenTable table =
        TokenTable.fromText(List.of(Golden.VALIDATION), tokenizer, Golden.rules(), 64, 640)) {
      TokenCache.write(file, table, tokenizer);
    }
    for (String ending : List.of(".json", ".documents.npy")) {
      Path beside = folder.resolve("a.npy" + ending);
      byte[] good = Files.readAllBytes(beside);
      for (String kind : List.of("pipe", "zero", "link")) {
        Files.delete(beside);
        put(kind, beside);
        String message =
            refused(() ->
                    TokenTable.fromTokens(
                        TokenFile.of(file), tokenizer, Golden.rules(), Long.MAX_VALUE))
                .getMessage();
        assertTrue(message.startsWith(beside + ": "), message);
        assertFalse(message.contains(SECRET), message);
      }
      Files.delete(beside);
      Files.write(beside, good);
    }
  }

  private void everyKind(Path file, Executable read) throws Exception {
    for (String kind : List.of("link", "zero", "pipe", "nowhere")) {
      Files.deleteIfExists(file);
      put(kind, file);
      String message = refused(read).getMessage();
      assertTrue(message.startsWith(file.getParent().toString()), message);
      assertTrue(message.contains(file.getFileName() + ": "), message);
      assertFalse(message.contains(SECRET), message);
    }
  }

  private void put(String kind, Path file) throws Exception {
    switch (kind) {
      case "link" -> {
        Path secret = Files.writeString(folder.resolve("secret"), SECRET + ":x:0:0");
        Files.createSymbolicLink(file, secret);
      }
      case "zero" -> Files.createSymbolicLink(file, Path.of("/dev/zero"));
      case "nowhere" -> Files.createSymbolicLink(file, folder.resolve("nowhere"));
      default -> assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
    }
  }

  private static InputException refused(Executable read) throws IOException {
    return assertThrows(InputException.class, read);
  }
}
