package dev.homolog.analysis.closeup;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Set;

/** Sum and maximum of MLP_POST by token id, of chosen neurons, over all positions. */
final class TokenSumsSink implements ActivationSink {
  private final Tensor columns;
  private final Tensor sums;
  private final Tensor maxima;
  private final Tensor counts;

  /**
   * @param chosen columns of the block
   * @param vocabulary number of token ids
   */
  TokenSumsSink(Kernels kernels, Arena arena, int[] chosen, int vocabulary) {
    this.columns = kernels.allocate(arena, DType.I32, 1, chosen.length);
    for (int j = 0; j < chosen.length; j++) {
      columns.set(0, j, chosen[j]);
    }
    this.sums = kernels.allocate(arena, DType.F64, vocabulary, chosen.length);
    this.maxima = kernels.allocate(arena, DType.F32, vocabulary, chosen.length);
    maxima.fill(Double.NEGATIVE_INFINITY);
    this.counts = Tensor.allocate(arena, DType.I64, 1, vocabulary);
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.RAW;
  }

  @Override
  public void accept(ActivationBlock block) {
    Tensor x = block.site(Site.MLP_POST);
    block.kernels().classSums(x, block.ids(), columns, sums, maxima);
    for (long t = 0; t < block.ids().rows(); t++) {
      long id = (long) block.ids().get(t, 0);
      counts.set(0, id, counts.get(0, id) + 1);
    }
  }

  /** How often a token id was seen. */
  long count(int id) {
    return (long) counts.get(0, id);
  }

  /** Mean of chosen neuron j over the positions of a token id. */
  double mean(int id, int j) {
    return sums.get(id, j) / counts.get(0, id);
  }

  double max(int id, int j) {
    return maxima.get(id, j);
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of("tokens.sums", sums, "tokens.maxima", maxima, "tokens.counts", counts);
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor theirSums = other.get("tokens.sums");
    Tensor theirMaxima = other.get("tokens.maxima");
    Tensor theirCounts = other.get("tokens.counts");
    theirSums.requireShape("tokens.sums", sums.rows(), sums.cols());
    for (long id = 0; id < sums.rows(); id++) {
      for (long j = 0; j < sums.cols(); j++) {
        sums.set(id, j, sums.get(id, j) + theirSums.get(id, j));
        maxima.set(id, j, Math.max(maxima.get(id, j), theirMaxima.get(id, j)));
      }
      counts.set(0, id, counts.get(0, id) + theirCounts.get(0, id));
    }
  }
}
