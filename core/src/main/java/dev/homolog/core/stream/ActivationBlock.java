package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import java.util.List;

/**
 * One batch of tokens and every model's activations on it, in the kernels' memory. Valid only
 * during the call of {@link ActivationSink#accept} that hands it over; the buffers are used again.
 *
 * @param kernels the device that the tensors belong to
 * @param models the models in order, the reference first
 * @param rows the rows of the table that the tokens are of, in order; null where the tokens are
 *     gathered from many
 * @param ids token ids I32 [T, 1]
 * @param keep U8 [T, 1]: 1 where the token counts for correlations
 * @param kept number of ones in {@code keep}
 * @param subsets I32 [T, 1] on the host: the number of the subset of each token's document in the
 *     table's list, or {@link dev.homolog.core.tokens.TokenTable#NO_SUBSET}
 * @param pre MLP_PRE of the first model [T, its neurons], or null where no sink reads it
 * @param post MLP_POST of all models [T, all neurons of the study], or null likewise
 */
public record ActivationBlock(
    Kernels kernels,
    List<ModelNeurons> models,
    Rows rows,
    Tensor ids,
    Tensor keep,
    long kept,
    Tensor subsets,
    Tensor pre,
    Tensor post) {

  /** The site's activations, of the first model or of all; fails where no sink asked for it. */
  public Tensor site(Site site) {
    Tensor activations = site == Site.MLP_PRE ? pre : post;
    if (activations == null) {
      throw new IllegalStateException("no sink of this stream asked for " + site);
    }
    return activations;
  }
}
