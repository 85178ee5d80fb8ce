package dev.homolog.analysis.statistics;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * How the reference's neurons behave over all positions. It keeps a histogram of MLP_PRE and how
 * often each neuron fires (MLP_PRE &gt; 0) by position in the row. It keeps sums and maxima of
 * MLP_POST by position and by subset. It works a layer at a time, so that its scratch memory is
 * that of one.
 */
final class StatisticsSink implements ActivationSink {
  /** Bins of equal width of the histogram, and where they begin and end; two more are open. */
  public static final int BINS = 255;

  public static final double LOW = -10;
  public static final double HIGH = 15;

  private final Kernels kernels;
  private final Arena arena;
  private final ModelNeurons reference;
  private final int context;
  private final int subsets;
  private final Tensor everyToken;
  private final Tensor positions;
  private final Tensor columns;
  private final Tensor fires;
  private final Tensor noMaxima;
  private final Tensor histogram;
  private final Tensor firing;
  private final Sums byPosition;
  private final Tensor subsetOnHost;
  private final Tensor subsetOfToken;
  private final Sums bySubset;
  private final Tensor counts;

  /** Sums F64 and maxima F32, [classes, neurons]. */
  private record Sums(Tensor sums, Tensor maxima) {
    static Sums allocate(Kernels kernels, Arena arena, long classes, long neurons) {
      Tensor maxima = kernels.allocate(arena, DType.F32, classes, neurons);
      try (Arena scratch = Arena.ofShared()) {
        Tensor lowest = Tensor.allocate(scratch, DType.F32, 1, neurons);
        lowest.fill(Double.NEGATIVE_INFINITY);
        for (long c = 0; c < classes; c++) {
          kernels.copy(lowest, maxima.rows(c, c + 1));
        }
      }
      return new Sums(kernels.allocate(arena, DType.F64, classes, neurons), maxima);
    }

    Sums columns(long from, long to) {
      return new Sums(sums.columns(from, to), maxima.columns(from, to));
    }

    static long bytes(long classes, long neurons) {
      return classes * neurons * (Double.BYTES + Float.BYTES);
    }
  }

  /**
   * An empty sink.
   *
   * @param tokens the most tokens (rows times context) that a batch will have
   * @param subsets number of subsets of the text; a document may be in none
   */
  public StatisticsSink(
      Kernels kernels, Arena arena, ModelNeurons reference, int context, int subsets, long tokens) {
    this.kernels = kernels;
    this.arena = arena;
    this.reference = reference;
    this.context = context;
    this.subsets = subsets;
    int neurons = reference.count();
    Tensor ones = Tensor.allocate(arena, DType.U8, tokens, 1);
    ones.fill(1);
    this.everyToken = kernels.fromHost(arena, ones);
    Tensor places = Tensor.allocate(arena, DType.I32, tokens, 1);
    for (long row = 0; row < tokens / context; row++) {
      for (int position = 0; position < context; position++) {
        places.set(row * context + position, 0, position);
      }
    }
    this.positions = kernels.fromHost(arena, places);
    Tensor everyColumn = Tensor.allocate(arena, DType.I32, 1, reference.dMlp());
    for (int j = 0; j < reference.dMlp(); j++) {
      everyColumn.set(0, j, j);
    }
    this.columns = kernels.fromHost(arena, everyColumn);
    this.fires = kernels.allocate(arena, kernels.working(), tokens, reference.dMlp());
    this.noMaxima = kernels.allocate(arena, DType.F32, context, reference.dMlp());
    this.histogram = kernels.allocate(arena, DType.I64, neurons, BINS + 2);
    this.firing = kernels.allocate(arena, DType.F64, context, neurons);
    this.byPosition = Sums.allocate(kernels, arena, context, neurons);
    this.subsetOnHost = Tensor.allocate(arena, DType.I32, tokens, 1);
    this.subsetOfToken = kernels.fromHost(arena, subsetOnHost);
    // One more for documents without a subset.
    this.bySubset = Sums.allocate(kernels, arena, subsets + 1L, neurons);
    this.counts = Tensor.allocate(arena, DType.I64, 1, subsets + 2L);
  }

