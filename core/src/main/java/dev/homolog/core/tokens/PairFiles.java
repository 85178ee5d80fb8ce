package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * GPT-2's tokenizer in its first form, {@code vocab.json} and {@code merges.txt}, which older
 * folders have in place of {@code tokenizer.json}: byte-level pairs, and {@code <|endoftext|>} as
 * the only token that is looked for whole, beside those that other files add.
 */
record PairFiles(TokenizerFiles files, Path vocab, Path merges) {
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final String REMEDY =
      "give a tokenizer.json, or GPT-2's vocab.json and merges.txt";

  /** The files beside a {@code tokenizer.json}. */
  static PairFiles beside(TokenizerFiles files) {
    return new PairFiles(files, files.beside("vocab.json"), files.beside("merges.txt"));
  }

  boolean exist() {
    return files.has("vocab.json") && files.has("merges.txt");
  }

  /**
   * Their bytes: those of one file, a zero, and those of the other.
   *
   * @throws InputException if a file cannot be read
   */
  byte[] bytes() {
    byte[] first = files.bytes(vocab, REMEDY);
    byte[] second = files.bytes(merges, REMEDY);
    byte[] all = Arrays.copyOf(first, first.length + 1 + second.length);
    System.arraycopy(second, 0, all, first.length + 1, second.length);
    return all;
  }

  /**
   * What {@code tokenizer.json} would hold.
   *
   * @throws InputException if a file is damaged
   */
  ObjectNode tokenizerJson() {
    ObjectNode root = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    ObjectNode ids = vocabulary(vocab);
    ArrayNode tokens = root.putArray("added_tokens");
    if (ids.path(END_OF_TEXT).canConvertToInt()) {
      int id = ids.get(END_OF_TEXT).intValue();
      AddedTokens.Token.special(END_OF_TEXT).write(tokens.addObject(), id);
    }
    byteLevel(root.putObject("pre_tokenizer"));
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.set("vocab", ids);
    merges(ids, model.putArray("merges"));
    return root;
  }

  private static void byteLevel(ObjectNode part) {
    part.put("type", "ByteLevel").put("add_prefix_space", false);
    part.put("trim_offsets", true).put("use_regex", true);
  }

  private ObjectNode vocabulary(Path file) {
    if (TokenizerFiles.tree(file, files.bytes(file, REMEDY), REMEDY) instanceof ObjectNode ids) {
      return ids;
    }
    throw new InputException(file, "", "not a JSON object of tokens and ids", REMEDY);
  }

  /** Lines of two tokens, which together are a third, after a line with the version. */
  private void merges(ObjectNode ids, ArrayNode to) {
    String[] lines = new String(files.bytes(merges, REMEDY), StandardCharsets.UTF_8).split("\n");
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
}
