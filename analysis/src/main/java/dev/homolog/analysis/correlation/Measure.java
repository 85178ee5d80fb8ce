package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.Pilot;
import java.lang.foreign.Arena;
import java.util.Optional;

/**
 * Computes similarities from sums of products of prepared activations and from the moments of each
 * neuron over the same tokens.
 */
public final class Measure {
  private final Kernels kernels;
  private final Similarity similarity;
  private final Moments moments;
  private final Pilot pilot;
  private final Optional<OfSketch> sketch;

  /**
   * What stands for moments where sums are over a sketch.
   *
   * @param tokens whose independent values would spread as much
   * @param squares Σ of each neuron's squares
   */
  private record OfSketch(long tokens, double[] squares) {}

  /**
   * @param moments with standardised mean and variance of the prepared activations
   * @param pilot that prepared them
   */
  public Measure(Kernels kernels, Similarity similarity, Moments moments, Pilot pilot) {
    this(kernels, similarity, moments, pilot, Optional.empty());
  }

  private Measure(
      Kernels kernels,
      Similarity similarity,
      Moments moments,
      Pilot pilot,
      Optional<OfSketch> sketch) {
    this.kernels = kernels;
    this.similarity = similarity;
    this.moments = moments;
    this.pilot = pilot;
    this.sketch = sketch;
  }

  /**
   * The same of sums over a sketch of these activations, whose means are taken off already. A
   * neuron's size is then the length of its sketch, so that each has the similarity 1 with itself.
   * A neuron that has no similarities on the text has none here either.
   *
   * @param squares Σ over the sketch of each neuron's squares
   */
  Measure ofSketch(Method method, double[] squares) {
    OfSketch sums = new OfSketch(method.independentTokens(moments.n()), squares);
    return new Measure(kernels, similarity, moments, pilot, Optional.of(sums));
  }

  Kernels kernels() {
    return kernels;
  }

  /** Tokens that the sums are over; of a sketch, those whose similarities spread as much. */
  public long tokens() {
    return sketch.map(OfSketch::tokens).orElseGet(moments::n);
  }

  /** What replaces the similarities of a neuron that has none, since it is constant or always 0. */
  enum Undefined {
    /** Its similarities are NaN. */
    NAN,
    /** It is left out of sums. */
    ZERO
  }

  /**
   * The values of neurons [from, to) of a model that {@link #fill} needs. They are mean and inverse
   * deviation of the prepared activation; for overlaps, how often it fires.
   */
  Kernels.Columns columns(Arena arena, ModelNeurons model, int from, int to, Undefined undefined) {
    Tensor mean = Tensor.allocate(arena, DType.F64, 1, to - from);
    Tensor inverse = Tensor.allocate(arena, DType.F64, 1, to - from);
    for (int j = from; j < to; j++) {
      int neuron = Math.toIntExact(model.offset() + j);
      double size = size(neuron);
      double none = undefined == Undefined.NAN ? Double.NaN : 0;
      mean.set(0, j - from, location(neuron));
      inverse.set(0, j - from, size > 0 ? 1 / size : none);
    }
    return new Kernels.Columns(kernels.fromHost(arena, mean), kernels.fromHost(arena, inverse));
  }

  private double location(int neuron) {
    if (sketch.isPresent()) {
      return 0;
    }
    return switch (similarity) {
      case PEARSON -> moments.standardizedMean(neuron);
      case COSINE -> 0;
      case JACCARD -> moments.n() == 0 ? 0 : moments.standardizedMean(neuron) * moments.n();
    };
  }

  private double size(int neuron) {
    double exact = exactSize(neuron);
    return exact > 0 && sketch.isPresent()
        ? Math.sqrt(sketch.get().squares[neuron] / moments.n())
        : exact;
  }

  /** Deviation of the prepared activation; root mean square where the mean is not subtracted. */
  private double exactSize(int neuron) {
    if (moments.n() < similarity.leastTokens()) {
      return 0;
    }
    double variance = moments.standardizedVariance(neuron);
    double mean = moments.standardizedMean(neuron);
    return Moments.measurable(
        Math.sqrt(similarity == Similarity.PEARSON ? variance : variance + mean * mean));
  }

  /**
   * The sizes of a layer's raw activations: deviations, or root mean squares for cosines. They are
   * all divided by the power of two that is next to the greatest. 0 for a neuron without
   * similarities.
   */
  double[] sizes(ModelNeurons model, int layer) {
    double[] sizes = new double[model.dMlp()];
    double greatest = Double.MIN_NORMAL;
    for (int k = 0; k < sizes.length; k++) {
      int neuron = Math.toIntExact(model.offset() + (long) layer * model.dMlp() + k);
      sizes[k] = size(neuron) / pilot.scale(neuron);
      greatest = Math.max(greatest, sizes[k]);
    }
    for (int k = 0; k < sizes.length; k++) {
      sizes[k] = Math.scalb(sizes[k], -Math.getExponent(greatest));
    }
    return sizes;
  }

  /** r = similarities [rows of a, rows of b] from sums of products. */
  void fill(Tensor sum, Kernels.Columns a, Kernels.Columns b, Tensor r) {
    if (similarity == Similarity.JACCARD) {
      kernels.overlaps(sum, a.mean(), b.mean(), r);
    } else {
      kernels.correlations(sum, moments.n(), a, b, r);
    }
  }
}
