package dev.homolog.analysis.weights;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Some neurons that are scanned together.
 *
 * @param neurons flat ids
 * @param first index of the first among all scanned neurons
 */
record Block(int[] neurons, int first) {

  /** Neurons in order, {@code most} or fewer a block. */
  static List<Block> of(int[] neurons, int size) {
    return IntStream.range(0, Math.ceilDiv(neurons.length, size))
        .mapToObj(i -> {
          int first = i * size;
          int to = Math.min(neurons.length, first + size);
          return new Block(Arrays.copyOfRange(neurons, first, to), first);
        })
        .toList();
  }

  int size() {
    return neurons.length;
  }
}
