package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * GPT-2's tokenizer in its first form, {@code vocab.json} and {@code merges.txt}, which older
 * folders have in place of {@code tokenizer.json}: byte-level pairs, and {@code <|endoftext|>} as
 * the only token that is looked for whole, with those of {@code added_tokens.json} if that is
 * there.
 */
record PairFiles(Path vocab, Path merges, Path added) {
  private static final long LARGEST = 64L << 20;
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final String REMEDY =
      "give a tokenizer.json, or GPT-2's vocab.json and merges.txt";
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  /** The files beside a {@code tokenizer.json}. */
  static PairFiles beside(Path tokenizerJson) {
    return new PairFiles(
        tokenizerJson.resolveSibling("vocab.json"),
        tokenizerJson.resolveSibling("merges.txt"),
        tokenizerJson.resolveSibling("added_tokens.json"));
  }

  boolean exist() {
    return Files.exists(vocab) && Files.exists(merges);
  }

  /**
   * What {@code tokenizer.json} would hold.
   *
   * @throws InputException if a file is damaged
   */
  byte[] tokenizerJson() {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    ObjectNode ids = vocabulary(vocab);
    ArrayNode tokens = root.putArray("added_tokens");
    if (ids.has(END_OF_TEXT)) {
      add(tokens, END_OF_TEXT, ids.get(END_OF_TEXT));
    }
    if (Files.exists(added)) {
      for (var entry : vocabulary(added).properties()) {
        if (!entry.getKey().equals(END_OF_TEXT)) {
          add(tokens, entry.getKey(), entry.getValue());
        }
      }
    }
    byteLevel(root.putObject("pre_tokenizer"));
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.set("vocab", ids);
    merges(ids, model.putArray("merges"));
    try {
      return JSON.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is JSON", e);
    }
  }

  private static void add(ArrayNode tokens, String content, JsonNode id) {
    ObjectNode token = tokens.addObject();
    token.set("id", id);
    token.put("content", content).put("single_word", false).put("lstrip", false);
    token.put("rstrip", false).put("normalized", false).put("special", true);
  }

  private static void byteLevel(ObjectNode part) {
    part.put("type", "ByteLevel").put("add_prefix_space", false);
    part.put("trim_offsets", true).put("use_regex", true);
  }

  private static ObjectNode vocabulary(Path file) {
    try {
      JsonNode json = JSON.readTree(read(file));
      if (json instanceof ObjectNode ids) {
        return ids;
      }
      throw new InputException(file, "", "not a JSON object of tokens and ids", REMEDY);
    } catch (JsonProcessingException e) {
      throw new InputException(file, "", JsonLine.problem(e), REMEDY);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Lines of two tokens, which together are a third, after a line with the version. */
  private void merges(ObjectNode ids, ArrayNode to) {
    String[] lines;
    try {
      lines = new String(read(merges), StandardCharsets.UTF_8).split("\n");
    } catch (IOException e) {
      throw unreadable(merges, e);
    }
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i].strip();
      if (line.isEmpty() || line.startsWith("#version")) {
        continue;
      }
      String[] pair = line.split(" ");
      if (pair.length != 2
          || !ids.has(pair[0])
          || !ids.has(pair[1])
          || !ids.has(pair[0] + pair[1])) {
        throw new InputException(
            merges, "line " + (i + 1), "is no pair of tokens of " + vocab.getFileName(), REMEDY);
      }
      to.add(line);
    }
  }

  private static byte[] read(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw new InputException(file, "", "longer than " + LARGEST + " bytes", REMEDY);
    }
    return Files.readAllBytes(file);
  }

  private static InputException unreadable(Path file, IOException e) {
    return new InputException(file.toString(), "", "cannot be read: " + e.getMessage(), REMEDY, e);
  }
}
