package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that would end or stop the process, were the native library to see them. */
class TokenizerRefusalsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private Path file;
  private ObjectNode json;

  @BeforeEach
  void plain() throws IOException {
    file = folder.resolve("tokenizer.json");
    json = kind("gpt2");
  }

  private static ObjectNode kind(String kind) throws IOException {
    Path file = Golden.FAMILY.resolve("tokenizers").resolve(kind).resolve("tokenizer.json");
    return (ObjectNode) JSON.readTree(file.toFile());
  }

  private Tokenizer read() throws IOException {
    JSON.writeValue(file.toFile(), json);
    return Tokenizer.of(file);
  }

  private void refused(String part) {
    InputException e = assertThrows(InputException.class, this::read);
    assertTrue(e.getMessage().startsWith(file + ": " + part), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "(a+)+$ ~ repeats what is repeated",
        "(a|a)*b ~ repeats what is repeated",
        "(a|ab)(c|bcd)*(d*) ~ repeats what is repeated",
        "a*a*b ~ goes back over two repetitions",
        "\\w+\\s*\\d+x ~ goes back over two repetitions",
        "(?:a?){40}a{40} ~ has too many ways",
        "a?a?a?a?a?a?a?a?a?a?a?a?a?a?b ~ has too many ways",
        "x* ~ can match nothing",
        "a|(?=b) ~ can match nothing",
        "(\\w)\\1 ~ has an escape that is not known",
        "(?>a+)b ~ has a group of a kind",
        "(((((((((a))))))))) ~ is nested too deep",
        "a{100000} ~ has a brace that is no repetition",
        "(?:(?:a{900}){900}) ~ repeats what is repeated",
        "a++*b ~ repeats what is repeated",
        "(ab ~ has a bracket too few",
        "ab) ~ has a bracket too many",
        "[ab ~ has a bracket too few",
        "+a ~ repeats nothing"
      })
  void expressionsThatGoBackWithoutBound(String regex, String problem) {
    json.putObject("pre_tokenizer")
        .put("type", "Split")
        .put("behavior", "Isolated")
        .put("invert", false)
        .putObject("pattern")
        .put("Regex", regex);
    InputException e = assertThrows(InputException.class, this::read);
    assertTrue(e.getMessage().contains("pre_tokenizer.pattern.Regex"), e.getMessage());
    assertTrue(e.getMessage().contains(problem), e.getMessage());
  }

  /** Of models in use, and others that take time in proportion to the text. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\|",
        "\\s+",
        "\\w+|[^\\w\\s]+",
        "[0-9][0-9][0-9]",
        "\\p{N}{1,3}",
        "[\\r\\n]",
        "\\s?[A-Za-z\u00b5\u00c0-\u00d6]+",
        "\\s+$",
        "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|\\s*[\\r\\n]+|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"
            + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
        "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
      })
  void expressionsOfTheField(String regex) throws IOException {
    ObjectNode sequence = json.putObject("pre_tokenizer").put("type", "Sequence");
    var parts = sequence.putArray("pretokenizers");
    parts
        .addObject()
        .put("type", "Split")
        .put("behavior", "Isolated")
        .put("invert", false)
        .putObject("pattern")
        .put("Regex", regex);
    parts
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
    String text = "Hello, it's 12345\n\n  worlds | and more";
    Tokenizer tokenizer = read();
    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
  }

  /** The library would end the process at ten million steps back. */
  @Test
  void textsThatAskTooMuchOfAnExpression() throws IOException {
    json = kind("llama3");
    Tokenizer tokenizer = read();
    String spaces = "a" + " ".repeat(100_000) + "b";
    assertEquals(spaces, tokenizer.decode(tokenizer.encode(spaces)));
    InputException e =
        assertThrows(
            InputException.class, () -> tokenizer.encode("a" + " ".repeat(11_000_000) + "b"));
    assertTrue(e.getMessage().contains("more than 524288 spaces in a row"), e.getMessage());
  }

  @Test
  void componentsThatEndTheProcess() throws IOException {
    normalizer("{'type':'Replace','pattern':{'String':''},'content':'x'}");
    refused("normalizer.pattern.String: is empty");
    normalizer("{'type':'Replace','pattern':{'Regex':'x*'},'content':'x'}");
    refused("normalizer.pattern.Regex: the regular expression \"x*\" can match nothing");
    normalizer("{'type':'Replace','pattern':{'String':'a'},'content':'" + "a".repeat(257) + "'}");
    refused("normalizer.content: is longer than 256 characters");
    String grow = "{'type':'Replace','pattern':{'String':'a'},'content':'aaaaaaaa'}";
    normalizer(
        "{'type':'Sequence','normalizers':[" + String.join(",", List.of(grow, grow, grow)) + "]}");
    refused("normalizer.normalizers[2].content: lengthens the text too much");
    normalizer("{'type':'Prepend','prepend':'" + "a".repeat(256) + "'}");
    refused("normalizer.prepend: lengthens the text too much");
    normalizer("{'type':'Precompiled','precompiled_charsmap':'AAAA'}");
    refused("normalizer.precompiled_charsmap: is too short");
    normalizer("{'type':'Precompiled','precompiled_charsmap':null}");
    refused("normalizer.precompiled_charsmap: is not a text");
    normalizer("{'type':'Precompiled','precompiled_charsmap':'" + map(0x7FFFFFFC) + "'}");
    refused("normalizer.precompiled_charsmap: says that its array is 2147483644 bytes long");
    normalizer("{'type':'Own'}");
    refused("normalizer.type: is \"Own\", which is not known");
    normalizer("{'type':'Strip','strip_left':true,'strip_right':true,'how':7}");
    refused("normalizer.how: is not known");
    json.putNull("normalizer");
    json.putObject("pre_tokenizer").put("type", "FixedLength").put("length", 0);
    refused("pre_tokenizer.length: is not an integer from 1 to");
    ObjectNode deep = json.putObject("pre_tokenizer");
    for (int i = 0; i < 8; i++) {
      deep = deep.put("type", "Sequence").putArray("pretokenizers").addObject();
    }
    refused("pre_tokenizer.pretokenizers[0].pretokenizers[0].pretokenizers[0]");
  }

  private void normalizer(String quoted) throws IOException {
    json.set("normalizer", JSON.readTree(quoted.replace('\'', '"')));
  }

  private static String map(int size) {
    byte[] bytes = new byte[64];
    for (int i = 0; i < 4; i++) {
      bytes[i] = (byte) (size >> 8 * i);
    }
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Each bit of a map that works is turned: it is refused, or read without an end. */
  @Test
  void damagedMapsOfCharacters() throws IOException {
    ObjectNode unigram = kind("unigram");
    ObjectNode part = (ObjectNode) unigram.path("normalizer").path("normalizers").get(0);
    byte[] map = Base64.getDecoder().decode(part.get("precompiled_charsmap").textValue());
    json = unigram;
    int refusals = 0;
    for (int i = 0; i < map.length * 8; i += 13) {
      map[i / 8] ^= (byte) (1 << i % 8);
      part.put("precompiled_charsmap", Base64.getEncoder().encodeToString(map));
      try {
        read().encode("The \ufb01ne e\u0301\u2122\u3000 \ufdfa A\u030a \ufeff");
      } catch (InputException e) {
        assertTrue(e.getMessage().contains("precompiled_charsmap"), e.getMessage());
        refusals++;
      }
      map[i / 8] ^= (byte) (1 << i % 8);
    }
    assertTrue(refusals > 20, refusals + " refused");
  }

  /** They show text only, and the library never sees them. */
  @Test
  void decodersAndWhatDoesNotChangeIdsAreLeftOut() throws IOException {
    int[] ids = read().encode("The fox.");
    ObjectNode deep = json.putObject("decoder");
    for (int i = 0; i < 9; i++) {
      deep = deep.put("type", "Sequence").putArray("decoders").addObject();
    }
    assertArrayEquals(ids, read().encode("The fox."));
    json.putObject("decoder")
        .put("type", "Strip")
        .put("content", " ")
        .put("start", 0)
        .put("stop", 999_999_999);
    Tokenizer stripped = read();
    assertArrayEquals(ids, stripped.encode("The fox."));
    assertFalse(stripped.decode(ids).isEmpty());
    json.putObject("decoder").put("type", "Own");
    json.putObject("post_processor").put("type", "Own");
    json.put("truncation", 7).put("padding", "x");
    assertArrayEquals(ids, read().encode("The fox."));
  }

  @Test
  void modelsThatEndTheProcess() throws IOException {
    ObjectNode model = (ObjectNode) json.get("model");
    model.put("continuing_subword_prefix", "longer than any token");
    refused("model.merges[0]: is \"");
    model.putNull("continuing_subword_prefix");
    model.withArray("merges").addArray().add("x").add("nowhere");
    refused("model.merges[");
    json = kind("words");
    ((ObjectNode) json.get("model")).put("unk_token", "<none>");
    Tokenizer without = read();
    assertEquals(OptionalInt.empty(), without.newlineId());
    InputException e = assertThrows(InputException.class, () -> without.encode("unseen"));
    assertTrue(e.getMessage().startsWith(file + ": model: cannot encode a text: "), e.getMessage());
    json = kind("bert");
    ((ObjectNode) json.get("model")).put("max_input_chars_per_word", 1 << 30);
    refused("model.max_input_chars_per_word: is not an integer from 0 to 1000");
    json = kind("unigram");
    ((ObjectNode) json.get("model")).put("unk_id", 999);
    refused("model.unk_id: is not an integer from 0 to 89");
  }

  @Test
  void addedTokensThatEndTheProcess() throws IOException {
    added("a".repeat(5000), 330, false);
    refused("added_tokens[1].content: is longer than 4096 characters");
    json = kind("chars");
    added("\u0301", json.get("model").get("vocab").size(), true);
    refused("added_tokens: the normalizer leaves nothing of \"\u0301\"");
  }

  private void added(String content, int id, boolean normalized) {
    json.withArray("added_tokens")
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", normalized)
        .put("special", !normalized);
  }

  /** An id takes no room of its own. */
  @Test
  void greatIds() throws IOException {
    ObjectNode vocab = (ObjectNode) json.get("model").get("vocab");
    vocab.put("Z", 1 << 24);
    Tokenizer tokenizer = read();
    assertArrayEquals(new int[] {1 << 24}, tokenizer.encode("Z"));
    assertEquals("Z", tokenizer.tokenText(1 << 24));
    assertEquals((1 << 24) + 1, tokenizer.vocabularySize());
  }

  @Test
  void filesThatAreSomethingElse() throws IOException {
    content("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n");
    refusedFile("is a pointer of Git LFS, not the file itself; run: git lfs pull");
    content("\n<!DOCTYPE html><html>");
    refusedFile("is a web page or XML, not JSON; download the file itself");
    Files.write(file, new byte[] {0x1f, (byte) 0x8b, 8, 0});
    refusedFile("is compressed (gzip); unpack it with gunzip");
    Files.write(file, new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd});
    refusedFile("is compressed (zstd); unpack it with unzstd");
    content("\ufeff{}");
    refusedFile("begins with a byte order mark; save it as UTF-8 without the mark");
    Files.write(file, "{}".getBytes(StandardCharsets.UTF_16));
    refusedFile("is UTF-16; save it as UTF-8");
    content("{\"model\": NaN}");
    refusedFile("not JSON: Non-standard token 'NaN'; give a tokenizer.json");
    content("[".repeat(100) + "]".repeat(100));
    refusedFile("not JSON that a tokenizer needs: nested too deep");
    Files.delete(file);
    Files.createDirectory(file);
    refusedFile("is a folder, not a file");
    Files.delete(file);
    Files.writeString(folder.resolve("vocab.txt"), "[PAD]\n[UNK]\n");
    refusedFile(
        "no such file; vocab.txt alone does not say how text is cut; write one with Python");
    Files.writeString(folder.resolve("vocab.json"), "{}");
    refusedFile("no such file, and beside vocab.json there is no merges.txt");
  }

  private void content(String text) throws IOException {
    Files.writeString(file, text);
  }

  private void refusedFile(String part) {
    InputException e = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertTrue(e.getMessage().startsWith(file + ": " + part), e.getMessage());
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void linksPipesAndDevices() throws IOException, InterruptedException {
    Files.createSymbolicLink(file, Path.of("/etc/hostname"));
    InputException link = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertTrue(link.getMessage().contains("outside the folder"), link.getMessage());
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("/dev/zero"));
    InputException device = assertThrows(InputException.class, () -> Tokenizer.of(file));
    assertTrue(device.getMessage().contains("outside the folder"), device.getMessage());
    Files.delete(file);
    assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor());
    refusedFile("is a pipe or a device, not a file");
    Files.delete(file);
    Files.copy(Golden.FAMILY.resolve("tokenizer.json"), folder.resolve("real.json"));
    Files.createSymbolicLink(file, Path.of("real.json"));
    assertEquals(4096, Tokenizer.of(file).vocabularySize());
  }
}
