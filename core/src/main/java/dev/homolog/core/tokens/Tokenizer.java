package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A Hugging Face {@code tokenizer.json}: text to token ids and back, as Python's {@code
 * Tokenizer.encode(text, add_special_tokens=False)} does it. Nothing is truncated, padded or added;
 * a special token spelt out in the text, such as {@code <|endoftext|>}, becomes that token's id.
 * Surrogates without partner count as U+FFFD. Any thread may use it; it needs no closing.
 */
public final class Tokenizer {
  private final Path file;
  private final Optional<TokenizerEngine> engine;
  private final OptionalInt newlineId;
  private final Set<String> alike;

  private Tokenizer(
      Path file, Optional<TokenizerEngine> engine, OptionalInt newlineId, Set<String> alike) {
    this.file = file;
    this.engine = engine;
    this.newlineId = newlineId;
    this.alike = Set.copyOf(alike);
  }

  /**
   * Reads a tokenizer; equal files share one native tokenizer for the life of the process. Where
   * the file is missing, GPT-2's {@code vocab.json} and {@code merges.txt} beside it will do.
   *
   * @throws dev.homolog.core.InputException if the file is missing or is no tokenizer
   * @throws dev.homolog.core.HomologException if Java was started without native access for it
   */
  public static Tokenizer of(Path tokenizerJson) {
    return of(tokenizerJson, false);
  }

  /**
   * The same.
   *
   * @param followLinks whether links of its folder may lead out of it, as the user has said
   */
  public static Tokenizer of(Path tokenizerJson, boolean followLinks) {
    TokenizerEngine engine = TokenizerEngine.of(new TokenizerFiles(tokenizerJson, followLinks));
    return new Tokenizer(tokenizerJson, Optional.of(engine), findNewline(engine), Set.of());
  }

  /** Whether there is anything to read at that place: the file, or GPT-2's two beside it. */
  public static boolean exists(Path tokenizerJson) {
    TokenizerFiles files = new TokenizerFiles(tokenizerJson, false);
    return Files.exists(tokenizerJson, LinkOption.NOFOLLOW_LINKS)
        || PairFiles.beside(files).exist();
  }

  /** In place of a tokenizer that is not there: it shows ids as numbers, and reads no text. */
  public static Tokenizer absent(Path tokenizerJson) {
    return new Tokenizer(tokenizerJson, Optional.empty(), OptionalInt.empty(), Set.of());
  }

  /** This tokenizer, which takes ids of others for its own: their {@link #difference} is shared. */
  public Tokenizer alike(List<Tokenizer> others) {
    Set<String> identities = new HashSet<>(alike);
    others.forEach(other -> identities.add(other.identity()));
    return new Tokenizer(file, engine, newlineId, identities);
  }

  /** Whether there is a tokenizer. */
  public boolean present() {
    return engine.isPresent();
  }

  private TokenizerEngine engine() {
    return engine.orElseThrow(() -> new TokenizerFiles(file, false).missing());
  }

  /** Where it was read from, for messages. */
  public Path file() {
    return file;
  }

  /** Token ids of a text of any length. */
  public int[] encode(String text) {
    return engine().encode(Utf8.wellFormed(text).text());
  }

  /** Token ids of several texts, on all cores where the tokenizer allows it. */
  public int[][] encode(List<String> texts) {
    return engine().encode(texts.stream().map(text -> Utf8.wellFormed(text).text()).toList());
  }

  /** Token ids and where each token lies in the text. */
  public Encoded encodeWithSpans(String text) {
    return engine().encodeWithSpans(Utf8.wellFormed(text).text());
  }

  /** The text of several tokens together; bytes that are no UTF-8 show as U+FFFD. */
  public String decode(int... ids) {
    return engine().decode(ids);
  }

  /**
   * The text of one token for printing: its bytes decoded, part of a character as U+FFFD. A row of
   * an embedding that is only padding has no token; then this says so.
   */
  public String tokenText(int id) {
    if (engine.isEmpty()) {
      return "<token " + id + ">";
    }
    return engine.get().has(id) ? engine.get().decode(id) : "<no token " + id + ">";
  }

  /** One more than the largest id, added tokens included; 0 without a tokenizer. */
  public int vocabularySize() {
    return engine.map(TokenizerEngine::size).orElse(0);
  }

  /** The id of a token as it is spelt in the file, such as {@code <|endoftext|>}. */
  public OptionalInt id(String token) {
    Optional<Integer> id = engine.map(known -> known.vocabulary().ids().get(token));
    return id.map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /** The single token that is exactly "\n", if there is one. */
  public OptionalInt newlineId() {
    return newlineId;
  }

  /**
   * SHA-256 (hex) of what ids mean: tokens by id, added tokens, merges. Two tokenizers without a
   * {@link #difference} have the same. Empty without a tokenizer.
   */
  public String identity() {
    return engine.map(known -> known.vocabulary().identity()).orElse("");
  }

  /** Whether ids made by a tokenizer of that identity mean the same here, as far as is known. */
  boolean reads(String identity) {
    return engine.isEmpty() || identity.equals(identity()) || alike.contains(identity);
  }

  /** How many times as long its components may make a text. */
  int growth() {
    return engine().growth();
  }

  /** Whether a document may come in pieces, and where it may be cut. */
  TextBuffer.Cuts cuts() {
    Vocabulary vocabulary = engine().vocabulary();
    if (!vocabulary.byteLevelPairs()) {
      return TextBuffer.Cuts.NONE;
    }
    boolean words = vocabulary.added().keySet().stream().noneMatch(TextBuffer::hasWordCut);
    return words ? TextBuffer.Cuts.WORDS : TextBuffer.Cuts.SPACES;
  }

  /**
   * The first thing in which another tokenizer differs ("here" is this one, "there" the other):
   * tokens by id, added tokens, merges. Empty if ids mean the same in both.
   */
  public Optional<String> difference(Tokenizer other) {
    if (engine().hash().equals(other.engine().hash())) {
      return Optional.empty();
    }
    return engine().vocabulary().difference(other.engine().vocabulary());
  }

  /**
   * As {@link #difference}, but either may have added tokens beyond all ids of the other. Text
   * without these has the same ids in both.
   */
  public Optional<String> sharedDifference(Tokenizer other) {
    if (engine().hash().equals(other.engine().hash())) {
      return Optional.empty();
    }
    int shared = Math.min(vocabularySize(), other.vocabularySize());
    Vocabulary mine = engine().vocabulary().below(shared);
    return mine.difference(other.engine().vocabulary().below(shared));
  }

  private static OptionalInt findNewline(TokenizerEngine engine) {
    int[] encoded = newline(engine);
    if (encoded.length == 1 && engine.decode(encoded).equals("\n")) {
      return OptionalInt.of(encoded[0]);
    }
    for (String spelling :
        List.of("\u010A", "\n", "<0x0A>")) { // GPT-2's bytes, plain, byte fallback
      Integer id = engine.vocabulary().ids().get(spelling);
      if (id != null && engine.decode(id).equals("\n")) {
        return OptionalInt.of(id);
      }
    }
    return OptionalInt.empty();
  }

  /** Nothing, where a tokenizer without a token for the unknown cannot read it. */
  private static int[] newline(TokenizerEngine engine) {
    try {
      return engine.encode("\n");
    } catch (InputException _) {
      return new int[0];
    }
  }
}
