package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/**
 * Damages tokenizers of ten kinds, in their structure and in their bytes, and reads them in this
 * process: it must not end, and nothing but an {@link InputException} may come of it.
 *
 * <p>As a program: {@code TokenizerMutations SEED SECONDS}.
 */
final class TokenizerMutations {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final List<String> KINDS =
      List.of(
          "gpt2", "neox", "llama2", "llama3", "qwen", "bert", "unigram", "words", "chars", "many");
  private static final List<String> TEXTS =
      List.of(
          "The quick brown fox, it's 12345.",
          " \n\n  e\u0301\ufb01\u2122\u3000 \u65e5\u672c\u8a9e \ud83d\ude00\u200d ",
          "<|endoftext|> [PAD]<mask>xyz </s>a",
          "a".repeat(300) + " ".repeat(300) + "b",
          "\u0000\u0007\ufeff",
          "x");

  /** Components as an attacker would write them, and some that are harmless. */
  private static final List<String> GALLERY =
      List.of(
          "{'type':'Split','pattern':{'Regex':'(a+)+$'},'behavior':'Isolated','invert':false}",
          "{'type':'Split','pattern':{'Regex':'(a|a)*b'},'behavior':'Isolated','invert':false}",
          "{'type':'Split','pattern':{'Regex':'a*a*a*a*b'},'behavior':'Isolated','invert':false}",
          "{'type':'Split','pattern':{'Regex':'(?:a?){40}a{40}'},'behavior':'Removed','invert':true}",
          "{'type':'Split','pattern':{'Regex':''},'behavior':'Isolated','invert':false}",
          "{'type':'Split','pattern':{'String':''},'behavior':'MergedWithNext','invert':true}",
          "{'type':'Split','pattern':{'Regex':'(\\\\w)\\\\1'},'behavior':'Contiguous','invert':false}",
          "{'type':'Split','pattern':{'Regex':'\\\\s+$'},'behavior':'MergedWithPrevious','invert':true}",
          "{'type':'Split','pattern':{'Regex':'[a-z]+'},'behavior':'Contiguous','invert':true}",
          "{'type':'Replace','pattern':{'String':''},'content':'x'}",
          "{'type':'Replace','pattern':{'Regex':'x*'},'content':'xx'}",
          "{'type':'Replace','pattern':{'String':'a'},'content':'aaaaaaaa'}",
          "{'type':'Replace','pattern':{'Regex':'[a-z]'},'content':''}",
          "{'type':'Prepend','prepend':'aaaaaaaa'}",
          "{'type':'FixedLength','length':0}",
          "{'type':'FixedLength','length':3}",
          "{'type':'Strip','strip_left':true,'strip_right':true}",
          "{'type':'Strip','content':' ','start':9,'stop':999999}",
          "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}",
          "{'type':'ByteLevel'}",
          "{'type':'Nmt'}",
          "{'type':'NFKD'}",
          "{'type':'StripAccents'}",
          "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,'lowercase':true}",
          "{'type':'Metaspace','replacement':' ','prepend_scheme':'first','split':true}",
          "{'type':'Metaspace','replacement':'a','add_prefix_space':true}",
          "{'type':'CharDelimiterSplit','delimiter':'a'}",
          "{'type':'UnicodeScripts'}",
          "{'type':'Punctuation','behavior':'Contiguous'}",
          "{'type':'Digits','individual_digits':true}",
          "{'type':'Precompiled','precompiled_charsmap':'AAAA'}",
          "{'type':'WhitespaceSplit'}");

  private final List<JsonNode> kinds = new ArrayList<>();
  private final Path file;
  private final Random random;
  private int read;

  TokenizerMutations(Path folder, long seed) throws IOException {
    for (String kind : KINDS) {
      Path file = Golden.FAMILY.resolve("tokenizers").resolve(kind).resolve("tokenizer.json");
      kinds.add(JSON.readTree(file.toFile()));
    }
    this.file = folder.resolve("tokenizer.json");
    this.random = new Random(seed);
  }

  /** How many of them could be read. */
  int read() {
    return read;
  }

  /** Makes one and reads it; what went wrong, or nothing. */
  String next() throws IOException {
    int kind = random.nextInt(kinds.size());
    byte[] bytes = mutated(kinds.get(kind).deepCopy());
    Files.write(file, bytes);
    long start = System.nanoTime();
    String wrong = "";
    try {
      read(TokenizerSource.of(new TokenizerFiles(file, false)));
    } catch (InputException e) {
      wrong = e.getMessage().matches("(?s).*\\b(java|com|dev)\\.[a-z].*") ? e.getMessage() : "";
    } catch (RuntimeException | Error e) {
      wrong = e.toString();
    }
    long seconds = (System.nanoTime() - start) / 1_000_000_000L;
    if (seconds >= 10) {
      wrong += " took " + seconds + " s";
    }
    return wrong.isEmpty() ? "" : KINDS.get(kind) + ": " + wrong;
  }

