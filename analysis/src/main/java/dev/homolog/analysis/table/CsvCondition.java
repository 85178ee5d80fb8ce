package dev.homolog.analysis.table;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.ToIntFunction;

/** Whether the row that a CSV reader is at is wanted. Used by one thread. */
final class CsvCondition {
  private record Range(int place, int low, int high) {}

  private record Same(int place, String text) {}

  private record Among(int layer, int neuron, RowFilter.Among neurons) {}

  private final List<Range> ranges = new ArrayList<>();
  private final List<Same> sames = new ArrayList<>();
  private final List<Among> amongs = new ArrayList<>();
  private final List<String> cells = new ArrayList<>(); // by place; those not watched stay empty
  private final BitSet watched = new BitSet();

  private CsvCondition() {}

  /**
   * The conditions, over the cells of a file.
   *
   * @param place of a column, by its name
   */
  static CsvCondition of(RowFilter rows, ToIntFunction<String> place) {
    var condition = new CsvCondition();
    for (RowFilter.Range range : rows.ranges()) {
      int at = condition.watch(place.applyAsInt(range.column()));
      condition.ranges.add(new Range(at, range.low(), range.high()));
    }
    for (RowFilter.Same same : rows.sames()) {
      int at = condition.watch(place.applyAsInt(same.column()));
      condition.sames.add(new Same(at, same.text()));
    }
    for (RowFilter.Among among : rows.amongs()) {
      int layer = condition.watch(place.applyAsInt(RowFilter.Among.LAYER));
      int neuron = condition.watch(place.applyAsInt(RowFilter.Among.NEURON));
      condition.amongs.add(new Among(layer, neuron, among));
    }
    return condition;
  }

  private int watch(int place) {
    watched.set(place);
    while (cells.size() <= place) {
      cells.add("");
    }
    return place;
  }

  boolean watches(int place) {
    return watched.get(place);
  }

  void see(int place, String cell) {
    cells.set(place, cell);
  }

  /** Of the row whose cells were last seen; a cell that is no whole number meets no range. */
  boolean met() {
    return ranges.stream()
            .allMatch(range -> {
              long value = number(range.place());
              return value >= range.low() && value <= range.high();
            })
        && sames.stream().allMatch(same -> same.text().equals(cells.get(same.place())))
        && amongs.stream()
            .allMatch(among -> {
              long flat = number(among.layer()) * among.neurons().width() + number(among.neuron());
              return flat >= 0
                  && flat <= Integer.MAX_VALUE
                  && among.neurons().neurons().get((int) flat);
            });
  }

  private long number(int place) {
    try {
      return Integer.parseInt(cells.get(place)); // which refuses null like any other text
    } catch (NumberFormatException e) {
      return Long.MIN_VALUE >> 32;
    }
  }
}
