package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Set;

/**
 * A count-sketch of prepared activations (Charikar, Chen and Farach-Colton 2002). Each token is
 * added with a random sign to one of K buckets, for all neurons alike. Products of two neurons'
 * sketches then estimate those of their activations. The same is done with a neuron that is 1 on
 * every kept token, so that means can be taken off afterwards.
 */
final class SketchSink implements ActivationSink {
  private final Kernels kernels;
  private final TokenHash hash;
  private final Sums sums;
  private final Tensor sketch;
  private final Tensor ones;

  /**
   * An empty sketch. Its sums are in single precision: the error of its estimates is at least 2⁻¹¹,
   * and n roundings come to about 2⁻²⁵ √n of a bucket.
   *
   * @param neurons of all models
   */
  SketchSink(Kernels kernels, Arena arena, TokenHash hash, long neurons) {
    this.kernels = kernels;
    this.hash = hash;
    this.sums = new Sums(new SumMemory(kernels, arena, kernels.working()));
    this.sketch = sums.add("sketch.sums", hash.size(), neurons);
    this.ones = sums.add("sketch.ones", hash.size(), 1);
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.PREPARED;
  }

  @Override
  public void accept(ActivationBlock block) {
    Tensor z = block.site(Site.MLP_POST);
    Rows rows = block.rows();
    int context = Math.toIntExact(z.rows() / rows.count());
    try (Arena scratch = Arena.ofShared()) {
      Tensor keep = kernels.toHost(scratch, block.keep());
      Tensor buckets = Tensor.allocate(scratch, DType.I32, z.rows(), 1);
      Tensor signs = Tensor.allocate(scratch, DType.I8, z.rows(), 1);
      Tensor kept = Tensor.allocate(scratch, kernels.working(), z.rows(), 1);
      int token = 0;
      for (int i = 0; i < rows.count(); i++) {
        for (int column = 0; column < context; column++, token++) {
          long position = hash.of(rows.get(i), column);
          buckets.set(token, 0, hash.bucket(position));
          signs.set(token, 0, hash.sign(position));
          kept.set(token, 0, keep.get(token, 0));
        }
      }
      kernels.sketch(z, buckets, signs, sketch);
      kernels.sketch(kernels.fromHost(scratch, kept), buckets, signs, ones);
    }
  }

  /** Takes the mean of each neuron off every token that was added. The sketch is complete then. */
  void centre(Moments moments) {
    try (Arena scratch = Arena.ofShared()) {
      Tensor means = Tensor.allocate(scratch, kernels.working(), 1, sketch.cols());
      for (int j = 0; j < means.cols(); j++) {
        means.set(0, j, -moments.standardizedMean(j));
      }
      kernels.addOuter(ones, kernels.fromHost(scratch, means), sketch);
    }
  }

  /** Σ over the buckets, [K, neurons], in the kernels' memory. */
  Tensor sketch() {
    return sketch;
  }

  @Override
  public Map<String, Tensor> state() {
    return sums.state();
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    sums.merge(other);
  }
}
