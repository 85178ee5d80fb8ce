package dev.homolog.core.model;

import dev.homolog.core.checkpoint.ModelConfig;

/**
 * Floating-point operations of the parts of a forward pass, a token; multiplying and adding are
 * two. LayerNorms, activation functions and the like are not counted.
 *
 * @param attention of a block; half of the scores are left out
 * @param mlp of a block
 * @param unembedding of all logits
 * @param layers number of blocks
 */
public record ForwardCost(double attention, double mlp, double unembedding, int layers) {

  /** The cost of a model on rows of that many tokens. */
  public static ForwardCost of(ModelConfig config, int context) {
    double d = config.dModel();
    return new ForwardCost(
        8 * d * d + 2 * d * context,
        4 * d * config.dMlp(),
        2 * d * config.vocabSize(),
        config.layers());
  }

  /** Of a block. */
  public double block() {
    return attention + mlp;
  }

  /** From ids to the neurons of the last layer, whose output is not computed. */
  public double neurons() {
    return layers * block() - mlp / 2;
  }

  /** From ids to logits. */
  public double whole() {
    return layers * block() + unembedding;
  }
}
