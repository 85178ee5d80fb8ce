package dev.homolog.analysis.closeup;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Sum and maximum of MLP_POST by token id, of chosen neurons, over all positions. */
final class TokenSumsSink implements ActivationSink {
  private final Kernels kernels;
  private final Arena arena;
  private final Tensor columns;
  private final Tensor sums;
  private final Tensor maxima;
  private final Tensor counts;

  /**
   * @param chosen columns of the block
   * @param vocabulary number of token ids
   */
  TokenSumsSink(Kernels kernels, Arena arena, int[] chosen, int vocabulary) {
    this.kernels = kernels;
    this.arena = arena;
    Tensor list = Tensor.allocate(arena, DType.I32, 1, chosen.length);
    for (int j = 0; j < chosen.length; j++) {
      list.set(0, j, chosen[j]);
    }
    this.columns = kernels.fromHost(arena, list);
    this.sums = kernels.allocate(arena, DType.F64, vocabulary, chosen.length);
    Tensor lowest = Tensor.allocate(arena, DType.F32, vocabulary, chosen.length);
    lowest.fill(Double.NEGATIVE_INFINITY);
    this.maxima = kernels.fromHost(arena, lowest);
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
    kernels.classSums(x, block.ids(), columns, sums, maxima);
    try (Arena scratch = Arena.ofConfined()) {
      Tensor ids = kernels.toHost(scratch, block.ids());
      for (long t = 0; t < ids.rows(); t++) {
        long id = (long) ids.get(t, 0);
        counts.set(0, id, counts.get(0, id) + 1);
      }
    }
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of(SUMS, sums, MAXIMA, maxima, COUNTS, counts);
  }

  /** The same on the host, for as long as the sink's arena. */
  Map<String, Tensor> onHost() {
    Map<String, Tensor> onHost = new HashMap<>();
    state().forEach((name, tensor) -> onHost.put(name, kernels.toHost(arena, tensor)));
    return onHost;
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor added = other.get(MAXIMA);
    added.requireShape(MAXIMA, maxima.rows(), maxima.cols());
    try (Arena scratch = Arena.ofShared()) {
      kernels.add(kernels.fromHost(scratch, other.get(SUMS)), sums);
      Tensor onHost = kernels.toHost(scratch, maxima);
      for (long id = 0; id < onHost.rows(); id++) {
        for (long j = 0; j < onHost.cols(); j++) {
          onHost.set(id, j, Math.max(onHost.get(id, j), added.get(id, j)));
        }
      }
      kernels.copy(onHost, maxima);
    }
    for (long id = 0; id < counts.cols(); id++) {
      counts.set(0, id, counts.get(0, id) + other.get(COUNTS).get(0, id));
    }
  }

  /** [vocabulary, chosen]: sums of MLP_POST. */
  static final String SUMS = "tokens.sums";

  /** [vocabulary, chosen]: greatest MLP_POST. */
  static final String MAXIMA = "tokens.maxima";

  /** [1, vocabulary]: how often a token id was seen. */
  static final String COUNTS = "tokens.counts";
}
