package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.statistics.NeuronMoments;
import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A whole study against what make_golden.py computed in float64 with numpy alone. */
class StudyGoldenTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final Path GOLDEN = FAMILY.resolve("study");
  private static final int ROWS = 24;
  private static final int CONTEXT = 64;
  private static final int NEURONS = 2048;

  private static final TokenInput TEXT =
      TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
          .withContext(CONTEXT)
          .withMaxTokens(ROWS * CONTEXT);

  private static StudyResult result;

  @BeforeAll
  static void study() {
    result = run(TEXT, 2, 8);
  }

  private static StudyOptions options(TokenInput input, int batchRows) {
    return StudyOptions.of(
            FAMILY.resolve("a"), List.of(FAMILY.resolve("b"), FAMILY.resolve("c")), input)
        .withBaseline(Baseline.rotation(GOLDEN.resolve("rotation.npy")))
        .withBatchRows(batchRows)
        .withTop(2)
        .withExtent(StudyOptions.Extent.CORRELATIONS);
  }

  private static StudyResult run(TokenInput input, int threads, int batchRows) {
    try (Kernels kernels = Backend.VECTOR.open(threads).kernels()) {
      return Study.run(options(input, batchRows), kernels);
    }
  }

  @Test
  void readsTheSameTokens() {
    RunFacts.TokenFacts tokens = result.facts().tokens();
    assertEquals(ROWS, tokens.rows());
    assertEquals(1536, tokens.read());
    assertEquals(1483, tokens.kept());
  }

  @Test
  void neurons() {
    double[][] expected = golden("neurons.npy", NEURONS, 15);
    double[][] actual = neurons(result);
    column("post_mean", expected, actual, 0, 1e-6);
    column("post_var", expected, actual, 1, 1e-6);
    column("post_skew", expected, actual, 2, 2e-5);
    column("post_kurt", expected, actual, 3, 2e-5);
    column("max_corr", expected, actual, 4, 2e-6);
    column("mean_corr", expected, actual, 5, 2e-6);
    column("min_corr", expected, actual, 6, 2e-6);
    column("max_baseline", expected, actual, 7, 2e-6);
    column("mean_baseline", expected, actual, 8, 2e-6);
    column("min_baseline", expected, actual, 9, 2e-6);
    column("excess_corr", expected, actual, 10, 2e-6);
    column("r_mean", expected, actual, 11, 2e-6);
    column("r_var", expected, actual, 12, 2e-6);
    column("r_skew", expected, actual, 13, 2e-6);
    column("r_kurt", expected, actual, 14, 2e-6);
  }

  /** The error is relative where the expected value is above 1. */
  private static void column(
      String name, double[][] expected, double[][] actual, int column, double tolerance) {
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(expected[i][column] - actual[i][column]);
      worst = Math.max(worst, error / Math.max(1, Math.abs(expected[i][column])));
    }
    double found = worst;
    assertTrue(worst <= tolerance, () -> name + " is off by " + found);
  }

  @Test
  void torchAgreesToo() {
    try (Kernels kernels = Backend.TORCH.open(2).kernels()) {
      assertEquals("torch", kernels.name());
      StudyResult torch = Study.run(options(TEXT, 8), kernels);
      double[][] expected = golden("neurons.npy", NEURONS, 15);
      double[][] actual = neurons(torch);
      for (int column = 0; column < 15; column++) {
        column("column " + column, expected, actual, column, 2e-5);
      }
    }
  }

  @Test
  void aStudyNeverReachesIntoADevicesMemory() {
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      StudyOptions options =
          options(TEXT.withMaxTokens(8 * CONTEXT), 4).withExtent(StudyOptions.Extent.EVERYTHING);
      StudyResult expected = Study.run(options, kernels);
      StudyResult actual = Study.run(options, DetachedKernels.over(kernels));
      assertTrue(Arrays.deepEquals(neurons(expected), neurons(actual)));
      PassesTest.assertSame(expected.closeUp(), actual.closeUp());
    }
  }

  @Test
  void matches() {
    double[][] expected = golden("matches.npy", 4 * NEURONS, 6);
    int clear = 0;
    for (int other = 0; other < 2; other++) {
      PairMatches pair = result.summary().pairs().get(other);
      assertEquals(List.of("b", "c").get(other), pair.other().name());
      int from = other * 2 * NEURONS;
      clear += ends(expected, from, pair.highest(), 0) + ends(expected, from, pair.lowest(), 3);
      from += NEURONS;
      clear +=
          ends(expected, from, pair.highestBack(), 0) + ends(expected, from, pair.lowestBack(), 3);
    }
    assertTrue(clear > 0.99 * 8 * NEURONS, "only " + clear + " best matches are clear");
  }

  /** How many rows have a best match that is clearly better than the second; all of these agree. */
  private static int ends(double[][] expected, int from, Tails actual, int column) {
    int clear = 0;
    for (int i = 0; i < NEURONS; i++) {
      double[] row = expected[from + i];
      assertEquals(row[column + 1], actual.value(i, 0), 2e-6);
      assertEquals(row[column + 2], actual.value(i, 1), 2e-6);
      if (Math.abs(row[column + 1] - row[column + 2]) > 1e-5) {
        assertEquals((int) row[column], actual.match(i, 0));
        clear++;
      }
    }
    return clear;
  }

  @Test
  void histograms() {
    double[][] expected = golden("histograms.npy", 2, CorrelationSummary.BINS);
    for (int other = 0; other < 2; other++) {
      long[] actual = result.summary().pairs().get(other).histogram();
      assertEquals((long) NEURONS * NEURONS, Arrays.stream(actual).sum());
      double moved = 0;
      for (int bin = 0; bin < actual.length; bin++) {
        moved += Math.abs(expected[other][bin] - actual[bin]) / 2;
      }
      assertTrue(moved <= 100, moved + " correlations fell into another bin");
    }
  }

  @Test
  void tokensInPlaceOfText() {
    StudyResult fromTokens = run(TokenInput.tokens(GOLDEN.resolve("tokens.npy")), 2, 8);
    assertEquals(result.facts().tokens().sha256(), fromTokens.facts().tokens().sha256());
    assertSame(result, fromTokens);
  }

  @Test
  void oneThread() {
    assertSame(result, run(TEXT, 1, 8));
  }

  @Test
  void batchesOfOtherSizes() {
    double[][] small = neurons(run(TEXT, 2, 3));
    double[][] large = neurons(run(TEXT, 2, ROWS));
    for (int column = 0; column < 15; column++) {
      column("column " + column, large, small, column, 1e-6);
    }
  }

  /** To the last bit. */
  private static void assertSame(StudyResult expected, StudyResult actual) {
    for (int i = 0; i < NEURONS; i++) { // one by one, so that a failure prints one neuron
      assertEquals(expected.moments().get(i), actual.moments().get(i));
      assertEquals(
          expected.universality().neurons().get(i), actual.universality().neurons().get(i));
      assertEquals(expected.summary().rows().get(i), actual.summary().rows().get(i));
    }
    for (int other = 0; other < 2; other++) {
      PairMatches x = expected.summary().pairs().get(other);
      PairMatches y = actual.summary().pairs().get(other);
      assertAll(
          () -> assertSame(x.highest(), y.highest()),
          () -> assertSame(x.lowest(), y.lowest()),
          () -> assertSame(x.highestBack(), y.highestBack()),
          () -> assertSame(x.lowestBack(), y.lowestBack()),
          () -> assertArrayEquals(x.histogram(), y.histogram()));
    }
  }

  private static void assertSame(Tails expected, Tails actual) {
    assertEquals(expected.k(), actual.k());
    assertEquals(expected.rows(), actual.rows());
    for (int i = 0; i < expected.rows(); i++) {
      for (int rank = 0; rank < expected.k(); rank++) {
        assertEquals(expected.match(i, rank), actual.match(i, rank));
        assertEquals(expected.value(i, rank), actual.value(i, rank));
      }
    }
  }

  /** [neuron][column], columns as in make_golden.py. */
  private static double[][] neurons(StudyResult result) {
    return IntStream.range(0, result.moments().size())
        .mapToObj(i -> {
          NeuronMoments post = result.moments().get(i);
          Universality.Neuron u = result.universality().neurons().get(i);
          RowMoments r = result.summary().rows().get(i);
          return new double[] {
            post.mean(),
            post.variance(),
            post.skew(),
            post.kurtosis(),
            u.maxCorr(),
            u.meanCorr(),
            u.minCorr(),
            u.maxBaseline(),
            u.meanBaseline(),
            u.minBaseline(),
            u.excessCorr(),
            r.mean(),
            r.variance(),
            r.skew(),
            r.kurtosis()
          };
        })
        .toArray(double[][]::new);
  }

  /** A golden array as [rows, columns], the leading dimensions as one. */
  private static double[][] golden(String file, int rows, int columns) {
    try (NpyFile npy = NpyFile.open(GOLDEN.resolve(file))) {
      assertEquals((long) rows * columns, npy.elements());
      Tensor all = Tensor.wrap(npy.data(), npy.dtype(), rows, columns);
      double[][] values = new double[rows][columns];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          values[i][j] = all.get(i, j);
        }
      }
      return values;
    }
  }
}
