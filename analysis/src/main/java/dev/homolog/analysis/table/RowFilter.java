package dev.homolog.analysis.table;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Which rows of a table are wanted: those that meet every condition. Immutable.
 *
 * {@snippet :
 * RowFilter best = RowFilter.ALL.between("rank", 1, 1).equal("direction", "out");
 * }
 */
public final class RowFilter {
  /** Every row. */
  public static final RowFilter ALL =
      new RowFilter(List.of(), List.of(), List.of(), Integer.MAX_VALUE);

  /** An INT column's range, ends included. */
  record Range(String column, int low, int high) {}

  /** A TEXT column's value, not null. */
  record Same(String column, String text) {}

  /** Two INT columns whose layer · width + neuron is in a set. */
  record Among(int width, BitSet neurons) {
    static final String LAYER = NeuronColumns.LAYER;
    static final String NEURON = NeuronColumns.NEURON;
  }

  private final List<Range> ranges;
  private final List<Same> sames;
  private final List<Among> amongs;
  private final int most;

  private RowFilter(List<Range> ranges, List<Same> sames, List<Among> amongs, int most) {
    this.ranges = ranges;
    this.sames = sames;
    this.amongs = amongs;
    this.most = most;
  }

  /** Those of them whose INT column lies in low … high. */
  public RowFilter between(String column, int low, int high) {
    return new RowFilter(with(ranges, new Range(column, low, high)), sames, amongs, most);
  }

  /** Those of them whose TEXT column is this text. */
  public RowFilter equal(String column, String text) {
    return new RowFilter(ranges, with(sames, new Same(column, text)), amongs, most);
  }

  /**
   * Those of them that are of some neurons, by their columns {@code layer} and {@code neuron}.
   *
   * @param width neurons a layer
   * @param neurons flat ids, layer · width + neuron; copied
   */
  public RowFilter of(int width, BitSet neurons) {
    return new RowFilter(
        ranges, sames, with(amongs, new Among(width, (BitSet) neurons.clone())), most);
  }

  /** Those of them that are among the table's first so many rows; the rest of it is not read. */
  public RowFilter first(int rows) {
    return new RowFilter(ranges, sames, amongs, Math.min(most, rows));
  }

  int most() {
    return most;
  }

  List<Range> ranges() {
    return ranges;
  }

  List<Same> sames() {
    return sames;
  }

  List<Among> amongs() {
    return amongs;
  }

  private static <T> List<T> with(List<T> list, T more) {
    List<T> longer = new ArrayList<>(list);
    longer.add(more);
    return List.copyOf(longer);
  }
}
