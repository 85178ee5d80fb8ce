package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Set;

/**
 * Power sums, least and greatest of every neuron. They are of MLP_POST of every model over kept
 * tokens, or of MLP_PRE of the first model over all positions.
 */
public final class MomentsSink implements ActivationSink {
  private final Kernels kernels;
  private final Arena arena;
  private final Pilot pilot;
  private final Values values;
  private final Tensor everyToken;
  private final Tensor sums;
  private final Tensor count;

  /** An empty sink for that many neurons, all models together. */
  public MomentsSink(Kernels kernels, Arena arena, Pilot pilot, long neurons) {
    this(kernels, arena, pilot, neurons, Values.RAW);
  }

  /** As above, of raw or of prepared activations. */
  public MomentsSink(Kernels kernels, Arena arena, Pilot pilot, long neurons, Values values) {
    this(kernels, arena, pilot, neurons, values, null);
  }

  /**
   * Of MLP_PRE of the first model, over all positions.
   *
   * @param neurons of the first model
   * @param tokens the most tokens (rows times context) that a batch will have
   */
  public static MomentsSink ofPreactivations(
      Kernels kernels, Arena arena, Pilot pilot, long neurons, long tokens) {
    Tensor ones = Tensor.allocate(arena, DType.U8, tokens, 1);
    ones.fill(1);
    Tensor everyToken = kernels.fromHost(arena, ones);
    return new MomentsSink(kernels, arena, pilot, neurons, Values.RAW, everyToken);
  }

  private MomentsSink(
      Kernels kernels, Arena arena, Pilot pilot, long neurons, Values values, Tensor everyToken) {
    this.values = values;
    this.everyToken = everyToken;
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
    return Set.of(site());
  }

  private Site site() {
    return everyToken == null ? Site.MLP_POST : Site.MLP_PRE;
  }

  private String named(String what) {
    return (everyToken == null ? "moments." : "preactivations.") + what;
  }

  @Override
  public Values values() {
    return values;
  }

  @Override
  public void accept(ActivationBlock block) {
    Tensor x = block.site(site());
    Tensor keep = everyToken == null ? block.keep() : everyToken.rows(0, x.rows());
    kernels.powerSums(x, keep, pilot.mean(), pilot.scale(), sums);
    count.set(0, 0, count.get(0, 0) + (everyToken == null ? block.kept() : x.rows()));
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
    return Map.of(named("sums"), sums, named("count"), count);
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor theirs = other.get(named("sums"));
    theirs.requireShape(named("sums"), 6, sums.cols());
    try (Arena scratch = Arena.ofShared()) { // many may be merged
      Tensor own = kernels.toHost(scratch, sums);
      for (long j = 0; j < own.cols(); j++) {
        for (int p = 0; p < 4; p++) {
          own.set(p, j, own.get(p, j) + theirs.get(p, j));
        }
        own.set(4, j, Math.min(own.get(4, j), theirs.get(4, j)));
        own.set(5, j, Math.max(own.get(5, j), theirs.get(5, j)));
      }
      kernels.copy(own, sums);
    }
    count.set(0, 0, count.get(0, 0) + other.get(named("count")).get(0, 0));
  }
}
