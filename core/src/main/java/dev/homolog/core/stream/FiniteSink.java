package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Set;

/**
 * Measures nothing: it watches that MLP_POST is finite at every position, whether kept or not, for
 * passes that read them all.
 */
public final class FiniteSink implements ActivationSink {
  private final Kernels kernels;
  private final Extremes extremes;

  /**
   * @param tokens the most tokens (rows times context) that a batch will have
   * @param neurons all models together
   */
  public FiniteSink(Kernels kernels, Arena arena, long tokens, long neurons) {
    this.kernels = kernels;
    this.extremes = Extremes.allocate(kernels, arena, tokens, neurons);
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
    extremes.add(block.site(Site.MLP_POST));
  }

  @Override
  public boolean isFinite() {
    return allFinite(kernels, extremes.sums());
  }

  /** Least and greatest of every column over all tokens: power sums that keep every token. */
  record Extremes(Kernels kernels, Pilot identity, Tensor everyToken, Tensor sums) {
    static Extremes allocate(Kernels kernels, Arena arena, long tokens, long columns) {
      Tensor ones = Tensor.allocate(arena, DType.U8, tokens, 1);
      ones.fill(1);
      return new Extremes(
          kernels,
          Pilot.identity(kernels, arena, columns),
          kernels.fromHost(arena, ones),
          kernels.allocate(arena, DType.F64, 6, columns));
    }

    void add(Tensor x) {
      Tensor keep = everyToken.rows(0, x.rows());
      kernels.powerSums(x, keep, identity.mean(), identity.scale(), sums);
    }
  }

  /**
   * Whether the least and the greatest of every neuron are finite, which they are just when all
   * activations were.
   *
   * @param sums as of {@link Kernels#powerSums}, of at least one token
   */
  static boolean allFinite(Kernels kernels, Tensor sums) {
    try (Arena scratch = Arena.ofConfined()) {
      Tensor extremes = kernels.toHost(scratch, sums.rows(4, 6));
      for (long j = 0; j < extremes.cols(); j++) {
        if (!Double.isFinite(extremes.get(0, j)) || !Double.isFinite(extremes.get(1, j))) {
          return false;
        }
      }
      return true;
    }
  }

  /** Nothing is to be kept. */
  @Override
  public Map<String, Tensor> state() {
    return Map.of();
  }

  @Override
  public void merge(Map<String, Tensor> other) {}
}
