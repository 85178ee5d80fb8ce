package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A tokenizer's files as they were read, and what the native library is given in their place. It
 * sees only components and switches that are known here, with values in their range: it ends the
 * process where it finds anything else. Decoder, post-processor, truncation and padding are left
 * out, since ids do not depend on them.
 */
final class TokenizerSource {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What is read of the files.
   *
   * @param vocabulary tokens and ids as the files say
   * @param json for the native library, with ids of its own
   * @param fileIds the files' ids of the library's; empty where they are the same
   * @param decoder tokens back to text
   * @param bounds what texts may ask of the library
   * @param normalized added tokens that the normalizer changes before they are looked for
   */
  record Checked(
      Vocabulary vocabulary,
      String json,
      int[] fileIds,
      TokenDecoder decoder,
      TextBounds bounds,
      Normalized normalized) {}

  /**
   * Added tokens that are looked for as the normalizer leaves them. The library ends the process if
   * nothing is left of one.
   *
   * @param tokens as they are written
   * @param probe a tokenizer of which every text is one token, unless the normalizer leaves nothing
   */
  record Normalized(List<String> tokens, String probe) {}

  private final TokenizerFiles files;
  private final TokenizerConfig config;
  private final Optional<PairFiles> pairs;
  private final byte[] bytes;

  private TokenizerSource(
      TokenizerFiles files, TokenizerConfig config, Optional<PairFiles> pairs, byte[] bytes) {
    this.files = files;
    this.config = config;
    this.pairs = pairs;
    this.bytes = bytes;
  }

  /**
   * Reads the files.
   *
   * @param files {@code tokenizer.json}; where it is missing, other files beside it will do
   * @throws InputException if there is no tokenizer, or a file is not what it should be
   */
  static TokenizerSource of(TokenizerFiles files) {
    Path main = files.main();
    PairFiles pairs = PairFiles.beside(files);
    boolean alone = Files.exists(main, LinkOption.NOFOLLOW_LINKS);
    if (!alone && !pairs.exist()) {
      throw files.missing();
    }
    return new TokenizerSource(
        files,
        TokenizerConfig.of(files),
        alone ? Optional.empty() : Optional.of(pairs),
        alone ? files.bytes(main, TokenizerField.REMEDY) : pairs.bytes());
  }

  /** SHA-256 (hex) of all that was read. */
  String hash() {
    MessageDigest digest = TokenizerEngine.sha256();
    digest.update(bytes);
    digest.update(config.content().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest());
  }

  Path file() {
    return files.main();
  }

  /**
   * Checks all of it.
   *
   * @throws InputException if a part is not known, out of its range, or not safe to run
   */
  Checked check() {
    Path file = files.main();
    JsonNode tree =
        pairs.isPresent()
            ? pairs.get().tokenizerJson()
            : TokenizerFiles.tree(file, bytes, TokenizerField.REMEDY);
    Map<String, Integer> own = Vocabulary.model(file, tree);
    ObjectNode root = (ObjectNode) tree;
    config.apply(root);
    AddedTokens tokens = new AddedTokens(own, pairs.isPresent());
    TokenizerField whole = new TokenizerField(file, "", root);
    TokenizerField listed = whole.child("added_tokens");
    if (!listed.absent()) {
      for (TokenizerField token : listed.list(1 << 15)) {
        AddedTokens.Token read = AddedTokens.Token.of(token);
        int id = Vocabulary.id(file, read.content(), token.node().path("id"));
        tokens.add(read, OptionalInt.of(id), token);
      }
    }
    config.addTo(tokens);
    tokens.write(root.putArray("added_tokens"));
    TokenizerModel model = new TokenizerModel(whole.child("model"), own);
    TokenizerComponents components = new TokenizerComponents();
    String json = write(whole, model, components, tokens);
    return new Checked(
        Vocabulary.of(root, own, tokens.ids()),
        json,
        fileIds(model, tokens),
        new TokenDecoder(root.path("decoder")),
        TextBounds.of(file, components.budget(), tokens),
        normalized(whole, tokens));
  }

  private static Normalized normalized(TokenizerField whole, AddedTokens tokens) {
    TokenizerField normalizer = whole.child("normalizer");
    if (normalizer.absent()) {
      return new Normalized(List.of(), "");
    }
    List<String> changed =
        tokens.tokens().stream()
            .filter(AddedTokens.Token::normalized)
            .map(AddedTokens.Token::content)
            .toList();
    ObjectNode probe = JSON.createObjectNode().put("version", "1.0");
    probe.putArray("added_tokens");
    probe.set("normalizer", new TokenizerComponents().normalizer(normalizer).orElseThrow());
    for (String none :
        List.of("truncation", "padding", "pre_tokenizer", "post_processor", "decoder")) {
      probe.putNull(none);
    }
    ObjectNode model = probe.putObject("model").put("type", "WordLevel").put("unk_token", "?");
    model.putObject("vocab").put("?", 0);
    return new Normalized(changed, changed.isEmpty() ? "" : probe.toString());
  }

  private String write(
      TokenizerField whole,
      TokenizerModel model,
      TokenizerComponents components,
      AddedTokens tokens) {
    StringWriter text = new StringWriter(bytes.length);
    try (JsonGenerator to = JSON.createGenerator(text)) {
      to.writeStartObject();
      to.writeStringField("version", "1.0");
      to.writeNullField("truncation");
      to.writeNullField("padding");
      to.writeArrayFieldStart("added_tokens");
      int id = 0;
      for (AddedTokens.Token token : tokens.tokens()) {
        if (!(token.special() && config.splitsSpecial())) {
          to.writeTree(token.write(JSON.createObjectNode(), id++)); // the library takes no ids
        }
      }
      to.writeEndArray();
      component(to, "normalizer", components.normalizer(whole.child("normalizer")));
      component(to, "pre_tokenizer", components.preTokenizer(whole.child("pre_tokenizer")));
      to.writeNullField("post_processor");
      to.writeNullField("decoder");
      to.writeFieldName("model");
      model.write(to);
      to.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void component(JsonGenerator to, String name, Optional<ObjectNode> part)
      throws IOException {
    to.writeFieldName(name);
    if (part.isPresent()) {
      to.writeTree(part.get());
    } else {
      to.writeNull();
    }
  }

  /** Added tokens that are not in the vocabulary follow it, in their order. */
  private int[] fileIds(TokenizerModel model, AddedTokens tokens) {
    int[] own = model.fileIds();
    Set<String> seen = new HashSet<>();
    int[] ids = Arrays.copyOf(own, own.length + tokens.tokens().size());
    int next = own.length;
    boolean same = true;
    for (AddedTokens.Token token : tokens.tokens()) {
      boolean left = token.special() && config.splitsSpecial();
      if (!left && !tokens.inVocabulary(token.content()) && seen.add(token.content())) {
        ids[next++] = tokens.ids().get(token.content());
      }
    }
    for (int i = 0; i < next && same; i++) {
      same = ids[i] == i;
    }
    return same ? new int[0] : Arrays.copyOf(ids, next);
  }
}
