package dev.homolog.analysis.weights;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Some neurons that are looked at together.
 *
 * @param neurons flat ids
 * @param first place of the first among all that are looked at
 */
record Block(int[] neurons, int first) {

  /** Neurons in order, {@code most} or fewer a block. */
  static List<Block> of(int[] neurons, int most) {
    return IntStream.range(0, Math.ceilDiv(neurons.length, most))
        .mapToObj(i -> {
          int first = i * most;
          int to = Math.min(neurons.length, first + most);
          return new Block(Arrays.copyOfRange(neurons, first, to), first);
        })
        .toList();
  }

  int size() {
    return neurons.length;
  }
}
