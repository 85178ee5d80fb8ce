package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/** Named sums that add up: what a sink's state is made of. */
final class Sums {
  /** The most bytes that are copied at once: the sums are most of what a study holds. */
  private static final long BLOCK = 64L << 20;

  private final Kernels kernels;
  private final SumMemory memory;
  private final Map<String, Tensor> byName = new LinkedHashMap<>();

  Sums(SumMemory memory) {
    this.kernels = memory.kernels();
    this.memory = memory;
  }

  /** A new sum of that name, [rows, cols], all zero. */
  Tensor add(String name, long rows, long cols) {
    Tensor sum = kernels.allocate(memory.arena(), memory.type(), rows, cols);
    byName.put(name, sum);
    return sum;
  }

  /** All of them, in the kernels' memory. */
  Map<String, Tensor> state() {
    return new LinkedHashMap<>(byName);
  }

  /** Adds the {@link #state} of sums of the same names and shapes; other names are ignored. */
  void merge(Map<String, Tensor> other) {
    byName.forEach((name, sum) -> {
      Tensor added = other.get(name);
      added.requireShape(name, sum.rows(), sum.cols());
      long rows = Math.max(1, BLOCK / Math.max(1, sum.cols() * sum.dtype().bytes()));
      for (long from = 0; from < sum.rows(); from += rows) {
        long to = Math.min(sum.rows(), from + rows);
        try (Arena scratch = Arena.ofShared()) {
          kernels.add(kernels.fromHost(scratch, added.rows(from, to)), sum.rows(from, to));
        }
      }
    });
  }
}
