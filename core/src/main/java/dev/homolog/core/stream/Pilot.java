package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Map;

/**
 * Mean and one over the deviation of every neuron on a few rows. The stream is standardised by
 * them, so that products keep their digits in single precision. Results depend on them only by
 * rounding: true moments correct them at the end.
 */
public final class Pilot {
  private static final String MEAN = "mean";
  private static final String SCALE = "scale";

  private final Kernels kernels;
  private final Arena arena;
  private final Preparation preparation;
  private final Tensor mean;
  private final Tensor scale;
  private final Tensor meanOnHost;
  private final Tensor scaleOnHost;

  private Pilot(Kernels kernels, Arena arena, Preparation preparation, Tensor mean, Tensor scale) {
    this.kernels = kernels;
    this.arena = arena;
    this.preparation = preparation;
    this.meanOnHost = mean;
    this.scaleOnHost = scale;
    this.mean = kernels.fromHost(arena, mean);
    this.scale = kernels.fromHost(arena, scale);
  }

  /** Mean 0 and deviation 1 for every neuron. */
  public static Pilot identity(Kernels kernels, Arena arena, long neurons) {
    Tensor mean = Tensor.allocate(arena, kernels.working(), 1, neurons);
    Tensor scale = Tensor.allocate(arena, kernels.working(), 1, neurons);
    scale.fill(1);
    return new Pilot(kernels, arena, Preparation.CENTRED, mean, scale);
  }

  /**
   * The least deviation that a neuron is divided by, absolute and as a share of the mean. A neuron
   * that hardly moves on the pilot may move a great deal after it. It must not leave the range of
   * single precision then.
   */
  private static final double LEAST_DEVIATION = 1e-6;

  private static final double LEAST_SHARE = 1e-7;

  /** Divided by the least deviation, smaller ones have products that single precision loses. */
  static final double SMALL = 1e-21;

  /** Beside neurons that move more than this, one that is silent in the pilot may move as much. */
  static final double LARGE = 1e15;

  /** The greatest scale, which keeps one over it a normal number of single precision. */
  private static final double GREATEST_SCALE = 0x1p126;

  /** From the moments of a pilot run; a deviation of zero counts as 1. */
  static Pilot of(Kernels kernels, Arena arena, Moments moments) {
    int neurons = moments.neurons();
    if (moments.n() == 0) {
      return identity(kernels, arena, neurons);
    }
    Tensor mean = Tensor.allocate(arena, kernels.working(), 1, neurons);
    Tensor scale = Tensor.allocate(arena, kernels.working(), 1, neurons);
    for (int j = 0; j < neurons; j++) {
      mean.set(0, j, moments.mean(j));
      scale.set(0, j, scale(moments, j, LEAST_DEVIATION));
    }
    return new Pilot(kernels, arena, Preparation.CENTRED, mean, scale);
  }

  /**
   * As above, where the moments of the whole stream are known: neurons that are silent or all but
   * silent in the pilot are standardised by them. No least deviation is needed then.
   */
  static Pilot of(Kernels kernels, Arena arena, Moments moments, Moments whole) {
    int neurons = moments.neurons();
    Tensor mean = Tensor.allocate(arena, kernels.working(), 1, neurons);
    Tensor scale = Tensor.allocate(arena, kernels.working(), 1, neurons);
    for (int j = 0; j < neurons; j++) {
      boolean silent = moments.n() == 0 || !(Math.sqrt(moments.variance(j)) >= SMALL);
      mean.set(0, j, silent ? whole.mean(j) : moments.mean(j));
      scale.set(0, j, silent ? scale(whole, j, 0) : scale(moments, j, LEAST_DEVIATION));
    }
    return new Pilot(kernels, arena, Preparation.CENTRED, mean, scale);
  }

  private static double scale(Moments moments, int neuron, double leastDeviation) {
    double deviation = Math.sqrt(moments.variance(neuron));
    double least = Math.max(leastDeviation, LEAST_SHARE * Math.abs(moments.mean(neuron)));
    return deviation > 0 ? Math.min(GREATEST_SCALE, 1 / Math.max(deviation, least)) : 1;
  }

  /** Means and scales [1, neurons] on the host, by name. */
  Map<String, Tensor> state() {
    return Map.of(MEAN, meanOnHost, SCALE, scaleOnHost);
  }

  /**
   * A pilot of which the {@link #state} was saved.
   *
   * @throws IllegalArgumentException a tensor is missing or has another shape
   */
  static Pilot restored(Kernels kernels, Arena arena, Map<String, Tensor> state, long neurons) {
    return new Pilot(
        kernels,
        arena,
        Preparation.CENTRED,
        copied(arena, kernels.working(), state, MEAN, neurons),
        copied(arena, kernels.working(), state, SCALE, neurons));
  }

  /** What was saved may be gone before the pilot is. */
  private static Tensor copied(
      Arena arena, DType type, Map<String, Tensor> state, String name, long neurons) {
    Tensor saved = state.get(name);
    if (saved == null || saved.dtype() != type) {
      throw new IllegalArgumentException("no " + name + " of type " + type);
    }
    saved.requireShape(name, 1, neurons);
    Tensor copy = Tensor.allocate(arena, type, 1, neurons);
    copy.data().copyFrom(saved.data().asSlice(0, copy.data().byteSize()));
    return copy;
  }

  /**
   * The same pilot with another use of its mean and deviation; of {@link Preparation#SCALED} the
   * mean is 0.
   */
  public Pilot as(Preparation other) {
    if (other != Preparation.SCALED) {
      return new Pilot(kernels, arena, other, meanOnHost, scaleOnHost);
    }
    long neurons = meanOnHost.cols();
    Tensor none = Tensor.allocate(arena, kernels.working(), 1, neurons);
    Tensor rootMeanSquare = Tensor.allocate(arena, kernels.working(), 1, neurons);
    for (long j = 0; j < neurons; j++) {
      double size = Math.hypot(meanOnHost.get(0, j), 1 / scaleOnHost.get(0, j));
      rootMeanSquare.set(0, j, 1 / size);
    }
    return new Pilot(kernels, arena, other, none, rootMeanSquare);
  }

  /**
   * Prepares activations in place; zero where a token is not kept.
   *
   * @param x [T, neurons]
   * @param keep U8 [T, 1]
   */
  public void prepare(Tensor x, Tensor keep) {
    if (preparation == Preparation.FIRING) {
      kernels.firing(x, keep);
    } else {
      kernels.standardize(x, keep, mean, scale);
    }
  }

  /** [1, neurons] of the working type, in the kernels' memory. */
  public Tensor mean() {
    return mean;
  }

  /** As {@link #mean}: one over the deviation. */
  public Tensor scale() {
    return scale;
  }

  double mean(int neuron) {
    return meanOnHost.get(0, neuron);
  }

  /** One over what a neuron's activation is divided by. */
  public double scale(int neuron) {
    return scaleOnHost.get(0, neuron);
  }
}