  /** Bytes that a sink takes. */
  public static long bytes(
      ModelNeurons reference, int context, int subsets, long tokens, int working) {
    long neurons = reference.count();
    long sums = Sums.bytes(context, neurons) + Sums.bytes(subsets + 1L, neurons);
    long histogram = neurons * (BINS + 2) * Long.BYTES;
    long firing = neurons * context * Double.BYTES;
    long scratch =
        tokens * ((long) reference.dMlp() * working + 16) + 4L * context * reference.dMlp();
    return sums + histogram + firing + scratch;
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_PRE, Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.RAW;
  }

  @Override
  public void accept(ActivationBlock block) {
    long tokens = block.ids().rows();
    countSubsets(block.subsets());
    Tensor everyToken = this.everyToken.rows(0, tokens);
    Tensor positions = this.positions.rows(0, tokens);
    Tensor subsetOfToken = this.subsetOfToken.rows(0, tokens);
    Tensor fires = this.fires.rows(0, tokens);
    for (int layer = 0; layer < reference.layers(); layer++) {
      long from = (long) layer * reference.dMlp();
      long to = from + reference.dMlp();
      Tensor pre = block.site(Site.MLP_PRE).columns(from, to);
      Tensor post = reference.layer(block.site(Site.MLP_POST), layer);
      kernels.columnHistograms(pre, LOW, HIGH, histogram.rows(from, to));
      kernels.copy(pre, fires);
      kernels.firing(fires, everyToken);
      kernels.classSums(fires, positions, columns, firing.columns(from, to), noMaxima);
      Sums here = byPosition.columns(from, to);
      kernels.classSums(post, positions, columns, here.sums, here.maxima);
      Sums there = bySubset.columns(from, to);
      kernels.classSums(post, subsetOfToken, columns, there.sums, there.maxima);
    }
    long rows = tokens / context;
    counts.set(0, subsets + 1L, counts.get(0, subsets + 1L) + rows);
  }

  private void countSubsets(Tensor subsetIds) {
    for (long t = 0; t < subsetIds.rows(); t++) {
      int subset = (int) subsetIds.get(t, 0);
      int place = subset == TokenTable.NO_SUBSET ? subsets : subset;
      subsetOnHost.set(t, 0, place);
      counts.set(0, place, counts.get(0, place) + 1);
    }
    kernels.copy(subsetOnHost.rows(0, subsetIds.rows()), subsetOfToken.rows(0, subsetIds.rows()));
  }

  /** What was seen so far, in the host's memory for as long as the sink's arena. */
  public Statistics statistics() {
    Map<String, Tensor> onHost = new LinkedHashMap<>();
    state().forEach((name, sums) -> onHost.put(name, kernels.toHost(arena, sums)));
    return new Statistics(context, subsets, onHost);
  }

  /** Names of the sums. */
  static final String HISTOGRAM = "statistics.histogram";

  static final String FIRING = "statistics.firing";
  static final String POSITION_SUMS = "statistics.position_sums";
  static final String POSITION_MAXIMA = "statistics.position_maxima";
  static final String SUBSET_SUMS = "statistics.subset_sums";
  static final String SUBSET_MAXIMA = "statistics.subset_maxima";

  /** Positions by subset, then those in none, then the rows seen. */
  static final String COUNTS = "statistics.counts";

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = onDevice();
    state.put(COUNTS, counts);
    return state;
  }

  private Map<String, Tensor> onDevice() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put(HISTOGRAM, histogram);
    state.put(FIRING, firing);
    state.put(POSITION_SUMS, byPosition.sums);
    state.put(POSITION_MAXIMA, byPosition.maxima);
    state.put(SUBSET_SUMS, bySubset.sums);
    state.put(SUBSET_MAXIMA, bySubset.maxima);
    return state;
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    onDevice()
        .forEach((name, sums) -> {
          Tensor added = other.get(name);
          added.requireShape(name, sums.rows(), sums.cols());
          try (Arena scratch = Arena.ofShared()) {
            Tensor onHost = kernels.toHost(scratch, sums);
            join(added, onHost, sums.dtype() == DType.F32);
            if (!sums.onHost()) {
              kernels.copy(onHost, sums);
            }
          }
        });
    join(other.get(COUNTS), counts, false);
  }

  private static void join(Tensor from, Tensor to, boolean greatest) {
    for (long i = 0; i < to.rows(); i++) {
      for (long j = 0; j < to.cols(); j++) {
        double mine = to.get(i, j);
        double theirs = from.get(i, j);
        to.set(i, j, greatest ? Math.max(mine, theirs) : mine + theirs);
      }
    }
  }
}
