package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Set;

/** Power sums, least and greatest MLP_POST of every neuron of every model over kept tokens. */
public final class MomentsSink implements ActivationSink {
  private final Pilot pilot;
  private final Tensor sums;
  private final Tensor count;

  /** An empty sink for that many neurons, all models together. */
  public MomentsSink(Kernels kernels, Arena arena, Pilot pilot, long neurons) {
    this.pilot = pilot;
    this.sums = kernels.allocate(arena, DType.F64, 6, neurons);
    this.sums.rows(4, 5).fill(Double.POSITIVE_INFINITY);
    this.sums.rows(5, 6).fill(Double.NEGATIVE_INFINITY);
    this.count = Tensor.allocate(arena, DType.I64, 1, 1);
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
    block.kernels().powerSums(x, block.keep(), pilot.mean(), pilot.scale(), sums);
    count.set(0, 0, count.get(0, 0) + block.kept());
  }

  /** The moments of what was seen so far. */
  public Moments moments() {
    return new Moments((long) count.get(0, 0), sums, pilot);
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of("moments.sums", sums, "moments.count", count);
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor theirs = other.get("moments.sums");
    theirs.requireShape("moments.sums", 6, sums.cols());
    for (long j = 0; j < sums.cols(); j++) {
      for (int p = 0; p < 4; p++) {
        sums.set(p, j, sums.get(p, j) + theirs.get(p, j));
      }
      sums.set(4, j, Math.min(sums.get(4, j), theirs.get(4, j)));
      sums.set(5, j, Math.max(sums.get(5, j), theirs.get(5, j)));
    }
    count.set(0, 0, count.get(0, 0) + other.get("moments.count").get(0, 0));
  }
}
