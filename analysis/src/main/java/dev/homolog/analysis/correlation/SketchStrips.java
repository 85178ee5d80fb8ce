package dev.homolog.analysis.correlation;

import dev.homolog.core.memory.DType;
import java.util.List;

/**
 * The strips of the reference for which a sketch is multiplied out, one after the other. Their sums
 * take an eighth of the memory of the sketch, or what a small study takes.
 *
 * @param rows neurons of the reference a strip
 * @param count of strips
 */
record SketchStrips(int rows, int count) {
  /** Sums of products that are made at once in any case. */
  private static final long LEAST_BYTES = 16L << 20;

  private static final int SHARE = 8;

  /**
   * Those of a study.
   *
   * @param neurons of each model, the reference first
   * @param working type of the sketch
   */
  static SketchStrips of(List<Integer> neurons, Comparison comparison, DType working) {
    long all = neurons.stream().mapToLong(Integer::longValue).sum();
    int reference = neurons.getFirst();
    double width = all - reference;
    long after = all - reference;
    for (int other : neurons.subList(1, neurons.size())) {
      after -= other;
      width += comparison.allPairs() ? (double) other / reference * after : 0;
    }
    double sketch = (double) comparison.method().size() * all * working.bytes();
    double most = Math.max(LEAST_BYTES, sketch / SHARE);
    int fits = (int) Math.clamp(most / working.bytes() / Math.max(1, width), 1, reference);
    int count = Math.ceilDiv(reference, fits);
    int rows = Math.ceilDiv(reference, count);
    return new SketchStrips(rows, Math.ceilDiv(reference, rows));
  }
}
