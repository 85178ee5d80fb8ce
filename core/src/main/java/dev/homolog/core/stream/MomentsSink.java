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
  private final Kernels kernels;
  private final Arena arena;
  private final Pilot pilot;
  private final Values values;
  private final Tensor sums;
  private final Tensor count;

  /** An empty sink for that many neurons, all models together. */
  public MomentsSink(Kernels kernels, Arena arena, Pilot pilot, long neurons) {
    this(kernels, arena, pilot, neurons, Values.RAW);
  }

  /** As above, of raw or of prepared activations. */
  public MomentsSink(Kernels kernels, Arena arena, Pilot pilot, long neurons, Values values) {
    this.values = values;
    this.kernels = kernels;
    this.arena = arena;
    this.pilot = pilot;
    Tensor empty = Tensor.allocate(arena, DType.F64, 6, neurons);
    empty.rows(4, 5).fill(Double.POSITIVE_INFINITY);
    empty.rows(5, 6).fill(Double.NEGATIVE_INFINITY);
    this.sums = kernels.fromHost(arena, empty);
    this.count = Tensor.allocate(arena, DType.I64, 1, 1);
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return values;
  }

  @Override
  public void accept(ActivationBlock block) {
    Tensor x = block.site(Site.MLP_POST);
    kernels.powerSums(x, block.keep(), pilot.mean(), pilot.scale(), sums);
    count.set(0, 0, count.get(0, 0) + block.kept());
  }

  @Override
  public boolean isFinite() {
    return count.get(0, 0) == 0 || FiniteSink.allFinite(kernels, sums);
  }

  /** The moments of what was seen so far. */
  public Moments moments() {
    return new Moments((long) count.get(0, 0), kernels.toHost(arena, sums), pilot);
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of("moments.sums", kernels.toHost(arena, sums), "moments.count", count);
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor theirs = other.get("moments.sums");
    theirs.requireShape("moments.sums", 6, sums.cols());
    Tensor mine = kernels.toHost(arena, sums);
    for (long j = 0; j < mine.cols(); j++) {
      for (int p = 0; p < 4; p++) {
        mine.set(p, j, mine.get(p, j) + theirs.get(p, j));
      }
      mine.set(4, j, Math.min(mine.get(4, j), theirs.get(4, j)));
      mine.set(5, j, Math.max(mine.get(5, j), theirs.get(5, j)));
    }
    kernels.copy(mine, sums);
    count.set(0, 0, count.get(0, 0) + other.get("moments.count").get(0, 0));
  }
}
