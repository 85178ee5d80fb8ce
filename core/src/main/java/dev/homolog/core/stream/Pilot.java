package dev.homolog.core.stream;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * Mean and one over the deviation of every neuron on a few rows, by which the stream is
 * standardised so that products keep their digits in single precision. What is measured does not
 * depend on it but for rounding: true moments correct it at the end. Both are [1, all neurons of
 * the study] of the working type.
 */
public record Pilot(Tensor mean, Tensor scale) {

  /** Mean 0 and deviation 1 for every neuron. */
  static Pilot identity(Kernels kernels, Arena arena, long neurons) {
    Tensor mean = kernels.allocate(arena, kernels.working(), 1, neurons);
    Tensor scale = kernels.allocate(arena, kernels.working(), 1, neurons);
    scale.fill(1);
    return new Pilot(mean, scale);
  }

  /** From the moments of a pilot run; a deviation of zero counts as 1. */
  static Pilot of(Kernels kernels, Arena arena, Moments moments) {
    int neurons = moments.neurons();
    Tensor mean = kernels.allocate(arena, kernels.working(), 1, neurons);
    Tensor scale = kernels.allocate(arena, kernels.working(), 1, neurons);
    for (int j = 0; j < neurons; j++) {
      double deviation = Math.sqrt(moments.variance(j));
      mean.set(0, j, moments.mean(j));
      scale.set(0, j, deviation > 0 ? 1 / deviation : 1);
    }
    return new Pilot(mean, scale);
  }
}
