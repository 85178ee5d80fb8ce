package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The law of the best of many independent correlations, and what a study makes of pure chance. */
class GaussianLawTest {

  /**
   * With four tokens the density of r is 1/2 on [−1, 1], so that the greatest of N has the median 2
   * · 2^(−1/N) − 1; with three cosines are so.
   */
  @Test
  void closedFormOfFourTokens() {
    for (long n : new long[] {1, 7, 1000}) {
      double median = 2 * Math.pow(0.5, 1.0 / n) - 1;
      assertEquals(median, GaussianLaw.of(Similarity.PEARSON, 4, n).median(), 1e-12);
      double upper = 2 * Math.pow(0.95, 1.0 / n) - 1;
      assertEquals(upper, GaussianLaw.of(Similarity.COSINE, 3, n).upper(), 1e-12);
    }
    assertTrue(Double.isNaN(GaussianLaw.of(Similarity.PEARSON, 2, 5).median()));
    assertThrows(IllegalArgumentException.class, () -> GaussianLaw.of(Similarity.JACCARD, 100, 5));
  }

  /** Of many tokens r √n is normal, so that the median of N is Φ⁻¹(2^(−1/N)). */
  @Test
  void manyTokensAreNormal() {
    double n = 1e8;
    double median = GaussianLaw.of(Similarity.PEARSON, (long) n, 36_864).median();
    double z = median * Math.sqrt(n);
    // Φ(z) of the upper tail by its asymptotic series, good to 1e-4 there
    double tail =
        Math.exp(-z * z / 2)
            / (z * Math.sqrt(2 * Math.PI))
            * (1 - 1 / (z * z) + 3 / Math.pow(z, 4) - 15 / Math.pow(z, 6) + 105 / Math.pow(z, 8));
    assertEquals(-Math.expm1(Math.log(0.5) / 36_864), tail, 2e-8);
  }

  /**
   * 20 seeds of 400 neurons: the share above the upper 5 % point has a deviation of 0.24 %, and no
   * neuron is universal.
   */
  @Test
  void chanceIsWithinItsLaw() {
    int a = 400;
    int b = 320;
    int tokens = 500;
    boolean[] keep = new boolean[tokens];
    Arrays.fill(keep, true);
    double upper = GaussianLaw.of(Similarity.PEARSON, tokens, b).upper();
    double median = GaussianLaw.of(Similarity.PEARSON, tokens, b).median();
    int aboveUpper = 0;
    int aboveMedian = 0;
    int universal = 0;
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      for (int seed = 0; seed < 20; seed++) {
        Random random = new Random(1000 + seed);
        double[][] x = new double[tokens][a + b];
        for (double[] row : x) {
          Arrays.setAll(row, _ -> random.nextGaussian());
        }
        try (Arena arena = Arena.ofShared()) {
          Streamed streamed =
              new Streamed(kernels, arena, Streamed.models(4, 100, 4, 80), Arrays.copyOf(x, 64))
                  .show(x, keep, 250);
          double[][] best = Streamed.best(streamed.summary(1));
          aboveUpper += (int) Arrays.stream(best[0]).filter(r -> r > upper).count();
          aboveMedian += (int) Arrays.stream(best[0]).filter(r -> r > median).count();
          double[][] baseline = streamed.baseline(Rotation.random(seed, 0));
          universal += Universality.of(best, List.<double[][]>of(baseline)).count(0.5);
        }
      }
    }
    assertEquals(0.05, aboveUpper / (20.0 * a), 0.01);
    assertEquals(0.5, aboveMedian / (20.0 * a), 0.025);
    assertEquals(0, universal);
  }
}
