package dev.homolog.core.checkpoint;

import java.util.OptionalInt;

/**
 * What {@code config.json} says of a model.
 *
 * @param vocabSize rows of the embedding, padding included
 * @param positions the most tokens a row may have
 * @param dModel width of the residual stream
 * @param layers number of blocks
 * @param heads attention heads a layer; divides {@code dModel}
 * @param dMlp neurons a layer
 * @param layerNormEpsilon added to the variance inside every LayerNorm
 * @param activation between MLP_PRE and MLP_POST
 * @param architecture how the blocks are made
 * @param bosTokenId id that begins every row
 * @param eosTokenId id between documents, usually the same
 * @param padTokenId if the file names one
 */
public record ModelConfig(
    int vocabSize,
    int positions,
    int dModel,
    int layers,
    int heads,
    int dMlp,
    double layerNormEpsilon,
    Activation activation,
    Architecture architecture,
    OptionalInt bosTokenId,
    OptionalInt eosTokenId,
    OptionalInt padTokenId) {

  /** Neurons of the whole model: layers times d_mlp. */
  public int neurons() {
    return Math.multiplyExact(layers, dMlp);
  }

  public int dHead() {
    return dModel / heads;
  }
}
