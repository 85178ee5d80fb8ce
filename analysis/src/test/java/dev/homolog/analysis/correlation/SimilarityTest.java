package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Other similarities than Pearson's, permuted tokens and subsets, against plain sums in double. */
class SimilarityTest {
  private static final int A = 22;
  private static final int B = 26;
  private static final int TOKENS = 900;

  private static double[][] activations() {
    Random random = new Random(41);
    double[][] x = new double[TOKENS][A + B];
    for (double[] row : x) {
      double cause = random.nextGaussian();
      for (int j = 0; j < row.length; j++) {
        double g = (j % 3) * 0.7 * cause + random.nextGaussian() * (1 + j % 4) - 0.5;
        row[j] = (float) (g > 0 ? g : 0.1 * g);
      }
      row[3] = (float) (50 + 0.01 * row[3]); // a large mean
      row[5] = 0; // no length, never fires
      row[A + 1] = -0.17; // constant, and not 0
      row[A + 2] = 0;
    }
    return x;
  }

  private static boolean[] keep() {
    boolean[] keep = new boolean[TOKENS];
    for (int t = 0; t < TOKENS; t++) {
      keep[t] = t % 7 != 3;
    }
    return keep;
  }

  private static double naive(
      Similarity similarity, double[][] x, int i, double[][] y, int j, boolean[] keep) {
    double xx = 0;
    double yy = 0;
    double xy = 0;
    double both = 0;
    double either = 0;
    for (int t = 0; t < TOKENS; t++) {
      if (keep[t]) {
        xx += x[t][i] * x[t][i];
        yy += y[t][j] * y[t][j];
        xy += x[t][i] * y[t][j];
        both += x[t][i] > 0 && y[t][j] > 0 ? 1 : 0;
        either += x[t][i] > 0 || y[t][j] > 0 ? 1 : 0;
      }
    }
    return switch (similarity) {
      case PEARSON -> Naive.correlation(x, i, y, j, keep);
      case COSINE -> xx == 0 || yy == 0 ? Double.NaN : xy / Math.sqrt(xx * yy);
      case JACCARD -> either == 0 ? Double.NaN : both / either;
    };
  }

  private static List<ModelNeurons> models() {
    return Streamed.models(2, 11, 2, 13);
  }

  @ParameterizedTest
  @CsvSource({
    "COSINE, SCALAR, 1e-12", "COSINE, VECTOR, 1e-5", "COSINE, TORCH, 1e-5",
    "JACCARD, SCALAR, 1e-12", "JACCARD, VECTOR, 1e-6", "JACCARD, TORCH, 1e-6"
  })
  void agreesWithPlainSums(Similarity similarity, Backend backend, double tolerance) {
    double[][] x = activations();
    try (Arena arena = Arena.ofShared();
        Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed =
          new Streamed(kernels, arena, models(), similarity, Arrays.copyOf(x, 60))
              .show(x, keep(), 128);
      PairMatches pair = streamed.summary(B).pairs().getFirst();
      int undefined = 0;
      for (int i = 0; i < A; i++) {
        for (int rank = 0; rank < B; rank++) {
          int match = pair.highest().match(i, rank);
          if (match < 0) {
            undefined++;
          } else {
            double expected = naive(similarity, x, i, x, A + match, keep());
            assertEquals(expected, pair.highest().value(i, rank), tolerance);
          }
        }
      }
      int expected = 0;
      for (int i = 0; i < A; i++) {
        for (int j = 0; j < B; j++) {
          expected += Double.isNaN(naive(similarity, x, i, x, A + j, keep())) ? 1 : 0;
        }
      }
      assertEquals(expected, undefined);
      assertTrue(undefined > 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"SCALAR, 1e-12", "VECTOR, 1e-5"})
  void rotationBaselineOfCosinesAgreesWithTurnedActivations(Backend backend, double tolerance) {
    double[][] x = activations();
    try (Arena arena = Arena.ofShared();
        Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed =
          new Streamed(kernels, arena, models(), Similarity.COSINE, Arrays.copyOf(x, 60))
              .show(x, keep(), 128);
      Rotation rotation = Rotation.random(11, 0);
      double[] actual = streamed.baseline(rotation)[0];
      double[][] turned = new double[TOKENS][B];
      for (int layer = 0; layer < 2; layer++) {
        double[][] matrix = Streamed.matrix(rotation, 0, layer, 13);
        for (int t = 0; t < TOKENS; t++) {
          for (int j = 0; j < 13; j++) {
            for (int k = 0; k < 13; k++) {
              turned[t][layer * 13 + j] += matrix[j][k] * x[t][A + layer * 13 + k];
            }
          }
        }
      }
      for (int i = 0; i < A; i++) {
        double best = Double.NaN;
        for (int j = 0; j < B; j++) {
          double cosine = naive(Similarity.COSINE, x, i, turned, j, keep());
          best = cosine > best || Double.isNaN(best) ? cosine : best;
        }
        assertEquals(best, actual[i], tolerance, "neuron " + i);
      }
    }
  }

  /** The sink's permutations are those of java.util.Random and Fisher and Yates, draw by draw. */
  @ParameterizedTest
  @EnumSource(Similarity.class)
  void permutedTokensAgreeWithReallyPermutedActivations(Similarity similarity) {
    double[][] x = activations();
    boolean[] keep = keep();
    try (Arena arena = Arena.ofShared();
        Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models(), similarity, Arrays.copyOf(x, 60));
      Strip all = CorrelationSink.allOfReference(models());
      PermutedSink sink =
          new PermutedSink(
              SumMemory.of(kernels, arena, x.length, 100),
              models(),
              all,
              new PermutedSink.Draws(2, 9),
              300);
      streamed.with(sink).show(x, keep, 300);
      double[][][] y = permuted(x, keep, 300, new PermutedSink.Draws(2, 9));
      for (int draw = 0; draw < 2; draw++) {
        double[] best =
            BestMatches.of(sink, draw, streamed.measure(), models(), all, List.of(all))[0];
        for (int i = 0; i < A; i++) {
          double expected = Double.NaN;
          for (int j = 0; j < B; j++) {
            double r = naive(similarity, x, i, y[draw], A + j, keep);
            expected = r > expected || Double.isNaN(expected) ? r : expected;
          }
          assertEquals(expected, best[i], 1e-5, "draw " + draw + ", neuron " + i);
        }
      }
    }
  }

