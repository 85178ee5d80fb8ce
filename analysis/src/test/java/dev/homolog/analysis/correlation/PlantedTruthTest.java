package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A model whose other is itself in another order: half of its neurons come back in other places and
 * layers, with noise; the other half of the other model is new, but shares layers, means,
 * deviations and causes with the first.
 */
class PlantedTruthTest {
  private static final int LAYERS = 4;
  private static final int WIDTH = 96;
  private static final int NEURONS = LAYERS * WIDTH;
  private static final int TOKENS = 3000;

  /**
   * Noise as a multiple of a neuron's deviation: its correlation with itself is 1/√(1 + noise²).
   */
  private static final double[] NOISE = {0.1, 0.75, 1.5};

  private static final double[] THRESHOLDS = {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6};

  private static final List<Outcome> outcomes = new ArrayList<>();

  /** What a study says of each neuron, and what is true. */
  private record Outcome(double noise, int[] truth, double[] excess, int[] match, int groups) {
    double recall(double threshold) {
      int planted = 0;
      int found = 0;
      for (int i = 0; i < NEURONS; i++) {
        planted += truth[i] >= 0 ? 1 : 0;
        found += truth[i] >= 0 && excess[i] > threshold && match[i] == truth[i] ? 1 : 0;
      }
      return (double) found / planted;
    }

    int falsePositives(double threshold) {
      int wrong = 0;
      for (int i = 0; i < NEURONS; i++) {
        wrong += excess[i] > threshold && match[i] != truth[i] ? 1 : 0;
      }
      return wrong;
    }
  }

  @BeforeAll
  static void study() {
    for (double noise : NOISE) {
      outcomes.add(outcome(noise));
    }
  }

  private static Outcome outcome(double noise) {
    Random random = new Random(77);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < NEURONS; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    int[] truth = new int[NEURONS];
    for (int i = 0; i < NEURONS; i++) {
      truth[i] = i % 2 == 0 ? order.get(i) : -1;
    }
    double[][] x = new double[TOKENS][2 * NEURONS];
    for (double[] row : x) {
      double[] causes = new double[LAYERS];
      Arrays.setAll(causes, _ -> random.nextGaussian());
      for (int i = 0; i < NEURONS; i++) {
        row[i] = neuron(i, causes, random.nextGaussian());
        row[NEURONS + order.get(i)] =
            truth[i] >= 0
                ? row[i] + noise * deviation(i) * random.nextGaussian()
                : neuron(i, causes, random.nextGaussian());
      }
    }
    boolean[] keep = new boolean[TOKENS];
    Arrays.fill(keep, true);
    List<ModelNeurons> models = Streamed.models(LAYERS, WIDTH, LAYERS, WIDTH);
    try (Arena arena = Arena.ofShared();
        Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Streamed streamed =
          new Streamed(kernels, arena, models, Arrays.copyOf(x, 100)).show(x, keep, 500);
      CorrelationSummary summary = streamed.summary(1);
      double[][] baseline = streamed.baseline(Rotation.random(5, 0));
      Universality universality =
          Universality.of(Streamed.best(summary), List.<double[][]>of(baseline));
      double[] excess =
          universality.neurons().stream().mapToDouble(Universality.Neuron::excessCorr).toArray();
      int[] match = new int[NEURONS];
      Arrays.setAll(match, i -> summary.pairs().getFirst().highest().match(i, 0));
      return new Outcome(noise, truth, excess, match, Homologs.of(summary, 0.5).groups().size());
    }
  }

  /** A layer's neurons share a cause, and every fourth a mean and a deviation. */
  private static double neuron(int i, double[] causes, double own) {
    double activation = 0.4 * causes[i / WIDTH] + Math.sqrt(1 - 0.16) * own;
    return i % 4 + deviation(i) * activation;
  }

  private static double deviation(int i) {
    return 0.5 + i % 4;
  }

  @Test
  void atTheLowestNoiseEveryPlantedPairIsFoundAndNothingElse() {
    assertEquals(1, outcomes.getFirst().recall(0.5), 0);
    assertEquals(0, outcomes.getFirst().falsePositives(0.5));
    assertEquals(NEURONS / 2, outcomes.getFirst().groups());
  }

  /** r = 0.8: everything is found where the threshold lets it, at r = 0.55 too; nothing else is. */
  @Test
  void noiseCostsRecallAndMakesNoFalsePositives() {
    assertEquals(1, outcomes.get(1).recall(0.2), 0);
    assertEquals(0, outcomes.get(1).falsePositives(0.2));
    assertTrue(outcomes.get(2).recall(0.1) > 0.9);
    for (Outcome outcome : outcomes) {
      assertEquals(0, outcome.falsePositives(0.2));
      for (int i = 1; i < THRESHOLDS.length; i++) {
        assertTrue(outcome.recall(THRESHOLDS[i]) <= outcome.recall(THRESHOLDS[i - 1]));
      }
    }
  }

  /** Prints both curves as the table in the documents. */
  public static void main(String[] args) {
    study();
    System.out.println("| threshold of the excess | " + "recall, false positives |".repeat(3));
    for (double threshold : THRESHOLDS) {
      StringBuilder row = new StringBuilder("| " + threshold + " |");
      for (Outcome outcome : outcomes) {
        row.append(
            String.format(
                Locale.ROOT,
                " %.1f %%, %d |",
                100 * outcome.recall(threshold),
                outcome.falsePositives(threshold)));
      }
      System.out.println(row);
    }
  }
}
