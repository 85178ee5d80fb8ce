package dev.homolog.analysis.correlation;

import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.core.Brief;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Correlations of the reference's neurons with those of the other models, reduced to moments and
 * best matches. The N² matrix is computed by blocks of rows and is never in memory at once.
 *
 * @param pairs the reference with each other model, in order
 * @param amongOthers best matches of the other models with each other; empty unless asked for
 * @param rows count, mean, variance, skew and kurtosis of each reference neuron's correlations with
 *     all neurons of all other models, constant neurons left out
 */
public record CorrelationSummary(
    List<PairMatches> pairs, List<PairMatches> amongOthers, List<RowMoments> rows) {
  /** Bins of the histogram of all correlations. */
  public static final int BINS = 100;

  /** Bytes of a block of correlations. */
  public static final long BLOCK_BYTES = 64L << 20;

  /** Takes in the sums of one pass after the other; used by one thread. */
  public static final class Builder {
    private final Kernels kernels;
    private final List<Pair> pairs = new ArrayList<>();
    private final Tensor rowSums;

    /**
     * An empty summary.
     *
     * @param arena of the sums of each row and of the best matches of each column, which must
     *     outlive the builder
     * @param top matches kept at each end of each row
     * @param allPairs whether best matches among the others are kept too
     */
    public Builder(
        Kernels kernels, Arena arena, List<ModelNeurons> models, int top, boolean allPairs) {
      this.kernels = kernels;
      this.rowSums = kernels.allocate(arena, DType.F64, models.getFirst().count(), 5);
      for (int i = 0; i < (allPairs ? models.size() - 1 : 1); i++) {
        for (int j = i + 1; j < models.size(); j++) {
          int k = i == 0 ? top : 1;
          pairs.add(new Pair(kernels, arena, models.get(i), models.get(j), k, i == 0));
        }
      }
    }

    /** Adds the strips of a pass; strips of one model come in the order of their neurons. */
    public void add(CorrelationSink sink, Measure measure, ProgressListener progress) {
      int pairsDone = 0;
      long pairCount =
          sink.strips().stream().mapToLong(s -> sink.models().size() - 1L - s.model()).sum();
      progress.progress("correlations", pairsDone, pairCount);
      for (Strip strip : sink.strips()) {
        ModelNeurons one = sink.models().get(strip.model());
        for (Pair pair : pairs) {
          if (pair.a.equals(one)) {
            Tensor part = strip.model() == 0 ? rowSums.rows(strip.from(), strip.to()) : null;
            pair.add(sink.cross(strip, pair.b), measure, strip, part);
            progress.progress("correlations", ++pairsDone, pairCount);
          }
        }
      }
    }

    void save(StateWriter state) {
      state.put("row_sums", rowSums);
      for (int i = 0; i < pairs.size(); i++) {
        pairs.get(i).save(state.in("pair" + i));
      }
    }

    /** Takes back what {@link #save} put, into an empty summary of the same models. */
    void restore(StateReader state) {
      state.copy(kernels, "row_sums", rowSums);
      for (int i = 0; i < pairs.size(); i++) {
        pairs.get(i).restore(state.in("pair" + i));
      }
    }

    /** The greatest similarity of a reference neuron with one other model, so far. */
    public double greatest(int other, int neuron) {
      return pairs.get(other).out.highest.value(neuron, 0);
    }

    /** What was found, when all strips are in. */
    public CorrelationSummary build() {
      try (Arena arena = Arena.ofShared()) {
        Tensor sums = kernels.toHost(arena, rowSums);
        List<RowMoments> rows = new ArrayList<>();
        for (int i = 0; i < sums.rows(); i++) {
          rows.add(RowMoments.of(sums, i));
        }
        ModelNeurons reference = pairs.getFirst().a;
        List<PairMatches> matches = pairs.stream().map(Pair::matches).toList();
        return new CorrelationSummary(
            matches.stream().filter(pair -> pair.one().equals(reference)).toList(),
            matches.stream().filter(pair -> !pair.one().equals(reference)).toList(),
            List.copyOf(rows));
      }
    }
  }

  /** Bytes of the best matches of that many columns during the search, k at each end. */
  public static long columnBytes(long columns, long k, DType working) {
    return 2 * columns * k * (working.bytes() + DType.I32.bytes());
  }

  private static final class Pair {
    private final Kernels kernels;
    private final ModelNeurons a;
    private final ModelNeurons b;
    private final Ends out;
    private final ColumnEnds back;
    private final long[] histogram;

    Pair(Kernels kernels, Arena arena, ModelNeurons a, ModelNeurons b, int top, boolean bothEnds) {
      this.kernels = kernels;
      this.a = a;
      this.b = b;
      this.out = Ends.of(a.count(), Math.min(top, b.count()), bothEnds);
      this.back = ColumnEnds.of(kernels, arena, b.count(), Math.min(top, a.count()), bothEnds);
      this.histogram = bothEnds ? new long[BINS] : null;
    }

    void add(Tensor cross, Measure measure, Strip strip, Tensor rowSums) {
      try (Arena arena = Arena.ofShared()) {
        Kernels.Columns columnsA =
            measure.columns(arena, a, strip.from(), strip.to(), Measure.Undefined.NAN);
        Kernels.Columns columnsB = measure.columns(arena, b, 0, b.count(), Measure.Undefined.NAN);
        Tensor counts = kernels.allocate(arena, DType.I64, 1, BINS);
        forBlocks(
            measure,
            cross,
            columnsA,
            columnsB,
            (r, i) -> {
              out.add(kernels, r, strip.from() + i);
              back.add(kernels, r, strip.from() + i);
              if (histogram != null) {
                kernels.rowPowerSums(r, rowSums.rows(i, i + r.rows()));
                kernels.histogram(r, -1, 1, counts);
              }
            });
        Tensor found = kernels.toHost(arena, counts);
        for (int bin = 0; histogram != null && bin < BINS; bin++) {
          histogram[bin] += (long) found.get(0, bin);
        }
      }
    }

    void save(StateWriter state) {
      out.save(state);
      back.save(state);
      if (histogram != null) {
        state.put("histogram", histogram);
      }
    }

    void restore(StateReader state) {
      out.restore(state, b.count());
      back.restore(kernels, state, a.count());
      if (histogram != null) {
        state.read("histogram", histogram);
      }
    }

    PairMatches matches() {
      return new PairMatches(
          a,
          b,
          out.highest,
          out.lowest,
          back.highest.tails(kernels),
          back.lowest == null ? null : back.lowest.tails(kernels),
          histogram);
    }
  }

  /** Takes a block of similarities that begins at a row. */
  interface BlockReader {
    void read(Tensor r, int row);
  }

  /** Shows similarities to a reader a block of rows at a time. */
  static void forBlocks(
      Measure measure, Tensor cross, Kernels.Columns a, Kernels.Columns b, BlockReader reader) {
    Kernels kernels = measure.kernels();
    int all = Math.toIntExact(cross.rows());
    int rows = blockRows(kernels, all, Math.toIntExact(cross.cols()));
    try (Arena arena = Arena.ofShared()) {
      Tensor block = kernels.allocate(arena, kernels.working(), rows, cross.cols());
      forBlocks(measure, cross, a, b, block, reader);
    }
  }

  /**
   * The same in memory that is there already.
   *
   * @param block of the working type, as wide as the sums; its rows are how many are shown at a
   *     time
   */
  static void forBlocks(
      Measure measure,
      Tensor cross,
      Kernels.Columns a,
      Kernels.Columns b,
      Tensor block,
      BlockReader reader) {
    int rowCount = Math.toIntExact(cross.rows());
    int rows = Math.toIntExact(block.rows());
    for (int i = 0; i < rowCount; i += rows) {
      int to = Math.min(rowCount, i + rows);
      Kernels.Columns blockColumns =
          new Kernels.Columns(a.mean().columns(i, to), a.inverse().columns(i, to));
      Tensor r = block.rows(0, to - i);
      measure.fill(cross.rows(i, to), blockColumns, b, r);
      reader.read(r, i);
    }
  }

  /** Of the neurons of the first model: those of a block are done with it. */
  private record Ends(Tails highest, Tails lowest) {
    static Ends of(int rows, int k, boolean both) {
      return new Ends(new Tails(rows, k), both ? new Tails(rows, k) : null);
    }

    void save(StateWriter state) {
      highest.save(state.in("highest"));
      if (lowest != null) {
        lowest.save(state.in("lowest"));
      }
    }

    void restore(StateReader state, int matches) {
      highest.restore(state.in("highest"), matches);
      if (lowest != null) {
        lowest.restore(state.in("lowest"), matches);
      }
    }

    void add(Kernels kernels, Tensor r, int row) {
      highest.add(kernels, r, row, 0, true);
      if (lowest != null) {
        lowest.add(kernels, r, row, 0, false);
      }
    }
  }

  /** The best matches of the other model's neurons; each block updates those of all columns. */
  private record ColumnEnds(Standing highest, Standing lowest) {
    static ColumnEnds of(Kernels kernels, Arena arena, int columns, int k, boolean bothEnds) {
      return new ColumnEnds(
          Standing.of(kernels, arena, columns, k),
          bothEnds ? Standing.of(kernels, arena, columns, k) : null);
    }

    void save(StateWriter state) {
      highest.save(state.in("highest_back"));
      if (lowest != null) {
        lowest.save(state.in("lowest_back"));
      }
    }

    void restore(Kernels kernels, StateReader state, int matches) {
      highest.restore(kernels, state.in("highest_back"), matches);
      if (lowest != null) {
        lowest.restore(kernels, state.in("lowest_back"), matches);
      }
    }

    void add(Kernels kernels, Tensor r, int row) {
      kernels.topKOfColumns(r, row, true, highest.values, highest.rows);
      if (lowest != null) {
        kernels.topKOfColumns(r, row, false, lowest.values, lowest.rows);
      }
    }
  }

  /** What {@link Kernels#topKOfColumns} has found so far. */
  private record Standing(Tensor values, Tensor rows) {
    static Standing of(Kernels kernels, Arena arena, int columns, int k) {
      try (Arena host = Arena.ofShared()) {
        Tensor none = Tensor.allocate(host, kernels.working(), columns, k);
        none.fill(Double.NaN);
        Tensor nowhere = Tensor.allocate(host, DType.I32, columns, k);
        nowhere.fill(-1);
        return new Standing(kernels.fromHost(arena, none), kernels.fromHost(arena, nowhere));
      }
    }

    void save(StateWriter state) {
      state.put("values", values);
      state.put("rows", rows);
    }

    void restore(Kernels kernels, StateReader state, int matches) {
      state.indices("rows", rows.rows(), rows.cols(), matches);
      state.copy(kernels, "values", values);
      state.copy(kernels, "rows", rows);
    }

    Tails tails(Kernels kernels) {
      try (Arena arena = Arena.ofShared()) {
        return Tails.of(kernels.toHost(arena, values), kernels.toHost(arena, rows));
      }
    }
  }

  static int blockRows(Kernels kernels, int rows, int cols) {
    long fits = BLOCK_BYTES / kernels.working().bytes() / cols;
    return (int) Math.max(1, Math.min(rows, fits));
  }

  @Override
  public String toString() {
    return Brief.of("CorrelationSummary")
        .with("pairs", pairs)
        .with("amongOthers", amongOthers)
        .with("rows", rows)
        .toString();
  }
}
