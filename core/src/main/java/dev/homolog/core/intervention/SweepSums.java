package dev.homolog.core.intervention;

import dev.homolog.core.memory.Tensor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a sweep adds up, and how far it has come. Belongs to one thread. */
final class SweepSums {
  /** Numbers before the sums: rows, counted positions, operations. */
  private static final int HEAD = 3;

  private final Totals nominal = new Totals();
  private final List<Map<Reading, Totals>> variants = new ArrayList<>();
  private int rows;
  private double operations;

  /** Of nothing yet. */
  SweepSums(int variantCount, List<Reading> readings) {
    for (int v = 0; v < variantCount; v++) {
      Map<Reading, Totals> byReading = new EnumMap<>(Reading.class);
      readings.forEach(reading -> byReading.put(reading, new Totals()));
      variants.add(byReading);
    }
  }

  /** As the memory has it: after some batches, or of nothing. */
  static SweepSums of(
      int variantCount, List<Reading> readings, Sweep.Text text, SweepMemory memory) {
    SweepSums sums = new SweepSums(variantCount, readings);
    memory.last().ifPresent(kept -> sums.restore(kept, text, memory));
    return sums;
  }

  Totals nominal() {
    return nominal;
  }

  Totals variant(int v, Reading reading) {
    return variants.get(v).get(reading);
  }

  /** Rows of the text that were read. */
  int rows() {
    return rows;
  }

  double operations() {
    return operations;
  }

  /** A batch is added up, which ends at that row. */
  void batch(int end, double batchOperations) {
    rows = end;
    operations += batchOperations;
  }

  /** The averages of each variant. */
  List<Map<Reading, Metrics>> means() {
    List<Map<Reading, Metrics>> means = new ArrayList<>();
    for (Map<Reading, Totals> byReading : variants) {
      Map<Reading, Metrics> mean = new EnumMap<>(Reading.class);
      byReading.forEach((reading, sums) -> mean.put(reading, sums.mean()));
      means.add(mean);
    }
    return List.copyOf(means);
  }

  private List<Totals> all() {
    List<Totals> all = new ArrayList<>(List.of(nominal));
    variants.forEach(byReading -> all.addAll(byReading.values()));
    return all;
  }

  /** All numbers, for {@link SweepMemory#keep}. */
  double[] state() {
    List<Totals> all = all();
    double[] state = new double[HEAD + all.size() * Metrics.COUNT];
    state[0] = rows;
    state[1] = nominal.count; // all count the same positions
    state[2] = operations;
    for (int i = 0; i < all.size(); i++) {
      System.arraycopy(all.get(i).sums, 0, state, HEAD + i * Metrics.COUNT, Metrics.COUNT);
    }
    return state;
  }

  private void restore(double[] state, Sweep.Text text, SweepMemory memory) {
    List<Totals> all = all();
    int count = text.rows().count();
    if (state.length != HEAD + all.size() * Metrics.COUNT) {
      throw memory.refused("has " + state.length + " numbers, which are not those of this run");
    }
    rows = (int) state[0];
    long counted = (long) state[1];
    boolean between = rows >= 0 && rows <= count && (rows % text.batchRows() == 0 || rows == count);
    boolean positions = counted >= 0 && counted <= (long) rows * text.table().context();
    if (rows != state[0] || counted != state[1] || !between || !positions) {
      throw memory.refused(
          "has " + state[1] + " positions of " + state[0] + " rows, which this run never has");
    }
    operations = state[2];
    for (int i = 0; i < all.size(); i++) {
      all.get(i).count = counted;
      System.arraycopy(state, HEAD + i * Metrics.COUNT, all.get(i).sums, 0, Metrics.COUNT);
    }
  }

  /** Sums of metrics over counted positions. */
  static final class Totals {
    private final double[] sums = new double[Metrics.COUNT];
    private long count;

    private Totals() {}

    long count() {
      return count;
    }

    /** Loss, entropy and scale; ranks are finite whatever logits are. */
    boolean isFinite() {
      return Double.isFinite(sums[0] + sums[1] + sums[4]);
    }

    void add(Tensor values, boolean[] counted) {
      double[] row = new double[Metrics.COUNT];
      for (int t = 0; t < counted.length; t++) {
        if (counted[t]) {
          values.readRow(t, row);
          count++;
          for (int i = 0; i < row.length; i++) {
            sums[i] += row[i];
          }
        }
      }
    }

    Metrics mean() {
      double[] mean = new double[sums.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = sums[i] / count;
      }
      return Metrics.of(mean);
    }
  }
}