  private static double[][][] permuted(
      double[][] x, boolean[] keep, int block, PermutedSink.Draws draws) {
    double[][][] y = new double[2][TOKENS][];
    for (int from = 0; from < TOKENS; from += block) {
      for (int draw = 0; draw < 2; draw++) {
        Random random = draws.random(from, draw); // each token is a row here
        int[] kept = new int[block];
        int n = 0;
        for (int t = from; t < from + block; t++) {
          y[draw][t] = x[t];
          if (keep[t]) {
            kept[n++] = t;
          }
        }
        int[] order = Arrays.copyOf(kept, n);
        for (int i = n - 1; i > 0; i--) {
          int j = random.nextInt(i + 1);
          int swap = order[i];
          order[i] = order[j];
          order[j] = swap;
        }
        for (int i = 0; i < n; i++) {
          y[draw][kept[i]] = x[order[i]];
        }
      }
    }
    return y;
  }

  @ParameterizedTest
  @EnumSource(Similarity.class)
  void subsetsAreTheSameAsTheirTokensAlone(Similarity similarity) {
    double[][] x = activations();
    boolean[] keep = keep();
    try (Arena arena = Arena.ofShared();
        Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models(), similarity, Arrays.copyOf(x, 60));
      Strip all = CorrelationSink.allOfReference(models());
      SubsetSink sink =
          new SubsetSink(SumMemory.of(kernels, arena, x.length, 100), models(), all, true, 3, 128);
      streamed.with(sink).show(x, keep, 128);
      for (int subset = 0; subset < 3; subset++) {
        boolean[] mine = keep.clone();
        long count = 0;
        for (int t = 0; t < TOKENS; t++) {
          mine[t] &= Streamed.subset(t) == subset;
          count += mine[t] ? 1 : 0;
        }
        Measure measure = sink.measure(subset, similarity, streamed.prepared());
        assertEquals(count, measure.tokens());
        double[] best = BestMatches.of(sink.sums(subset), measure, all, List.of(all))[0];
        for (int i = 0; i < A; i++) {
          double expected = Double.NaN;
          for (int j = 0; j < B; j++) {
            double r = naive(similarity, x, i, x, A + j, mine);
            expected = r > expected || Double.isNaN(expected) ? r : expected;
          }
          assertEquals(expected, best[i], 1e-5, "subset " + subset + ", neuron " + i);
        }
        if (similarity == Similarity.PEARSON) {
          Streamed alone =
              new Streamed(kernels, arena, models(), Arrays.copyOf(x, 60)).show(x, mine, 128);
          Rotation rotation = Rotation.random(3, 0);
          double[] turned =
              new RotationBaseline(sink.sums(subset), measure)
                  .best(rotation, all, List.of(all), (_, _, _) -> {})[0];
          org.junit.jupiter.api.Assertions.assertArrayEquals(
              alone.baseline(rotation)[0], turned, 1e-5);
        }
      }
    }
  }
}
