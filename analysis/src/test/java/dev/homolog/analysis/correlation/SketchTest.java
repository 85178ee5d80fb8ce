package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.DetachedKernels;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Similarities that are estimated from a sketch, against the textbook's and against their law. */
class SketchTest {
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  private static CorrelationPass.Settings settings(
      Streamed streamed, Similarity similarity, int size, long seed) {
    Comparison comparison =
        new Comparison(similarity, 3, 0.5, false, false, false, Method.sketch(size));
    return new CorrelationPass.Settings(
        streamed.kernels,
        comparison,
        Baseline.rotation(1),
        seed,
        streamed.models,
        streamed.prepared(),
        List.of(Rotation.random(7, 0)),
        1000);
  }

  private SketchPass sketch(Streamed streamed, Similarity similarity, int size, long seed) {
    SketchPass pass =
        new SketchPass(settings(streamed, similarity, size, seed), arena, streamed::moments);
    pass.sinks().forEach(streamed::with);
    return pass;
  }

  private CorrelationSink products(SketchPass pass, Strip strip) {
    CorrelationSink within = pass.withinLayers(arena, ProgressListener.NONE);
    return pass.products(arena, within, List.of(strip), ProgressListener.NONE);
  }

  /** Estimated similarities of all neurons of the first two models. */
  private double[][] all(SketchPass pass, Measure measure, List<ModelNeurons> models) {
    Strip strip = CorrelationSink.allOfReference(models);
    CorrelationSink products = products(pass, strip);
    ModelNeurons a = models.get(0);
    ModelNeurons b = models.get(1);
    double[][] r = new double[a.count()][];
    CorrelationSummary.forBlocks(
        measure,
        products.cross(strip, b),
        measure.columns(arena, a, 0, a.count(), Measure.Undefined.NAN),
        measure.columns(arena, b, 0, b.count(), Measure.Undefined.NAN),
        (block, row) -> {
          Tensor host = measure.kernels().toHost(arena, block);
          for (int i = 0; i < host.rows(); i++) {
            r[row + i] = host.rows(i, i + 1).toArray();
          }
        });
    return r;
  }

  private static boolean[] keepMost(int tokens) {
    boolean[] keep = new boolean[tokens];
    for (int t = 0; t < tokens; t++) {
      keep[t] = t % 11 != 0;
    }
    return keep;
  }

  /** Activations with a common part, whose means are far from what the first rows say. */
  private static double[][] shifted(int tokens, int neurons, long seed) {
    Random random = new Random(seed);
    double[][] x = new double[tokens][neurons];
    for (int t = 0; t < tokens; t++) {
      double shared = random.nextGaussian();
      for (int j = 0; j < neurons; j++) {
        double shift = t < 8 ? 0 : 5 * (j % 3);
        x[t][j] = (float) (shift + shared * (j % 5) + random.nextGaussian());
      }
    }
    return x;
  }

