package dev.homolog.core.model;

import dev.homolog.core.memory.Tensor;

/**
 * What a block of a forward pass leaves behind or is given; null for what nobody asks for.
 *
 * @param pre where MLP_PRE is left, [T, d_mlp]
 * @param post where MLP_POST is left, [T, d_mlp]
 * @param z where the heads' outputs are left, [T, d_model]
 * @param frozenZ heads' outputs that take the place of the block's own: keys, values and pattern of
 *     another pass
 */
public record BlockTaps(Tensor pre, Tensor post, Tensor z, Tensor frozenZ) {
  /** Nothing. */
  public static final BlockTaps NONE = new BlockTaps(null, null, null, null);

  /** Both sites of the MLP. */
  public static BlockTaps sites(Tensor pre, Tensor post) {
    return new BlockTaps(pre, post, null, null);
  }
}
