package dev.homolog.analysis.explanation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Sums by cell of a {@link FeatureSet}, over all positions, for neighbouring columns of a block. It
 * sums z = (MLP_POST − pilot mean) · pilot scale and its square. It also keeps the greatest
 * MLP_POST at each frequent token.
 */
public final class ExplanationSink implements ActivationSink {
  /** Cells of a position, on the average, for which there is room between two calls of a kernel. */
  private static final int ROOM = 10;

  private final Kernels kernels;
  private final FeatureSet features;
  private final Columns columns;
  private final Pilot pilot;
  private final Tensor sums;
  private final Tensor maxima;
  private final Tensor counts;
  private final Pairs cells;
  private final Pairs tokens;

  /** Columns [from, to) of a block. */
  public record Columns(long from, long to) {
    Tensor of(Tensor all) {
      return all.columns(from, to);
    }

    long count() {
      return to - from;
    }
  }

  /**
   * An empty sink.
   *
   * @param pilot of the blocks that the sink will see
   * @param mostTokens the most tokens (rows times context) that a batch will have
   */
  public ExplanationSink(
      Kernels kernels,
      Arena arena,
      FeatureSet features,
      Pilot pilot,
      Columns columns,
      long mostTokens) {
    this.kernels = kernels;
    this.features = features;
    this.columns = columns;
    this.pilot = pilot;
    this.sums = kernels.allocate(arena, DType.F64, 2L * features.cells(), columns.count());
    this.maxima = kernels.allocate(arena, DType.F32, features.frequent().length, columns.count());
    try (Arena scratch = Arena.ofShared()) {
      Tensor lowest = Tensor.allocate(scratch, DType.F32, 1, columns.count());
      lowest.fill(Double.NEGATIVE_INFINITY);
      for (long i = 0; i < maxima.rows(); i++) {
        kernels.copy(lowest, maxima.rows(i, i + 1));
      }
    }
    this.counts = Tensor.allocate(arena, DType.I64, 1, features.cells());
    this.cells = new Pairs(kernels, arena, room(features, mostTokens));
    this.tokens = new Pairs(kernels, arena, mostTokens);
  }

  private static long room(FeatureSet features, long mostTokens) {
    return ROOM * mostTokens + features.mostCells();
  }

  /** Bytes that a sink of that many neurons takes. */
  public static long bytes(FeatureSet features, long neurons, long mostTokens) {
    long sums = 2L * features.cells() * Double.BYTES;
    long maxima = (long) features.frequent().length * Float.BYTES;
    return neurons * (sums + maxima)
        + (long) features.cells() * Long.BYTES
        + Pairs.bytes(room(features, mostTokens) + mostTokens);
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
    Tensor x = columns.of(block.site(Site.MLP_POST));
    try (Arena scratch = Arena.ofConfined()) {
      int[] ids = ints(kernels.toHost(scratch, block.ids()));
      int[] subsets = ints(block.subsets());
      for (int t = 0; t < ids.length; t++) {
        int position = t % features.context();
        add(t, features.ofToken(ids[t]), 0);
        if (position > 0) {
          add(t, features.ofToken(ids[t - 1]), features.previous());
        }
        add(t, features.ofPosition(position));
        int subset = subsets[t] == TokenTable.NO_SUBSET ? features.noSubset() : subsets[t];
        add(t, features.ofSubset(subset));
        addOfDocument(t, block.rows().get(t / features.context()), position);
        if (!cells.hasRoom(features.mostCells())) {
          flush(x);
        }
      }
    }
    flush(x);
    tokens.flush((rows, classes) -> kernels.classMaxima(x, rows, classes, maxima));
  }

  private void addOfDocument(int t, long row, int position) {
    int speech = features.ofSpeech(row, position);
    if (speech >= 0) {
      add(t, speech);
    }
    if (features.shuffled() > 0) {
      int document = features.document(row, position);
      for (int draw = 0; draw < Documents.DRAWS; draw++) {
        int label = draw * Documents.LABELS + Documents.label(draw, document);
        add(t, features.ofShuffled(label));
      }
    }
  }

  private static int[] ints(Tensor column) {
    int[] values = new int[Math.toIntExact(column.rows())];
    for (int t = 0; t < values.length; t++) {
      values[t] = (int) column.get(t, 0);
    }
    return values;
  }

  private void add(int t, int[] cells, int offset) {
    for (int cell : cells) {
      add(t, offset + cell);
    }
    if (offset == 0 && cells.length == 1 && cells[0] < features.frequent().length) {
      tokens.add(t, cells[0]);
    }
  }

  private void add(int t, int cell) {
    cells.add(t, cell);
    counts.set(0, cell, counts.get(0, cell) + 1);
  }

  private void flush(Tensor x) {
    Tensor mean = columns.of(pilot.mean());
    Tensor scale = columns.of(pilot.scale());
    cells.flush((rows, of) -> kernels.classPowerSums(x, rows, of, mean, scale, sums));
  }

  /** Names of the sums. */
  static final String SUMS = "explanations.sums";

  static final String MAXIMA = "explanations.maxima";
  static final String COUNTS = "explanations.counts";

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put(SUMS, sums);
    state.put(MAXIMA, maxima);
    state.put(COUNTS, counts);
    return state;
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor added = other.get(MAXIMA);
    added.requireShape(MAXIMA, maxima.rows(), maxima.cols());
    try (Arena scratch = Arena.ofShared()) {
      kernels.add(kernels.fromHost(scratch, other.get(SUMS)), sums);
      Tensor onHost = kernels.toHost(scratch, maxima);
      for (long i = 0; i < onHost.rows(); i++) {
        for (long j = 0; j < onHost.cols(); j++) {
          onHost.set(i, j, Math.max(onHost.get(i, j), added.get(i, j)));
        }
      }
      kernels.copy(onHost, maxima);
    }
    for (long cell = 0; cell < counts.cols(); cell++) {
      counts.set(0, cell, counts.get(0, cell) + other.get(COUNTS).get(0, cell));
    }
  }

  // ---- what is read at the end ----

  FeatureSet features() {
    return features;
  }

  int neurons() {
    return Math.toIntExact(columns.count());
  }

  /** Positions in a cell. */
  long count(int cell) {
    return (long) counts.get(0, cell);
  }

  /** Sums of z of some neurons, [cells, neurons], and below them those of z². */
  Tensor sums(Arena scratch, int fromNeuron, int toNeuron) {
    return kernels.toHost(scratch, sums.columns(fromNeuron, toNeuron));
  }

  /** Greatest MLP_POST of some neurons, [frequent tokens, neurons]. */
  Tensor maxima(Arena scratch, int fromNeuron, int toNeuron) {
    return kernels.toHost(scratch, maxima.columns(fromNeuron, toNeuron));
  }

  /** The pilot's means [1, neurons], which restore the raw values. */
  Tensor mean(Arena scratch) {
    return kernels.toHost(scratch, columns.of(pilot.mean()));
  }

  /** As {@link #mean}: one over the deviation. */
  Tensor scale(Arena scratch) {
    return kernels.toHost(scratch, columns.of(pilot.scale()));
  }
}
