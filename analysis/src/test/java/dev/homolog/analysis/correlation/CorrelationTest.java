package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.DetachedKernels;
import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Streamed correlations against the textbook's, on every backend. */
class CorrelationTest {
  private static final double TOLERANCE = 1e-5;

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  @ParameterizedTest
  @CsvSource({
    // backend, tokens, batch, layers and width of the reference, of each other
    "SCALAR, 40, 7, 2, 3, 3, 5",
    "VECTOR, 40, 7, 2, 3, 3, 5",
    "VECTOR, 300, 1, 1, 1, 1, 1",
    "VECTOR, 300, 300, 1, 1, 2, 33",
    "VECTOR, 20, 6, 3, 31, 2, 45",
    "VECTOR, 901, 128, 2, 17, 1, 130",
    "VECTOR, 3000, 1000, 2, 9, 2, 7",
    "TORCH, 40, 7, 2, 3, 3, 5",
    "TORCH, 300, 1, 1, 1, 1, 1",
    "TORCH, 300, 300, 1, 1, 2, 33",
    "TORCH, 20, 6, 3, 31, 2, 45",
    "TORCH, 901, 128, 2, 17, 1, 130",
    "TORCH, 3000, 1000, 2, 9, 2, 7"
  })
  void agreesWithTwoPasses(
      Backend backend, int tokens, int batch, int layersA, int widthA, int layersB, int widthB) {
    List<ModelNeurons> models = Streamed.models(layersA, widthA, layersB, widthB, layersB, widthB);
    double[][] x = shared(tokens, 2, layersA * widthA + 2 * layersB * widthB);
    boolean[] keep = keepMost(tokens);
    try (Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed =
          new Streamed(kernels, arena, models, Arrays.copyOf(x, Math.min(tokens, 30)));
      assertAgrees(streamed.show(x, keep, batch), x, keep);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void hardNeuronsAgreeWithTwoPasses(Backend backend) {
    int tokens = 5000;
    int n = 12;
    double[][] x = shared(tokens, 3, 2 * n);
    boolean[] keep = keepMost(tokens);
    Random random = new Random(4);
    for (int t = 0; t < tokens; t++) {
      for (int model = 0; model < 2; model++) {
        double[] row = x[t];
        int at = model * n;
        row[at] = (float) (1e3 + 1e-2 * row[at]); // far from zero, hardly moving
        row[at + 1] = (float) (300 * row[at + 1]); // mean square above 65,504: half precision's end
        row[at + 2] = 0.25; // constant
        row[at + 3] = t == 4321 ? 7 : 0; // active on one token, which the pilot does not see
        row[at + 4] = keep[t] ? -1 : random.nextGaussian(); // constant where it counts
        row[at + 5] = (float) (1e-20 * row[at + 5]); // tiny
        row[at + 6] = (float) (1e12 * row[at + 6]); // huge
        row[at + 7] = t > 100 ? row[at + 7] : 0; // constant in the pilot
      }
      // r = 0.999999: noise of variance 2e-6
      x[t][8] = (float) random.nextGaussian();
      x[t][n + 8] = (float) (x[t][8] + Math.sqrt(2e-6) * random.nextGaussian());
    }
    keep[4321] = true;
    List<ModelNeurons> models = Streamed.models(1, n, 1, n);
    try (Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models, Arrays.copyOf(x, 100));
      assertAgrees(streamed.show(x, keep, 512), x, keep);
      Moments moments = streamed.moments();
      assertTrue(moments.isConstant(2) && moments.isConstant(4));
      double r = Naive.correlation(x, 8, x, n + 8, keep);
      assertEquals(0.999999, r, 2e-7, "the planted pair");
      CorrelationSummary summary = streamed.summary(3);
      assertEquals(r, summary.pairs().getFirst().highest().value(8, 0), 1e-6);
      assertEquals(8, summary.pairs().getFirst().highest().match(8, 0));
      assertTrue(Double.isNaN(summary.pairs().getFirst().highest().value(2, 0)));
      Universality universality = Universality.of(Streamed.best(summary), List.of());
      assertFalse(universality.neurons().get(2).universal(-1));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void batchesDoNotMatterAndPartsAddUpToTheWhole(Backend backend) {
    int tokens = 700;
    List<ModelNeurons> models = Streamed.models(2, 11, 1, 23);
    double[][] x = shared(tokens, 3, 45);
    boolean[] keep = keepMost(tokens);
    try (Kernels kernels = backend.open(2).kernels()) {
      double[][] pilot = Arrays.copyOf(x, 50);
      CorrelationSummary whole =
          new Streamed(kernels, arena, models, pilot).show(x, keep, tokens).summary(5);
      for (int batch : new int[] {1, 13, 256}) {
        Streamed other = new Streamed(kernels, arena, models, pilot).show(x, keep, batch);
        assertSame(whole, other.summary(5));
      }
      Streamed first = new Streamed(kernels, arena, models, pilot);
      Streamed second = new Streamed(kernels, arena, models, pilot);
      first.show(Arrays.copyOf(x, 300), Arrays.copyOf(keep, 300), 64);
      second.show(Arrays.copyOfRange(x, 300, tokens), Arrays.copyOfRange(keep, 300, tokens), 64);
      Streamed merged = new Streamed(kernels, arena, models, pilot);
      for (Streamed part : List.of(second, first)) {
        merged.momentsSink.merge(part.momentsSink.state());
        merged.sink.merge(part.sink.state());
      }
      assertSame(whole, merged.summary(5));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void neuronsAllButSilentInThePilotKeepTheirMatches(Backend backend) {
    int tokens = 800;
    double[][] x = shared(tokens, 2, 8);
    boolean[] keep = keepMost(tokens);
    double[] silent = {1e-20, 1e-30, 1e-38, 1e-44};
    for (int t = 0; t < 100; t++) {
      for (int j = 0; j < 4; j++) {
        x[t][j] = (float) (silent[j] * x[t][j]);
        x[t][4 + j] = (float) (silent[j] * x[t][4 + j]);
      }
    }
    try (Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed =
          new Streamed(kernels, arena, Streamed.models(1, 4, 1, 4), Arrays.copyOf(x, 100));
      assertAgrees(streamed.show(x, keep, 100), x, keep);
    }
  }

  @Test
  void aPilotWithoutAKeptTokenIsNoPilot() {
    double[][] x = shared(300, 2, 8);
    boolean[] keep = keepMost(300);
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      Streamed streamed =
          new Streamed(kernels, arena, Streamed.models(1, 4, 1, 4), new double[0][8]);
      assertAgrees(streamed.show(x, keep, 100), x, keep);
    }
  }

  /** On two tokens r of any two neurons is 1 or -1; a subset may have as few. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void twoTokensMakeNoCorrelation(Backend backend) {
    double[][] x = shared(30, 2, 8);
    boolean[] two = new boolean[30];
    two[4] = true;
    two[20] = true;
    boolean[] three = two.clone();
    three[9] = true;
    List<ModelNeurons> models = Streamed.models(1, 4, 1, 4);
    try (Kernels kernels = backend.open(2).kernels()) {
      CorrelationSummary none = new Streamed(kernels, arena, models, x).show(x, two, 8).summary(4);
      CorrelationSummary some =
          new Streamed(kernels, arena, models, x).show(x, three, 8).summary(4);
      for (int i = 0; i < 4; i++) {
        assertTrue(Double.isNaN(none.pairs().getFirst().highest().value(i, 0)));
        int j = some.pairs().getFirst().highest().match(i, 0);
        assertEquals(
            Naive.correlation(x, i, x, 4 + j, three),
            some.pairs().getFirst().highest().value(i, 0),
            TOLERANCE);
      }
    }
  }

  private Map<String, Tensor> onHost(Kernels kernels, ActivationSink sink) {
    Map<String, Tensor> onHost = new HashMap<>();
    sink.state().forEach((name, sums) -> onHost.put(name, kernels.toHost(arena, sums)));
    return onHost;
  }

  @Test
  void nothingReachesIntoADevicesMemory() {
    int tokens = 200;
    List<ModelNeurons> models = Streamed.models(2, 11, 1, 23, 2, 5);
    double[][] x = shared(tokens, 3, 55);
    boolean[] keep = keepMost(tokens);
    try (Kernels host = Backend.VECTOR.open(2).kernels()) {
      Kernels device = DetachedKernels.over(host);
      Streamed streamed = new Streamed(device, arena, models, Arrays.copyOf(x, 50));
      assertAgrees(streamed.show(x, keep, 64), x, keep);
      Streamed merged = new Streamed(device, arena, models, Arrays.copyOf(x, 50));
      merged.momentsSink.merge(onHost(device, streamed.momentsSink));
      merged.sink.merge(onHost(device, streamed.sink));
      assertAgrees(merged, x, keep);
      double[][] expected =
          new Streamed(host, arena, models, Arrays.copyOf(x, 50))
              .show(x, keep, 64)
              .baseline(Rotation.random(5, 0));
      double[][] actual = merged.baseline(Rotation.random(5, 0));
      assertTrue(Arrays.deepEquals(expected, actual));
    }
  }

  @Test
  void aNeuronCorrelatesWithItselfByOne() {
    double[][] x = shared(400, 2, 14);
    for (double[] row : x) {
      System.arraycopy(row, 0, row, 7, 7);
    }
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, Streamed.models(1, 7, 1, 7), x);
      Tails best = streamed.show(x, keepMost(400), 100).summary(1).pairs().getFirst().highest();
      for (int i = 0; i < 7; i++) {
        assertEquals(1, best.value(i, 0), 1e-6);
        assertEquals(i, best.match(i, 0));
      }
    }
  }

  private static void assertAgrees(Streamed streamed, double[][] x, boolean[] keep) {
    List<ModelNeurons> models = streamed.models;
    ModelNeurons a = models.getFirst();
    int everything = models.stream().mapToInt(ModelNeurons::count).max().orElseThrow();
    CorrelationSummary summary = streamed.summary(everything);
    double[] rowSum = new double[a.count()];
    double[] rowSquares = new double[a.count()];
    long[] rowCount = new long[a.count()];
    for (PairMatches pair : summary.pairs()) {
      long[] bins = new long[CorrelationSummary.BINS];
      ModelNeurons b = pair.other();
      double[][] r = new double[a.count()][b.count()];
      for (int i = 0; i < a.count(); i++) {
        for (int j = 0; j < b.count(); j++) {
          r[i][j] = Naive.correlation(x, i, x, (int) b.offset() + j, keep);
          if (!Double.isNaN(r[i][j])) {
            rowSum[i] += r[i][j];
            rowSquares[i] += r[i][j] * r[i][j];
            rowCount[i]++;
            bins[(int) Math.min(99, (r[i][j] + 1) * 50)]++;
          }
        }
      }
      double[][] transposed = new double[b.count()][a.count()];
      for (int i = 0; i < a.count(); i++) {
        for (int j = 0; j < b.count(); j++) {
          transposed[j][i] = r[i][j];
        }
      }
      assertTails(r, pair.highest(), true);
      assertTails(r, pair.lowest(), false);
      assertTails(transposed, pair.highestBack(), true);
      assertTails(transposed, pair.lowestBack(), false);
      assertHistogram(bins, pair.histogram());
    }
    for (int i = 0; i < a.count(); i++) {
      RowMoments row = summary.rows().get(i);
      assertEquals(rowCount[i], row.count());
      if (rowCount[i] > 0) {
        double mean = rowSum[i] / rowCount[i];
        assertEquals(mean, row.mean(), TOLERANCE);
        assertEquals(rowSquares[i] / rowCount[i] - mean * mean, row.variance(), 2 * TOLERANCE);
      }
    }
  }

  /** Every kept correlation is that of its match, and the sorted values are the sorted truth. */
  private static void assertTails(double[][] r, Tails tails, boolean greatest) {
    for (int i = 0; i < r.length; i++) {
      double[] sorted = Arrays.stream(r[i]).filter(v -> !Double.isNaN(v)).sorted().toArray();
      for (int rank = 0; rank < tails.k(); rank++) {
        if (rank >= sorted.length) {
          assertEquals(-1, tails.match(i, rank));
          assertTrue(Double.isNaN(tails.value(i, rank)));
          continue;
        }
        double expected = sorted[greatest ? sorted.length - 1 - rank : rank];
        assertEquals(expected, tails.value(i, rank), TOLERANCE);
        assertEquals(r[i][tails.match(i, rank)], tails.value(i, rank), TOLERANCE);
      }
    }
  }

  /** Rounding may move a value over an edge, never further than the next bin. */
  private static void assertHistogram(long[] expected, long[] actual) {
    assertEquals(Arrays.stream(expected).sum(), Arrays.stream(actual).sum());
    long ahead = 0;
    for (int bin = 0; bin < expected.length; bin++) {
      ahead += expected[bin] - actual[bin];
      assertTrue(Math.abs(ahead) <= 3, "bin " + bin);
    }
  }

  private static void assertSame(CorrelationSummary expected, CorrelationSummary actual) {
    for (int other = 0; other < expected.pairs().size(); other++) {
      Tails e = expected.pairs().get(other).highest();
      Tails a = actual.pairs().get(other).highest();
      for (int i = 0; i < e.rows(); i++) {
        for (int rank = 0; rank < e.k(); rank++) {
          assertEquals(e.value(i, rank), a.value(i, rank), 1e-6);
        }
      }
    }
  }

  /**
   * Neurons that share a few causes, so that correlations lie all over [−1, 1]; rounded to single
   * precision.
   */
  private static double[][] shared(int tokens, int causes, int neurons) {
    Random random = new Random(20261123);
    double[][] weights = new double[neurons][causes];
    for (double[] row : weights) {
      Arrays.setAll(row, _ -> random.nextGaussian());
    }
    double[][] x = new double[tokens][neurons];
    for (double[] row : x) {
      double[] cause = random.doubles(causes, -2, 2).toArray();
      for (int j = 0; j < neurons; j++) {
        double sum = 0.3 * random.nextGaussian();
        for (int c = 0; c < causes; c++) {
          sum += weights[j][c] * cause[c];
        }
        row[j] = (float) sum;
      }
    }
    return x;
  }

  private static boolean[] keepMost(int tokens) {
    boolean[] keep = new boolean[tokens];
    for (int t = 0; t < tokens; t++) {
      keep[t] = t % 7 != 3;
    }
    return keep;
  }
}
