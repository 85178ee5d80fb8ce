package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Neurons that never fire: their preactivations lie in the tail of the activation function. Those
 * are drawn from the points at which mpmath has its values, so that the truth is known in double.
 */
class SilentNeuronsTest {
  private static final int TOKENS = 2000;
  private static final int M = 12;

  private record Point(double x, double y) {}

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void correlateAsInDouble(Backend backend) {
    for (String name : new String[] {"gelu_new", "gelu", "silu", "quick_gelu"}) {
      Random random = new Random(3);
      Point[] points = points(name);
      double[][] pre = new double[TOKENS][2 * M];
      double[][] truth = new double[TOKENS][2 * M];
      for (int t = 0; t < TOKENS; t++) {
        double cause = random.nextGaussian();
        for (int j = 0; j < 2 * M; j++) {
          double mean = -5 - 0.4 * (j % M);
          Point point = nearest(points, mean + 0.4 * cause + 0.3 * random.nextGaussian());
          pre[t][j] = point.x;
          truth[t][j] = point.y;
        }
      }
      boolean[] keep = new boolean[TOKENS];
      Arrays.fill(keep, true);
      try (Kernels kernels = backend.open(2).kernels();
          Arena arena = Arena.ofShared()) {
        double[][] post = activated(kernels, arena, Activation.names().get(name), pre);
        Streamed streamed =
            new Streamed(kernels, arena, Streamed.models(1, M, 1, M), Arrays.copyOf(post, 200));
        Tails found = streamed.show(post, keep, 500).summary(M).pairs().getFirst().highest();
        for (int i = 0; i < M; i++) {
          for (int rank = 0; rank < M; rank++) {
            int j = found.match(i, rank);
            double expected = Naive.correlation(truth, i, truth, M + j, keep);
            assertFalse(Double.isNaN(expected));
            assertEquals(expected, found.value(i, rank), 1e-4, name + " " + i + " " + j);
          }
        }
      }
    }
  }

  private static Point[] points(String name) {
    Path file = Path.of(System.getProperty("homolog.testResources"), "activations.safetensors");
    try (SafetensorsFile golden = SafetensorsFile.open(file)) {
      double[] x = values(golden.tensor("x"));
      double[] y = values(golden.tensor(name));
      return IntStream.range(0, x.length)
          .filter(i -> x[i] > -13 && x[i] < -1)
          .mapToObj(i -> new Point(x[i], y[i]))
          .toArray(Point[]::new);
    }
  }

  private static double[] values(StoredTensor stored) {
    return Tensor.wrap(stored.data(), stored.dtype(), stored.elements(), 1).toArray();
  }

  private static Point nearest(Point[] points, double x) {
    Point best = points[0];
    for (Point point : points) {
      best = Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best;
    }
    return best;
  }

  /** f of the preactivations, as a layer whose matrix is the identity makes it. */
  private static double[][] activated(Kernels kernels, Arena arena, Activation f, double[][] pre) {
    int n = pre[0].length;
    Tensor x = Tensor.allocate(arena, kernels.working(), pre.length, n);
    Tensor identity = Tensor.allocate(arena, kernels.working(), n, n);
    for (int j = 0; j < n; j++) {
      identity.set(j, j, 1);
    }
    for (int t = 0; t < pre.length; t++) {
      x.writeRow(t, pre[t]);
    }
    Tensor post = kernels.allocate(arena, kernels.working(), pre.length, n);
    kernels.linearActivate(
        kernels.fromHost(arena, x), kernels.fromHost(arena, identity), null, f, null, post);
    Tensor host = kernels.toHost(arena, post);
    double[][] values = new double[pre.length][n];
    for (int t = 0; t < pre.length; t++) {
      host.readRow(t, values[t]);
    }
    return values;
  }
}
