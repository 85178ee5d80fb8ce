package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The ids that have a meaning of their own, and from them which tokens are kept for correlations
 * and for the statistics after the non-linearity: all but BOS, EOS and pad anywhere in a row, and
 * but the token that is exactly a newline.
 *
 * @param bosId begins every row and stands between documents
 * @param eosId ends a document, usually the same id
 * @param padId if the model has one
 * @param newlineId the single token that is exactly "\n", if the tokenizer has one
 * @param vocabSize ids are below this: rows of the model's embedding
 * @param otherIds further ids of EOS and for padding, where a model has several
 */
public record TokenRules(
    int bosId,
    OptionalInt eosId,
    OptionalInt padId,
    OptionalInt newlineId,
    int vocabSize,
    Set<Integer> otherIds) {

  /** What GPT-2 and its kin call the token between documents. */
  private static final String END_OF_TEXT = "<|endoftext|>";

  /**
   * @throws InputException if {@code bosId} is not in the vocabulary
   */
  public TokenRules {
    requireBos(Path.of("config.json"), bosId, vocabSize);
    otherIds = Set.copyOf(otherIds);
  }

  /**
   * Rules of a model with at most one id of each kind.
   *
   * @throws InputException if {@code bosId} is not in the vocabulary
   */
  public TokenRules(
      int bosId, OptionalInt eosId, OptionalInt padId, OptionalInt newlineId, int vocabSize) {
    this(bosId, eosId, padId, newlineId, vocabSize, Set.of());
  }

  private static void requireBos(Path config, int bosId, int vocabSize) {
    if (bosId < 0 || bosId >= vocabSize) {
      throw new InputException(
          config,
          "bos_token_id",
          bosId + " is not in the vocabulary of " + vocabSize,
          "give the config.json that belongs to the model");
    }
  }

  /**
   * The rules of a model: BOS from {@code bos_token_id}, else the tokenizer's {@code
   * <|endoftext|>}.
   *
   * @throws InputException if neither is there, or if BOS is not in the model's vocabulary
   */
  public static TokenRules of(ModelConfig config, Tokenizer tokenizer) {
    OptionalInt bos = knownBos(config, tokenizer);
    if (bos.isEmpty()) {
      throw new InputException(
          tokenizer.file(),
          "",
          "no token " + END_OF_TEXT + ", and config.json has no bos_token_id",
          "add bos_token_id to config.json");
    }
    return of(config, tokenizer, bos.getAsInt());
  }

  /**
   * The rules of a model whose rows begin with that id.
   *
   * @throws InputException if it is not in the model's vocabulary
   */
  public static TokenRules of(ModelConfig config, Tokenizer tokenizer, int bos) {
    requireBos(tokenizer.file().resolveSibling("config.json"), bos, config.vocabSize());
    return new TokenRules(
        bos,
        config.ids().eos(),
        config.ids().pad(),
        tokenizer.newlineId(),
        config.vocabSize(),
        config.ids().otherSeparators());
  }

  /** BOS as far as configuration and tokenizer tell: as in {@link #of}. */
  public static OptionalInt knownBos(ModelConfig config, Tokenizer tokenizer) {
    return config.ids().bos().isPresent() ? config.ids().bos() : tokenizer.id(END_OF_TEXT);
  }

  /** These rules for a vocabulary of another size. */
  public TokenRules withVocabulary(int size) {
    return new TokenRules(bosId, eosId, padId, newlineId, size, otherIds);
  }

  /** Whether a token counts in correlations and in statistics after the non-linearity. */
  public boolean kept(int id) {
    return id != bosId
        && id != eosId.orElse(bosId)
        && id != padId.orElse(bosId)
        && id != newlineId.orElse(bosId)
        && !otherIds.contains(id);
  }

  /**
   * Writes 1 for a kept token and 0 for the others.
   *
   * @param ids int32 [count]
   * @param mask uint8 [count]
   * @return how many are kept
   */
  public long keepMask(MemorySegment ids, long count, MemorySegment mask) {
    int eos = eosId.orElse(bosId);
    int pad = padId.orElse(bosId);
    int newline = newlineId.orElse(bosId);
    int[] others = otherIds.stream().mapToInt(Integer::intValue).toArray();
    long kept = 0;
    for (long i = 0; i < count; i++) {
      int id = ids.get(ValueLayout.JAVA_INT_UNALIGNED, i * Integer.BYTES);
      int keep = id != bosId && id != eos && id != pad && id != newline ? 1 : 0;
      for (int other : others) {
        keep = id == other ? 0 : keep;
      }
      mask.set(ValueLayout.JAVA_BYTE, i, (byte) keep);
      kept += keep;
    }
    return kept;
  }
}
