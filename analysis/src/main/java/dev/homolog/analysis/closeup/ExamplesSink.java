package dev.homolog.analysis.closeup;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Where chosen neurons of the reference are most active: the greatest peaks of MLP_POST over kept
 * tokens. Around each peak it keeps the activations of the neuron and of its counterparts in the
 * other models. A peak is a local maximum over the kept tokens of its row within {@link #REACH}
 * positions. Of equal values the earlier is the peak, so no two windows of a neuron show the same
 * peak.
 *
 * <p>It reads single elements, so it copies the chosen columns to the host.
 */
final class ExamplesSink implements ActivationSink {
  /** Peaks kept a neuron. */
  static final int TOP = 50;

  /** Tokens shown at each side of a peak. */
  static final int REACH = 10;

  static final int WINDOW = 2 * REACH + 1;

  /** Neurons whose activations are brought to the host at once. */
  private static final int PART = 128;

  /** The place of an empty slot. */
  private static final long NONE = -1;

  private final Kernels kernels;
  private final List<ModelNeurons> models;
  private final int context;
  private final int neurons;
  private final List<int[]> counterparts = new ArrayList<>();
  private final List<Tensor> columns = new ArrayList<>();
  private final Tensor gathered;
  private final Tensor places;
  private final Tensor windows;
  private final double[][] values;
  private final int[] worst;

  /** A peak of this batch: where it is kept, and where its window begins. */
  private record Peak(int neuron, int slot, int token) {}

  /**
   * An empty sink.
   *
   * @param models all models of the stream, the reference first
   * @param subjects the chosen neurons
   * @param tokens the most tokens (rows times context) that a batch will have
   */
  ExamplesSink(
      Kernels kernels,
      Arena arena,
      List<ModelNeurons> models,
      List<CloseUp.Subject> subjects,
      int context,
      long tokens) {
    this.kernels = kernels;
    this.models = models;
    this.context = context;
    this.neurons = subjects.size();
    for (int m = 0; m < models.size(); m++) {
      int model = m;
      int[] neuronIds = subjects.stream().mapToInt(subject -> subject.neuronOf(model)).toArray();
      Tensor list = Tensor.allocate(arena, DType.I32, neurons, 1);
      for (int j = 0; j < neurons; j++) {
        // One without a counterpart gathers any column, which nobody reads.
        list.set(j, 0, Math.max(0, neuronIds[j]));
      }
      counterparts.add(neuronIds);
      columns.add(kernels.fromHost(arena, list));
    }
    this.gathered = kernels.allocate(arena, kernels.working(), Math.min(PART, neurons), tokens);
    this.places = Tensor.allocate(arena, DType.I64, neurons, TOP);
    this.windows =
        Tensor.allocate(arena, DType.F32, (long) neurons * TOP, (long) models.size() * WINDOW);
    this.values = new double[neurons][TOP];
    this.worst = new int[neurons];
    places.fill(NONE);
    windows.fill(Double.NaN);
    for (double[] neuronValues : values) {
      Arrays.fill(neuronValues, Double.NEGATIVE_INFINITY);
    }
  }

  /** Bytes of a sink, including the host's copies of a device's columns. */
  static long bytes(long neurons, long models, long tokens, int working) {
    long kept = neurons * TOP * (2L * Double.BYTES + models * WINDOW * Float.BYTES);
    return kept + 2 * Math.min(PART, neurons) * tokens * working;
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
    boolean[] kept = keptTokens(block);
    for (int from = 0; from < neurons; from += PART) {
      accept(block, kept, from, Math.min(neurons, from + PART));
    }
  }

  private boolean[] keptTokens(ActivationBlock block) {
    try (Arena scratch = Arena.ofShared()) {
      Tensor keep = kernels.toHost(scratch, block.keep());
      boolean[] kept = new boolean[(int) keep.rows()];
      for (int t = 0; t < kept.length; t++) {
        kept[t] = keep.get(t, 0) != 0;
      }
      return kept;
    }
  }

  /**
   * Takes a block for chosen neurons [from, to). The reference's peaks decide the windows in the
   * other models.
   */
  private void accept(ActivationBlock block, boolean[] kept, int from, int to) {
    List<Peak> peaks = new ArrayList<>();
    Tensor activations = gathered.rows(0, to - from).columns(0, kept.length);
    for (int m = 0; m < models.size(); m++) {
      Tensor x = models.get(m).columns(block.site(Site.MLP_POST));
      kernels.gatherRows(x.transposed(), columns.get(m).rows(from, to), activations);
      try (Arena scratch = Arena.ofShared()) {
        Tensor host = kernels.toHost(scratch, activations);
        if (m == 0) {
          find(host, kept, from, block, peaks);
        }
        for (Peak peak : peaks) {
          if (counterparts.get(m)[peak.neuron] >= 0) {
            copyWindow(host, peak, from, m);
          }
        }
      }
    }
  }

  private void find(Tensor x, boolean[] kept, int from, ActivationBlock block, List<Peak> peaks) {
    double[] line = new double[kept.length];
    for (int j = from; j < from + x.rows(); j++) {
      x.readRow(j - from, line);
      for (int t = 0; t < line.length; t++) {
        if (line[t] >= values[j][worst[j]] && kept[t] && isPeak(line, kept, t)) {
          long place = block.rows().get(t / context) * context + t % context;
          int slot = replaceWorst(j, line[t], place);
          if (slot >= 0) {
            peaks.add(new Peak(j, slot, t));
          }
        }
      }
    }
  }

  private boolean isPeak(double[] line, boolean[] kept, int t) {
    int from = Math.max(t / context * context, t - REACH);
    int to = Math.min(t / context * context + context - 1, t + REACH);
    for (int u = from; u <= to; u++) {
      if (kept[u] && (line[u] > line[t] || (line[u] == line[t] && u < t))) {
        return false;
      }
    }
    return true;
  }

  /** Replaces the worst peak of a neuron by a better one; returns its slot or −1. */
  private int replaceWorst(int j, double value, long place) {
    int slot = worst[j];
    if (!before(value, place, values[j][slot], (long) places.get(j, slot))) {
      return -1;
    }
    values[j][slot] = value;
    places.set(j, slot, place);
    int last = 0;
    for (int s = 1; s < TOP; s++) {
      if (before(
          values[j][last], (long) places.get(j, last), values[j][s], (long) places.get(j, s))) {
        last = s;
      }
    }
    worst[j] = last;
    return slot;
  }

  /** Ties go to the earlier place; an empty slot comes last. */
  private static boolean before(double value, long place, double otherValue, long otherPlace) {
    return otherPlace == NONE
        ? place != NONE
        : place != NONE && (value > otherValue || (value == otherValue && place < otherPlace));
  }

  private void copyWindow(Tensor host, Peak peak, int from, int model) {
    long row = (long) peak.neuron * TOP + peak.slot;
    int position = peak.token % context;
    for (int w = 0; w < WINDOW; w++) {
      int windowPosition = position - REACH + w;
      double value =
          windowPosition < 0 || windowPosition >= context
              ? Double.NaN
              : host.get(peak.neuron - from, peak.token - REACH + w);
      windows.set(row, (long) model * WINDOW + w, value);
    }
  }

  // ---- what was found ----

  /** Slots of a chosen neuron that hold a peak, the greatest first. */
  List<Integer> ranked(int j) {
    return IntStream.range(0, TOP)
        .filter(slot -> places.get(j, slot) != NONE)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer slot) -> -values[j][slot])
                .thenComparingLong(slot -> place(j, slot)))
        .toList();
  }

  /** Row of the table times context, plus position. */
  long place(int j, int slot) {
    return (long) places.get(j, slot);
  }

  /** What a model's neuron is w tokens after the window's first; NaN outside the row. */
  double value(int j, int slot, int model, int w) {
    return windows.get((long) j * TOP + slot, (long) model * WINDOW + w);
  }

  @Override
  public Map<String, Tensor> state() {
    Tensor exact = Tensor.allocate(Arena.ofAuto(), DType.F64, neurons, TOP);
    for (int j = 0; j < neurons; j++) {
      exact.writeRow(j, values[j]);
    }
    return Map.of(PLACES, places, WINDOWS, windows, VALUES, exact);
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    Tensor otherPlaces = other.get(PLACES);
    Tensor around = other.get(WINDOWS);
    otherPlaces.requireShape(PLACES, places.rows(), places.cols());
    Tensor exact = other.get(VALUES);
    around.requireShape(WINDOWS, windows.rows(), windows.cols());
    exact.requireShape(VALUES, neurons, TOP);
    for (int j = 0; j < neurons; j++) {
      for (int s = 0; s < TOP; s++) {
        long place = (long) otherPlaces.get(j, s);
        long row = (long) j * TOP + s;
        int slot = place == NONE ? -1 : replaceWorst(j, exact.get(j, s), place);
        for (long w = 0; slot >= 0 && w < windows.cols(); w++) {
          windows.set((long) j * TOP + slot, w, around.get(row, w));
        }
      }
    }
  }

  /** [chosen, {@link #TOP}]: where the peaks are, in no order; −1 where there is none. */
  static final String PLACES = "examples.places";

  /** [chosen, TOP]: MLP_POST at the peaks, in the precision by which they are ordered. */
  static final String VALUES = "examples.values";

  /** [chosen · TOP, models · {@link #WINDOW}]: MLP_POST of each model around each peak. */
  static final String WINDOWS = "examples.windows";
}
