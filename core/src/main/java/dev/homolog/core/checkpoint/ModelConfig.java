package dev.homolog.core.checkpoint;

import dev.homolog.core.model.family.Architecture;

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
 * @param ids of tokens that stand for no text
 */
public record ModelConfig(
    int vocabSize,
    int positions,
    int dModel,
    int layers,
    int heads,
    int dMlp,
    Architecture architecture,
    TokenIds ids) {

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
