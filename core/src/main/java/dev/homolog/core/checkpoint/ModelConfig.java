package dev.homolog.core.checkpoint;

import dev.homolog.core.model.family.Architecture;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What {@code config.json} says of a model: its sizes, and what its blocks are made of.
 *
 * @param vocabSize rows of the embedding, padding included
 * @param positions the most tokens a row may have
 * @param dModel width of the residual stream
 * @param layers number of blocks
 * @param heads attention heads a layer; divides {@code dModel}
 * @param dMlp neurons a layer
 * @param architecture what the blocks are made of
 * @param bosTokenId id that begins every row
 * @param eosTokenId id between documents, usually the same; the first where there are several
 * @param padTokenId if the file names one
 * @param otherSeparatorIds ids that the file names as EOS, or for padding, beside those
 */
public record ModelConfig(
    int vocabSize,
    int positions,
    int dModel,
    int layers,
    int heads,
    int dMlp,
    Architecture architecture,
    OptionalInt bosTokenId,
    OptionalInt eosTokenId,
    OptionalInt padTokenId,
    Set<Integer> otherSeparatorIds) {

  /** A configuration whose ids do not change any more. */
  public ModelConfig {
    otherSeparatorIds = Set.copyOf(otherSeparatorIds);
  }

  /** A configuration that names at most one id of each kind. */
  public ModelConfig(
      int vocabSize,
      int positions,
      int dModel,
      int layers,
      int heads,
      int dMlp,
      Architecture architecture,
      OptionalInt bosTokenId,
      OptionalInt eosTokenId,
      OptionalInt padTokenId) {
    this(
        vocabSize,
        positions,
        dModel,
        layers,
        heads,
        dMlp,
        architecture,
        bosTokenId,
        eosTokenId,
        padTokenId,
        Set.of());
  }

  /** Neurons of the whole model: layers times d_mlp. */
  public int neurons() {
    return Math.multiplyExact(layers, dMlp);
  }

  /** Dimensions of a head. */
  public int dHead() {
    return dModel / heads;
  }

  /** Columns of the queries, keys and values of all heads: 3 · d_model. */
  public int dQkv() {
    return 3 * dModel;
  }
}
