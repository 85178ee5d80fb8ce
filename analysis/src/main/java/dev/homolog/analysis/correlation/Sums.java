package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/** Named sums that add up: what a sink's state is made of. */
final class Sums {
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

  /** All of them in host memory. */
  Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    byName.forEach((name, sum) -> state.put(name, kernels.toHost(memory.arena(), sum)));
    return state;
  }

  /** Adds the {@link #state} of sums of the same names and shapes; other names are ignored. */
  void merge(Map<String, Tensor> other) {
    byName.forEach((name, sum) -> {
      Tensor added = other.get(name);
      added.requireShape(name, sum.rows(), sum.cols());
      try (Arena scratch = Arena.ofShared()) {
        kernels.add(kernels.fromHost(scratch, added), sum);
      }
    });
  }
}
