package dev.homolog.analysis.contrast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContrastTest {
  private static final double[] VALUES = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  private static final boolean[] UNIVERSAL = {
    true, false, true, false, true, true, false, false, false, true
  };

  /** scipy.stats.mannwhitneyu(method="asymptotic", use_continuity=False), with ties. */
  @Test
  void oneLayerIsTheRankSumTest() {
    Contrast found = Contrast.of(VALUES, new int[10], UNIVERSAL);
    assertEquals(0.29184054514378843, found.p(), 1e-12);
    assertEquals(0.7, found.chance(), 1e-12);
    assertEquals(5, found.universal());
    assertEquals(5, found.others());
    assertEquals(4.8, found.universalMean(), 1e-12);
    assertEquals(3, found.otherMean(), 1e-12);
    // Squares about the two means: 3.24 + 0.64 + 0.04 + 17.64 + 3.24, and 4 + 4 + 1 + 9 + 4.
    assertEquals(1.8 / Math.sqrt((24.8 + 22) / 8), found.effect(), 1e-12);
    // Shares below: of 3, 3 (two, three with half of itself), of 4, 5, 9.
    assertEquals(0.4, found.lower(), 1e-12);
    assertEquals(0.55, found.median(), 1e-12);
    assertEquals(0.7, found.upper(), 1e-12);
  }

  /** A layer's offset, a layer without universal neurons and a NaN change nothing. */
  @Test
  void onlyNeuronsOfOneLayerAreCompared() {
    int n = VALUES.length;
    double[] values = new double[2 * n + 3];
    int[] layers = new int[values.length];
    boolean[] universal = new boolean[values.length];
    for (int i = 0; i < n; i++) {
      values[i] = VALUES[i];
      values[n + i] = VALUES[i] + 1000;
      layers[n + i] = 7;
      universal[i] = universal[n + i] = UNIVERSAL[i];
    }
    values[2 * n] = 1e9;
    layers[2 * n] = 3;
    values[2 * n + 1] = -1e9;
    layers[2 * n + 1] = 3;
    values[2 * n + 2] = Double.NaN;
    universal[2 * n + 2] = true;
    Contrast one = Contrast.of(VALUES, new int[n], UNIVERSAL);
    Contrast two = Contrast.of(values, layers, universal);
    assertEquals(one.chance(), two.chance(), 1e-12);
    assertEquals(one.effect(), two.effect(), 1e-12);
    assertEquals(one.median(), two.median(), 1e-12);
    assertEquals(10, two.universal());
    assertTrue(two.p() < one.p());
  }

  /** p against labels shuffled within layers. */
  @Test
  void pIsTheShareOfShufflesThatAreAsFarOut() {
    Random random = new Random(3);
    int n = 80;
    double[] values = new double[n];
    int[] layers = new int[n];
    boolean[] universal = new boolean[n];
    for (int i = 0; i < n; i++) {
      layers[i] = i < 50 ? 0 : 1;
      universal[i] = random.nextInt(4) == 0;
      values[i] = random.nextGaussian() + (universal[i] ? 0.45 : 0) + layers[i];
    }
    Contrast found = Contrast.of(values, layers, universal);
    int further = 0;
    int shuffles = 4000;
    for (int s = 0; s < shuffles; s++) {
      boolean[] labels = universal.clone();
      shuffle(labels, 0, 50, random);
      shuffle(labels, 50, n, random);
      double chance = Contrast.of(values, layers, labels).chance();
      further += Math.abs(chance - 0.5) >= Math.abs(found.chance() - 0.5) ? 1 : 0;
    }
    // Three deviations of the share, and what a normal approximation may be off.
    double share = (double) further / shuffles;
    assertEquals(share, found.p(), 3 * Math.sqrt(share * (1 - share) / shuffles) + 0.01);
  }

  private static void shuffle(boolean[] labels, int from, int to, Random random) {
    List<Boolean> part = new ArrayList<>();
    for (int i = from; i < to; i++) {
      part.add(labels[i]);
    }
    java.util.Collections.shuffle(part, random);
    for (int i = from; i < to; i++) {
      labels[i] = part.get(i - from);
    }
  }

  @Test
  void withoutUniversalNeuronsThereIsNothingToSay() {
    Contrast found = Contrast.of(VALUES, new int[10], new boolean[10]);
    assertEquals(0, found.universal());
    assertEquals(Double.NaN, found.p());
    assertEquals(Double.NaN, found.median());
    assertEquals(Double.NaN, found.effect());
  }
}