  /** A sketch in which no two tokens share a bucket has lost nothing, whatever the signs. */
  @ParameterizedTest
  @CsvSource({
    "SCALAR, PEARSON",
    "VECTOR, PEARSON",
    "TORCH, PEARSON",
    "SCALAR, COSINE",
    "VECTOR, COSINE"
  })
  void tokensInBucketsOfTheirOwnAreExact(Backend backend, Similarity similarity) {
    int tokens = 60;
    int size = 1 << 16;
    TokenHash hash = new TokenHash(3, size);
    long buckets =
        IntStream.range(0, tokens).map(t -> hash.bucket(hash.of(t, 0))).distinct().count();
    assertEquals(tokens, buckets, "buckets");
    List<ModelNeurons> models = Streamed.models(2, 3, 2, 5, 1, 7);
    double[][] x = shifted(tokens, 23, 1);
    for (double[] row : x) {
      row[2] = 0.25; // constant
    }
    boolean[] keep = keepMost(tokens);
    try (Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models, similarity, Arrays.copyOf(x, 8));
      SketchPass pass = sketch(streamed, similarity, size, 3);
      streamed.show(x, keep, 17);
      Measure measure = pass.complete();
      double[][] r = all(pass, measure, models);
      for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 10; j++) {
          double expected =
              similarity == Similarity.PEARSON
                  ? Naive.correlation(x, i, x, 6 + j, keep)
                  : cosine(x, i, 6 + j, keep);
          assertEquals(expected, r[i][j], 1e-5, i + " " + j);
        }
      }
      // rotated neurons are sketched as well as these
      Strip strip = CorrelationSink.allOfReference(models);
      Rotation rotation = Rotation.random(7, 0);
      double[][] expected = streamed.baseline(rotation);
      CorrelationSink products = products(pass, strip);
      double[][] actual =
          new RotationBaseline(products, measure)
              .best(rotation, strip, List.of(strip), ProgressListener.NONE);
      for (int other = 0; other < 2; other++) {
        assertArrayEquals(expected[other], actual[other], 1e-5);
      }
    }
  }

  private static double cosine(double[][] x, int i, int j, boolean[] keep) {
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int t = 0; t < keep.length; t++) {
      if (keep[t]) {
        xx += x[t][i] * x[t][i];
        yy += x[t][j] * x[t][j];
        xy += x[t][i] * x[t][j];
      }
    }
    return xy / Math.sqrt(xx * yy);
  }

  /**
   * Planted pairs of known r: the error has mean 0 and the deviation (1 − r²) / √K. With n pairs a
   * root mean square is known to within 1 / √(2 n) of itself.
   */
  @Test
  void errorsFollowTheirLaw() {
    int tokens = 3000;
    int size = 1024;
    double[] planted = {0, 0.3, 0.6, 0.9};
    int each = 400;
    int n = planted.length * each;
    Random random = new Random(5);
    double[][] x = new double[tokens][2 * n];
    for (double[] row : x) {
      for (int i = 0; i < n; i++) {
        double r = planted[i / each];
        row[i] = random.nextGaussian();
        row[n + i] = r * row[i] + Math.sqrt(1 - r * r) * random.nextGaussian();
      }
    }
    List<ModelNeurons> models = Streamed.models(1, n, 1, n);
    boolean[] keep = keepMost(tokens);
    try (Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models, Arrays.copyOf(x, 100));
      SketchPass pass = sketch(streamed, Similarity.PEARSON, size, 0);
      streamed.show(x, keep, 500);
      Measure measure = pass.complete();
      double[][] r = all(pass, measure, models);
      for (int level = 0; level < planted.length; level++) {
        double sum = 0;
        double squares = 0;
        for (int i = level * each; i < (level + 1) * each; i++) {
          double error = r[i][i] - Naive.correlation(x, i, x, n + i, keep);
          sum += error;
          squares += error * error;
        }
        double law = (1 - planted[level] * planted[level]) / Math.sqrt(size);
        assertEquals(0, sum / each, 4 * law / Math.sqrt(each), "mean at " + planted[level]);
        assertEquals(1, Math.sqrt(squares / each) / law, 0.12, "size at " + planted[level]);
      }
      // On a text r of independent neurons is not 0: what chance reaches is that of fewer tokens.
      double squares = 0;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          squares += i == j ? 0 : r[i][j] * r[i][j];
        }
      }
      double kept = IntStream.range(0, tokens).filter(t -> keep[t]).count();
      double expected = 1 / kept + (1 - 1 / kept) / size;
      assertEquals(1, expected * measure.tokens(), 0.001);
      assertEquals(1, squares / n / (n - 1.0) / expected, 0.02);
    }
  }

  @ParameterizedTest
  @CsvSource({"VECTOR", "TORCH"})
  void partsAddUpToTheWhole(Backend backend) {
    int tokens = 700;
    List<ModelNeurons> models = Streamed.models(2, 11, 1, 23);
    double[][] x = shifted(tokens, 45, 2);
    boolean[] keep = keepMost(tokens);
    try (Kernels kernels = backend.open(2).kernels()) {
      Map<String, double[]> whole = state(kernels, models, x, keep, 0, tokens);
      Map<String, double[]> parts = state(kernels, models, x, keep, 0, 300);
      state(kernels, models, x, keep, 300, tokens)
          .forEach(
              (name, added) -> Arrays.setAll(parts.get(name), i -> parts.get(name)[i] + added[i]));
      assertEquals(whole.keySet(), parts.keySet());
      whole.forEach((name, sums) -> assertArrayEquals(sums, parts.get(name), 1e-4, name));
    }
  }

  /** The sums of tokens [from, to), which have been merged into an empty sketch. */
  private Map<String, double[]> state(
      Kernels kernels, List<ModelNeurons> models, double[][] x, boolean[] keep, int from, int to) {
    boolean[] part = keep.clone();
    Arrays.fill(part, 0, from, false);
    Arrays.fill(part, to, keep.length, false);
    SketchSink read = new SketchSink(kernels, arena, new TokenHash(9, 300), 45);
    new Streamed(kernels, arena, models, Arrays.copyOf(x, 30)).with(read).show(x, part, 128);
    Map<String, Tensor> saved = new HashMap<>();
    read.state().forEach((name, sums) -> saved.put(name, kernels.toHost(arena, sums)));
    SketchSink merged = new SketchSink(kernels, arena, new TokenHash(9, 300), 45);
    merged.merge(saved);
    Map<String, double[]> state = new HashMap<>();
    merged.state().forEach((name, sums) -> state.put(name, sums.toArray()));
    return state;
  }

  /** On a device nothing reaches into a sketch, and strips say what the whole says. */
  @Test
  void stripsAndDevicesDoNotMatter() {
    List<ModelNeurons> models = Streamed.models(2, 11, 1, 23, 1, 9);
    double[][] x = shifted(900, 54, 3);
    boolean[] keep = keepMost(900);
    try (Kernels host = Backend.VECTOR.open(2).kernels()) {
      double[][] expected = null;
      for (Kernels kernels : List.of(host, DetachedKernels.over(host))) {
        Streamed streamed = new Streamed(kernels, arena, models, Arrays.copyOf(x, 30));
        SketchPass pass = sketch(streamed, Similarity.PEARSON, 10_000, 1);
        streamed.show(x, keep, 200);
        Measure measure = pass.complete();
        CorrelationSink within = pass.withinLayers(arena, ProgressListener.NONE);
        for (int rows : new int[] {22, 7}) {
          double[][] best = new double[2][22];
          double[][] baseline = new double[2][22];
          for (int from = 0; from < 22; from += rows) {
            Strip strip = new Strip(0, from, Math.min(22, from + rows));
            CorrelationSink products =
                pass.products(arena, within, List.of(strip), ProgressListener.NONE);
            CorrelationPass sums =
                new CorrelationPass(
                    settings(streamed, Similarity.PEARSON, 10_000, 1), products, measure);
            double[][] ofStrip = sums.best(List.of(strip));
            CorrelationMeasurement.copyStrip(ofStrip, best, strip);
            double[][] draw =
                sums.baseline(List.of(strip), ofStrip, 1, ProgressListener.NONE).getFirst();
            CorrelationMeasurement.copyStrip(draw, baseline, strip);
          }
          double[][] found = {best[0], best[1], baseline[0], baseline[1]};
          expected = expected == null ? found : expected;
          assertTrue(Arrays.deepEquals(expected, found), rows + " rows");
        }
      }
    }
  }

  @Test
  void stripsTakeAnEighthOfTheSketch() {
    Comparison comparison =
        new Comparison(Similarity.PEARSON, 3, 0.5, false, false, false, Method.sketch(1 << 15));
    SketchStrips strips = SketchStrips.of(List.of(24_000, 40_000), comparison, DType.F32);
    // 2^15 · 64,000 / 8 / 40,000 = 6,553 rows fit, which makes four strips
    assertEquals(new SketchStrips(6000, 4), strips);
    assertEquals(
        new SketchStrips(100, 1), SketchStrips.of(List.of(100, 200), comparison, DType.F32));
  }
}
