package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Convergence;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.plan.MemoryBounds;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Studies whose correlations are estimated, against those that numpy computed exactly. */
class SketchStudyTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final Path GOLDEN = FAMILY.resolve("study");
  private static final int NEURONS = 2048;
  private static final int SIZE = 8192;
  private static final double ERROR = 1 / Math.sqrt(SIZE);
  private static final long PLENTY = 1L << 40;

  private static final int BEST = 16;

  private static StudyResult result;
  private static StudyResult exactly;

  @BeforeAll
  static void study() {
    result = run(2);
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      exactly = Study.run(options().withMethod(Method.EXACT).withTop(BEST), kernels);
    }
  }

  /** The study of {@link StudyGoldenTest}. */
  private static StudyOptions options() {
    TokenInput text =
        TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
            .withContext(64)
            .withMaxTokens(24 * 64);
    return StudyOptions.of(
            FAMILY.resolve("a"), List.of(FAMILY.resolve("b"), FAMILY.resolve("c")), text)
        .withBaseline(Baseline.rotation(GOLDEN.resolve("rotation.npy")))
        .withBatchRows(8)
        .withTop(2)
        .withMethod(Method.sketch(SIZE))
        .withExtent(StudyOptions.Extent.CORRELATIONS);
  }

  private static StudyResult run(int threads) {
    try (Kernels kernels = Backend.VECTOR.open(threads).kernels()) {
      return Study.run(options(), kernels);
    }
  }

  /** [neuron][column], columns as in make_golden.py. */
  private static double[][] golden(String file, int rows, int columns) {
    try (NpyFile npy = NpyFile.open(GOLDEN.resolve(file))) {
      Tensor all = Tensor.wrap(npy.data(), npy.dtype(), rows, columns);
      double[][] values = new double[rows][];
      for (int i = 0; i < rows; i++) {
        values[i] = all.rows(i, i + 1).toArray();
      }
      return values;
    }
  }

  /**
   * The law says 1 in 16,000 beyond four standard errors. Two tokens that share a bucket add to
   * that where they are most of a neuron.
   */
  @Test
  void bestCorrelationsAreWithinFourStandardErrors() {
    double[][] exact = golden("matches.npy", 4 * NEURONS, 6);
    double squares = 0;
    int beyond = 0;
    for (int other = 0; other < 2; other++) {
      Tails estimated = result.summary().pairs().get(other).highest();
      for (int i = 0; i < NEURONS; i++) {
        double error = estimated.value(i, 0) - exact[other * 2 * NEURONS + i][1];
        squares += error * error / (2 * NEURONS);
        beyond += Math.abs(error) > 4 * ERROR ? 1 : 0;
      }
    }
    assertTrue(beyond <= 2 * NEURONS / 1000, beyond + " beyond");
    assertTrue(squares < ERROR * ERROR, Math.sqrt(squares) + " beside " + ERROR);
  }

  @Test
  void bestNeuronsAreAmongTheExactBest() {
    for (int other = 0; other < 2; other++) {
      Tails estimated = result.summary().pairs().get(other).highest();
      Tails exact = exactly.summary().pairs().get(other).highest();
      for (int i = 0; i < NEURONS; i++) {
        int neuron = i;
        int match = estimated.match(neuron, 0);
        assertTrue(
            IntStream.range(0, BEST).anyMatch(rank -> exact.match(neuron, rank) == match),
            () -> neuron + ": " + match);
      }
    }
  }

  @Test
  void theBaselineIsEstimatedLikewise() {
    double[][] exact = golden("neurons.npy", NEURONS, 15);
    double excess = 0;
    double worst = 0;
    for (int i = 0; i < NEURONS; i++) {
      Universality.Neuron neuron = result.universality().neurons().get(i);
      worst = Math.max(worst, Math.abs(exact[i][8] - neuron.meanBaseline()));
      excess += (neuron.excessCorr() - exact[i][10]) / NEURONS;
    }
    assertTrue(worst < 4 * ERROR, worst + " with a standard error of " + ERROR);
    assertEquals(0, excess, ERROR, "what the best of many estimates gain, the baseline gains too");
  }

  @Test
  void momentsAreExact() {
    double[][] exact = golden("neurons.npy", NEURONS, 15);
    for (int i = 0; i < NEURONS; i++) {
      assertEquals(exact[i][0], result.moments().get(i).mean(), 1e-6);
    }
  }

  @Test
  void threadsDoNotMatter() {
    StudyResult one = run(1);
    for (int i = 0; i < NEURONS; i++) {
      assertEquals(result.universality().neurons().get(i), one.universality().neurons().get(i));
      assertEquals(result.summary().rows().get(i), one.summary().rows().get(i));
    }
  }

  /** The sketch of 6,144 neurons and the ones, and two strips of products with 4,096. */
  @Test
  void thePlanIsOnePassOrNone() {
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      Plan plan = result.facts().plan();
      assertEquals(1, plan.passes());
      assertEquals(4L * SIZE * 6145, part(plan, "sketch"));
      long within = 2 * 4 * 512 * 512;
      long moments = 8 * (6 * 6144 + 5 * 2048);
      assertEquals(4 * (1024 * 4096 + within) + moments, part(plan, "sums of products"));
      MemoryBounds little = new MemoryBounds(0, part(plan, "sketch"), PLENTY, 0, PLENTY);
      InputException e =
          assertThrows(InputException.class, () -> Study.within(little, options(), kernels));
      assertEquals("memory", e.where());
      assertTrue(e.remedy().contains("lower --sketch-size"), e.remedy());
    }
  }

  private static long part(Plan plan, String name) {
    return plan.parts().stream()
        .filter(part -> part.name().equals(name))
        .findFirst()
        .orElseThrow()
        .bytes();
  }

  @Test
  void whatASketchCannotTellIsRefused() {
    refused("--method", () -> options().withSimilarity(Similarity.JACCARD));
    refused("--method", () -> options().withBySubset(true));
    refused("--baseline", () -> options().withBaseline(Baseline.permutation(1)));
    assertTrue(result.find(Convergence.class).isEmpty());
  }

  private static void refused(String where, Runnable made) {
    InputException e = assertThrows(InputException.class, made::run);
    assertEquals(where, e.where());
  }
}
