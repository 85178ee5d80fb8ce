package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * Population moments (ddof 0) of every neuron over kept tokens, from the power sums of the
 * standardised activations z = (x − pilot mean) · pilot scale.
 */
public final class Moments {
  /**
   * Sizes of z whose products with each other single precision holds, and sums of as many as there
   * are tokens.
   */
  private static final double LEAST_SIZE = 1e-16;

  private static final double GREATEST_SIZE = 1e15;

  private final long n;
  private final Tensor sums;
  private final Pilot pilot;

  /**
   * @param n kept tokens
   * @param sums F64 [6, neurons]: of z, z², z³, z⁴, then least and greatest x
   */
  Moments(long n, Tensor sums, Pilot pilot) {
    this.n = n;
    this.sums = sums;
    this.pilot = pilot;
  }

  /** What to standardise a stream by, where these are the moments of a pilot. */
  public Pilot pilot(Kernels kernels, Arena arena) {
    return Pilot.of(kernels, arena, this);
  }

  /**
   * Whether a few rows are not enough to standardise by. A neuron moves so little on them that
   * single precision may not hold its square; or one moves not at all, beside others whose scale is
   * far from 1.
   */
  boolean isExtreme() {
    boolean silent = false;
    boolean large = false;
    for (int j = 0; j < neurons(); j++) {
      double deviation = Math.sqrt(variance(j));
      if (deviation > 0 && deviation < Pilot.SMALL) {
        return true;
      }
      silent |= deviation == 0;
      large |= deviation > Pilot.LARGE;
    }
    return silent && large;
  }

  /** Kept tokens. */
  public long n() {
    return n;
  }

  /** Number of neurons, of all models. */
  public int neurons() {
    return Math.toIntExact(sums.cols());
  }

  /** Mean activation; NaN over no tokens. */
  public double mean(int neuron) {
    return pilot.mean(neuron) + standardizedMean(neuron) / scale(neuron);
  }

  /** Variance of the activation; exactly 0 for a constant neuron. */
  public double variance(int neuron) {
    return standardizedVariance(neuron) / (scale(neuron) * scale(neuron));
  }

  /** Third standardised moment; NaN for a constant neuron. */
  public double skew(int neuron) {
    double m = standardizedMean(neuron);
    double third = raw(2, neuron) - 3 * m * raw(1, neuron) + 2 * m * m * m;
    return third / Math.pow(positiveVariance(neuron), 1.5);
  }

  /** Fourth standardised moment, 3 for a Gaussian; NaN for a constant neuron. */
  public double kurtosis(int neuron) {
    double m = standardizedMean(neuron);
    double fourth =
        raw(3, neuron) - 4 * m * raw(2, neuron) + 6 * m * m * raw(1, neuron) - 3 * m * m * m * m;
    double variance = positiveVariance(neuron);
    return fourth / (variance * variance);
  }

  public double min(int neuron) {
    return sums.get(4, neuron);
  }

  public double max(int neuron) {
    return sums.get(5, neuron);
  }

  /**
   * Whether the neuron has the same activation on all kept tokens, and so no correlation with
   * anything.
   */
  public boolean isConstant(int neuron) {
    return !(min(neuron) < max(neuron));
  }

  /** Mean of z over kept tokens. */
  public double standardizedMean(int neuron) {
    return raw(0, neuron);
  }

  /** Variance of z over kept tokens; 0 for a constant neuron. */
  public double standardizedVariance(int neuron) {
    double m = raw(0, neuron);
    return isConstant(neuron) ? 0 : Math.max(0, raw(1, neuron) - m * m);
  }

  /** Deviation of z; 0 for a constant neuron, and where it is not {@link #measurable}. */
  public double standardizedDeviation(int neuron) {
    return measurable(Math.sqrt(standardizedVariance(neuron)));
  }

  /**
   * The size, a deviation or root mean square, of prepared activations; or 0 where it lies so far
   * from 1 that sums of their products in single precision say nothing. Such a neuron has no
   * correlation, like a constant one. It moved so little, or so much, beside what the pilot saw.
   */
  public static double measurable(double size) {
    return size >= LEAST_SIZE && size <= GREATEST_SIZE ? size : 0;
  }

  /**
   * Mean and one over the deviation of z for one model's neurons, as the kernels want them for
   * correlations.
   *
   * @param inverseOfConstant what stands for one over the deviation of a constant neuron: NaN, or 0
   *     to leave it out of sums
   */
  public Kernels.Columns columns(
      Kernels kernels, Arena arena, ModelNeurons model, double inverseOfConstant) {
    Tensor mean = Tensor.allocate(arena, DType.F64, 1, model.count());
    Tensor inverse = Tensor.allocate(arena, DType.F64, 1, model.count());
    for (int j = 0; j < model.count(); j++) {
      int neuron = Math.toIntExact(model.offset() + j);
      double deviation = standardizedDeviation(neuron);
      mean.set(0, j, standardizedMean(neuron));
      inverse.set(0, j, deviation > 0 ? 1 / deviation : inverseOfConstant);
    }
    return new Kernels.Columns(kernels.fromHost(arena, mean), kernels.fromHost(arena, inverse));
  }

  private double raw(int power, int neuron) {
    return sums.get(power, neuron) / n;
  }

  private double positiveVariance(int neuron) {
    double variance = standardizedVariance(neuron);
    return variance > 0 ? variance : Double.NaN;
  }

  private double scale(int neuron) {
    return pilot.scale(neuron);
  }
}
