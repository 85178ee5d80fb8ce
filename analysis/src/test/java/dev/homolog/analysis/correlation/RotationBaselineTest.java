package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The baseline from covariances against activations that were really turned. */
class RotationBaselineTest {

  @ParameterizedTest
  @CsvSource({
    "SCALAR, 13, 1e-12",
    "VECTOR, 13, 1e-5",
    "TORCH, 13, 1e-5",
    "VECTOR, 401, 1e-5",
    "TORCH, 401, 1e-5"
  })
  void agreesWithTurnedActivations(Backend backend, int width, double tolerance) {
    int tokens = 600;
    List<ModelNeurons> models = Streamed.models(2, 19, 2, width, 3, 21);
    int last = 38 + 2 * width; // where the neurons of the last model begin
    double[][] x = activations(tokens, last + 63);
    boolean[] keep = new boolean[tokens];
    for (int t = 0; t < tokens; t++) {
      keep[t] = t % 5 != 0;
      x[t][38 + 4] = 2; // a constant neuron of an other
      Arrays.fill(x[t], last + 42, last + 63, 0.5); // and a whole last layer
      x[t][38 + 5] = (float) (1e3 + 1e-2 * x[t][38 + 5]);
      x[t][7] = -1; // and one of the reference
    }
    try (Arena arena = Arena.ofShared();
        Kernels kernels = backend.open(2).kernels()) {
      Streamed streamed = new Streamed(kernels, arena, models, Arrays.copyOf(x, 60));
      streamed.show(x, keep, 100);
      Rotation rotation = Rotation.random(11, 0);
      double[][] actual = streamed.baseline(rotation);
      for (int other = 0; other < 2; other++) {
        double[][] turned = turn(x, models.get(other + 1), rotation, other);
        for (int i = 0; i < 38; i++) {
          double expected = Double.NaN;
          for (int j = 0; j < turned[0].length; j++) {
            double r = Naive.correlation(x, i, turned, j, keep);
            expected = r > expected || Double.isNaN(expected) ? r : expected;
          }
          assertEquals(expected, actual[other][i], tolerance, "neuron " + i);
          assertEquals(i == 7, Double.isNaN(actual[other][i]));
        }
      }
    }
  }

  @Test
  void rowsHaveLengthOneAndDrawsDiffer() {
    double[][] matrix = Streamed.matrix(Rotation.random(1, 0), 0, 0, 57);
    double mean = 0;
    for (double[] row : matrix) {
      assertEquals(1, Arrays.stream(row).map(v -> v * v).sum(), 1e-12);
      mean += Arrays.stream(row).sum() / (57 * 57);
    }
    // entries have deviation 1/sqrt(57), so their mean over the matrix has 1/57^1.5
    assertEquals(0, mean, 4 * Math.pow(57, -1.5));
    assertTrue(Arrays.deepEquals(matrix, Streamed.matrix(Rotation.random(1, 0), 0, 0, 57)));
    assertNotEquals(matrix[0][0], Streamed.matrix(Rotation.random(1, 1), 0, 0, 57)[0][0]);
    assertNotEquals(matrix[0][0], Streamed.matrix(Rotation.random(1, 0), 1, 0, 57)[0][0]);
    assertNotEquals(matrix[0][0], Streamed.matrix(Rotation.random(1, 0), 0, 1, 57)[0][0]);
    assertNotEquals(matrix[0][0], Streamed.matrix(Rotation.random(2, 0), 0, 0, 57)[0][0]);
  }

  @Test
  void aFileOfMatricesIsUsedAsGivenAndAnotherShapeIsRefused(@TempDir Path folder) {
    Path file = folder.resolve("r.npy");
    try (Arena arena = Arena.ofShared()) {
      Tensor all = Tensor.allocate(arena, DType.F64, 2 * 3, 3);
      for (int row = 0; row < 6; row++) {
        for (int k = 0; k < 3; k++) {
          all.set(row, k, row * 10 + k);
        }
      }
      NpyFile.write(file, DType.F64, List.of(2L, 3L, 3L), all.data());
    }
    List<ModelNeurons> fits = Streamed.models(2, 3);
    Rotation rotation = Rotation.read(file, fits);
    assertEquals(31, Streamed.matrix(rotation, 0, 1, 3)[0][1], 0);
    assertEquals(31, Streamed.matrix(rotation, 5, 1, 3)[0][1], 0, "the same for every model");
    var e = assertThrows(InputException.class, () -> Rotation.read(file, Streamed.models(2, 4)));
    assertEquals(
        file
            + ": F64 [2, 3, 3] is no rotation of model m0; give float16, float32 or float64"
            + " [2, 4, 4]",
        e.getMessage());
  }

  private static double[][] turn(double[][] x, ModelNeurons model, Rotation rotation, int other) {
    int m = model.dMlp();
    double[][] turned = new double[x.length][model.count()];
    for (int layer = 0; layer < model.layers(); layer++) {
      double[][] matrix = Streamed.matrix(rotation, other, layer, m);
      int from = (int) model.offset() + layer * m;
      for (int t = 0; t < x.length; t++) {
        for (int j = 0; j < m; j++) {
          double sum = 0;
          for (int k = 0; k < m; k++) {
            sum += matrix[j][k] * x[t][from + k];
          }
          turned[t][layer * m + j] = sum;
        }
      }
    }
    return turned;
  }

  private static double[][] activations(int tokens, int neurons) {
    Random random = new Random(99);
    double[][] x = new double[tokens][neurons];
    for (double[] row : x) {
      double cause = random.nextGaussian();
      for (int j = 0; j < neurons; j++) {
        row[j] = (float) ((j % 3) * cause + random.nextGaussian() * (1 + j % 4));
      }
    }
    return x;
  }
}