  private void read(TokenizerSource source) {
    TokenizerEngine engine = TokenizerEngine.load(source, "");
    read++;
    try {
      for (String text : TEXTS) {
        int[] ids = engine.encode(text);
        engine.decode(ids);
      }
      engine.encodeWithSpans(TEXTS.get(1));
      engine.encode(TEXTS);
      engine.decode(0, 1, 2, 3);
    } finally {
      engine.delete();
    }
  }

  private byte[] mutated(JsonNode root) throws IOException {
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      structure((ObjectNode) root);
    }
    byte[] bytes = JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(4) > 0) {
      return bytes;
    }
    for (int n = 1 + random.nextInt(6); n > 0; n--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    if (random.nextInt(8) == 0) {
      return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }
    return bytes;
  }

  private void structure(ObjectNode root) throws IOException {
    switch (random.nextInt(8)) {
      case 0 -> root.set(random.nextBoolean() ? "pre_tokenizer" : "normalizer", component(0));
      case 1 -> pattern(root);
      case 2 -> {
        if (root.get("model") instanceof ObjectNode model) {
          model(model);
        }
      }
      case 3 -> {
        if (root.get("added_tokens") instanceof ArrayNode tokens) {
          token(tokens);
        }
      }
      case 4 -> root.set("decoder", component(0));
      case 5 -> cross(root);
      default -> anywhere(root);
    }
  }

  private JsonNode component(int depth) throws IOException {
    if (random.nextInt(3) > 0 || depth > 6) {
      return JSON.readTree(pick(GALLERY).replace('\'', '"'));
    }
    ObjectNode sequence = NODES.objectNode().put("type", "Sequence");
    ArrayNode parts = NODES.arrayNode();
    for (int n = random.nextInt(5); n > 0; n--) {
      parts.add(component(depth + 1));
    }
    sequence.set("normalizers", parts);
    sequence.set("pretokenizers", parts);
    sequence.set("decoders", parts);
    return sequence;
  }

  /** An expression with some characters more or less, or a map with some bits turned. */
  private void pattern(JsonNode node) {
    for (JsonNode parent : node.findParents("Regex")) {
      StringBuilder text = new StringBuilder(parent.get("Regex").asText());
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        int at = random.nextInt(text.length() + 1);
        if (random.nextInt(3) == 0 && at < text.length()) {
          text.deleteCharAt(at);
        } else {
          text.insert(
              at,
              pick(
                  List.of(
                      "(", ")", "[", "]", "{2}", "{1,9}", "*", "+", "?", "|", "\\", "^", "$", ".",
                      "a", "\\s", "\\S", "\\p{L}", "(?!", "(?:", "-", ",")));
        }
      }
      ((ObjectNode) parent).put("Regex", text.toString());
    }
    for (JsonNode parent : node.findParents("precompiled_charsmap")) {
      try {
        byte[] map = Base64.getDecoder().decode(parent.get("precompiled_charsmap").asText());
        for (int n = 1 + random.nextInt(4); n > 0 && map.length > 0; n--) {
          map[random.nextInt(map.length)] ^= (byte) (1 << random.nextInt(8));
        }
        ((ObjectNode) parent).put("precompiled_charsmap", Base64.getEncoder().encodeToString(map));
      } catch (IllegalArgumentException _) {
        // Already damaged.
      }
    }
  }

  private void model(ObjectNode model) {
    List<String> tokens = new ArrayList<>();
    model.path("vocab").fieldNames().forEachRemaining(tokens::add);
    switch (random.nextInt(7)) {
      case 0 ->
          model.put(
              pick(List.of("continuing_subword_prefix", "end_of_word_suffix", "unk_token")),
              pick(List.of("", "##", "aaaaaaaaaaaaaa", "\u0120", "e\u0301", "<none>")));
      case 1 ->
          model.put(
              pick(List.of("fuse_unk", "byte_fallback", "ignore_merges")), random.nextBoolean());
      case 2 -> {
        if (!tokens.isEmpty() && model.get("vocab") instanceof ObjectNode vocab) {
          vocab.set(pick(tokens), odd());
        }
      }
      case 3 -> {
        if (!tokens.isEmpty() && model.get("vocab") instanceof ObjectNode vocab) {
          vocab.remove(pick(tokens));
        }
      }
      case 4 -> {
        if (!tokens.isEmpty() && model.get("merges") instanceof ArrayNode merges) {
          merges.insert(0, NODES.arrayNode().add(pick(tokens)).add(pick(tokens)));
        }
      }
      case 5 -> model.set(pick(List.of("unk_id", "max_input_chars_per_word", "dropout")), odd());
      default -> {
        if (model.get("vocab") instanceof ArrayNode vocab && !vocab.isEmpty()) {
          vocab.insert(random.nextInt(vocab.size()), NODES.arrayNode().add(odd()).add(odd()));
        }
      }
    }
  }

  private void token(ArrayNode tokens) {
    String content =
        pick(
            List.of(
                "", " ", "a", "\u0301", "\u200b", "The", "\n", "xy", "a".repeat(5000), "\u0000"));
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      tokens
          .addObject()
          .put("id", random.nextInt(400))
          .put("content", content + (n > 1 ? n : ""))
          .put("single_word", random.nextBoolean())
          .put("lstrip", random.nextBoolean())
          .put("rstrip", random.nextBoolean())
          .put("normalized", random.nextBoolean())
          .put("special", random.nextBoolean());
      if (random.nextBoolean()) { // the id that it must have
        ObjectNode last = (ObjectNode) tokens.get(tokens.size() - 1);
        last.put("id", greatest(tokens) + 1);
      }
    }
  }

  private static int greatest(ArrayNode tokens) {
    int greatest = 0;
    for (int i = 0; i < tokens.size() - 1; i++) {
      greatest = Math.max(greatest, tokens.get(i).path("id").asInt());
    }
    return greatest;
  }

  /** A part of a tokenizer of another kind. */
  private void cross(ObjectNode root) {
    JsonNode other = kinds.get(random.nextInt(kinds.size()));
    String name = pick(List.of("model", "normalizer", "pre_tokenizer", "decoder", "added_tokens"));
    root.set(name, other.get(name).deepCopy());
  }

  /** Anything becomes anything. */
  private void anywhere(JsonNode root) {
    JsonNode at = root;
    while (true) {
      List<JsonNode> inner = new ArrayList<>();
      for (JsonNode child : at) {
        if (child.isContainerNode() && !child.isEmpty()) {
          inner.add(child);
        }
      }
      if (inner.isEmpty() || random.nextInt(3) == 0) {
        break;
      }
      at = pick(inner);
    }
    if (at instanceof ArrayNode array && !array.isEmpty()) {
      int place = random.nextInt(array.size());
      if (random.nextBoolean()) {
        array.set(place, odd());
      } else {
        array.remove(place);
      }
    } else if (at instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = pick(names);
      if (random.nextInt(3) > 0) {
        object.set(name, odd());
      } else {
        object.remove(name);
      }
    }
  }

  private JsonNode odd() {
    return switch (random.nextInt(14)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.booleanNode(random.nextBoolean());
      case 2 -> NODES.numberNode(-1);
      case 3 -> NODES.numberNode(0);
      case 4 -> NODES.numberNode(random.nextInt(400));
      case 5 -> NODES.numberNode(Long.MAX_VALUE);
      case 6 -> NODES.numberNode(1e308);
      case 7 -> NODES.textNode("");
      case 8 -> NODES.textNode("a");
      case 9 -> NODES.textNode("a".repeat(100_000));
      case 10 -> NODES.arrayNode();
      case 11 -> NODES.objectNode();
      case 12 -> NODES.numberNode(1 << 24);
      default -> {
        ArrayNode deep = NODES.arrayNode();
        for (int i = 0; i < 500; i++) {
          deep = NODES.arrayNode().add(deep);
        }
        yield deep;
      }
    };
  }

  private <T> T pick(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** Runs for some seconds, and prints each that went wrong. */
  public static void main(String[] arguments) throws IOException {
    long seed = Long.parseLong(arguments[0]);
    long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000_000L;
    Path folder = Files.createTempDirectory("mutations");
    TokenizerMutations mutations = new TokenizerMutations(folder, seed);
    long made = 0;
    long wrong = 0;
    while (System.nanoTime() < end) {
      String problem = mutations.next();
      made++;
      if (!problem.isEmpty()) {
        wrong++;
        Files.copy(folder.resolve("tokenizer.json"), folder.resolve("wrong-" + seed + "-" + made));
        System.out.println(made + " " + problem + " in " + folder);
      }
    }
    System.out.println(
        "seed " + seed + ": " + made + " made, " + mutations.read() + " read, " + wrong + " wrong");
  }
}
