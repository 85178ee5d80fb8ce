package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups of counterparts, against all correlations by the textbook. */
class HomologsTest {
  /** Neurons a layer of the three models. */
  private static final int[] D_MLP = {4, 8, 2};

  private static final int N = 8;
  private static final int TOKENS = 600;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void groupsAreMutualBestMatches(boolean allPairs) {
    Random random = new Random(3);
    double[][] x = new double[TOKENS][3 * N];
    for (double[] row : x) {
      double[] causes = new double[N];
      Arrays.setAll(causes, _ -> random.nextGaussian());
      for (int model = 0; model < 3; model++) {
        for (int i = 0; i < N; i++) {
          // neuron 6 and 7 of the second and third model are of no cause of the first's
          double cause = i < 6 || model == 0 ? causes[i] : random.nextGaussian();
          row[model * N + (i + 3 * model) % N] = cause + (0.3 + 0.2 * i) * random.nextGaussian();
        }
      }
    }
    boolean[] keep = new boolean[TOKENS];
    Arrays.fill(keep, true);
    List<ModelNeurons> models = Streamed.models(2, D_MLP[0], 1, D_MLP[1], 4, D_MLP[2]);
    List<Strip> strips =
        allPairs ? List.of(new Strip(0, 0, N), new Strip(1, 0, N)) : List.of(new Strip(0, 0, N));
    try (Arena arena = Arena.ofShared();
        Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models, Arrays.copyOf(x, 60));
      CorrelationSink sink =
          new CorrelationSink(SumMemory.of(kernels, arena, x.length, 100), models, strips, false);
      streamed.with(sink).show(x, keep, 100);
      CorrelationSummary.Builder builder =
          new CorrelationSummary.Builder(kernels, arena, models, 2, allPairs);
      builder.add(sink, streamed.measure(), ProgressListener.NONE);
      List<Homologs.Group> groups = Homologs.of(builder.build(), 0.5).groups();
      assertAgrees(expected(x, keep, allPairs), groups);
    }
  }

  private static void assertAgrees(List<double[]> expected, List<Homologs.Group> groups) {
    assertEquals(expected.size(), groups.size());
    assertEquals(true, groups.size() >= 3);
    for (int g = 0; g < groups.size(); g++) {
      double[] group = expected.get(g);
      assertEquals(group[0], groups.get(g).cohesion(), 1e-5);
      int next = 0;
      for (int model = 0; model < 3; model++) {
        if (group[1 + 2 * model] >= 0) {
          Homologs.Member member = groups.get(g).members().get(next++);
          assertEquals(model, member.model());
          assertEquals(group[1 + 2 * model], member.neuron().flat(D_MLP[model]));
          assertEquals(group[2 + 2 * model], member.meanCorrelation(), 1e-5);
        }
      }
      assertEquals(next, groups.get(g).members().size());
    }
  }

  /** Cohesion, then neuron (or −1) and mean correlation for each model. */
  private static List<double[]> expected(double[][] x, boolean[] keep, boolean allPairs) {
    double[][] r = new double[3 * N][3 * N];
    for (int i = 0; i < 3 * N; i++) {
      for (int j = 0; j < 3 * N; j++) {
        r[i][j] = Naive.correlation(x, i, x, j, keep);
      }
    }
    List<double[]> groups = new ArrayList<>();
    for (int i = 0; i < N; i++) {
      int[] members = {i, mutual(r, i, 0, 1), mutual(r, i, 0, 2)};
      double[] sums = new double[3];
      int[] counts = new int[3];
      double total = 0;
      int edges = 0;
      for (int a = 0; a < 3; a++) {
        for (int b = a + 1; b < 3; b++) {
          boolean edge =
              (a == 0 || allPairs)
                  && members[a] >= 0
                  && members[b] >= 0
                  && mutual(r, members[a], a, b) == members[b];
          if (edge) {
            double value = r[a * N + members[a]][b * N + members[b]];
            total += value;
            edges++;
            sums[a] += value;
            sums[b] += value;
            counts[a]++;
            counts[b]++;
          }
        }
      }
      if (edges > 0) {
        double[] group = new double[7];
        group[0] = total / edges;
        for (int model = 0; model < 3; model++) {
          group[1 + 2 * model] = members[model];
          group[2 + 2 * model] = sums[model] / counts[model];
        }
        groups.add(group);
      }
    }
    return groups;
  }

  /** The mutual best match above 0.5, or −1. */
  private static int mutual(double[][] r, int neuron, int model, int other) {
    int best = 0;
    for (int j = 1; j < N; j++) {
      best =
          r[model * N + neuron][other * N + j] > r[model * N + neuron][other * N + best] ? j : best;
    }
    int back = 0;
    for (int i = 1; i < N; i++) {
      back = r[other * N + best][model * N + i] > r[other * N + best][model * N + back] ? i : back;
    }
    return back == neuron && r[model * N + neuron][other * N + best] > 0.5 ? best : -1;
  }
}
