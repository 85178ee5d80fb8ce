package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SumMemoryTest {
  private static final int NEURONS = 6;
  private static final int BATCH = 2048;

  @Test
  void manyAdditionsAreInDouble() {
    try (Kernels vector = Backend.VECTOR.open(1).kernels();
        Kernels scalar = Backend.SCALAR.open(1).kernels()) {
      assertEquals(DType.F32, SumMemory.type(vector, 1 << 20, 8192));
      assertEquals(DType.F64, SumMemory.type(vector, (1 << 20) + 1, 8192));
      assertEquals(DType.F32, SumMemory.type(vector, 512 * 256, 256));
      assertEquals(DType.F64, SumMemory.type(vector, 513 * 256, 256));
      assertEquals(DType.F64, SumMemory.type(vector, 1 << 20, 2049)); // two additions a batch
      assertEquals(DType.F64, SumMemory.type(scalar, 1, 1));
    }
  }

  /**
   * After the most additions that single precision gets, sums divided by the tokens are as exact as
   * correlations must be. Neuron 0 alternates, neuron 1 is 0 but for one token in a thousand,
   * neuron 5 is neuron 4, and with {@code repeated} every batch is the same, so that each addition
   * may round the same way.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void singlePrecisionIsAsGoodToItsLastToken(boolean repeated) {
    long batches = SumMemory.SINGLE_ADDITIONS;
    Random random = new Random(5);
    double[][] expected = new double[NEURONS][NEURONS];
    try (Arena arena = Arena.ofShared();
        Kernels kernels = Backend.VECTOR.open(2).kernels()) {
      Sums sums = new Sums(SumMemory.of(kernels, arena, batches * BATCH, BATCH));
      Tensor sum = sums.add("products", NEURONS, NEURONS);
      assertEquals(DType.F32, sum.dtype());
      Tensor z = kernels.allocate(arena, DType.F32, BATCH, NEURONS);
      for (long batch = 0; batch < batches; batch++) {
        if (batch == 0 || !repeated) {
          fill(z, random);
        }
        kernels.crossProducts(z, z, sum);
        for (int t = 0; t < BATCH; t++) {
          for (int i = 0; i < NEURONS; i++) {
            for (int j = 0; j < NEURONS; j++) {
              expected[i][j] += z.get(t, i) * z.get(t, j);
            }
          }
        }
      }
      for (int i = 0; i < NEURONS; i++) {
        for (int j = 0; j < NEURONS; j++) {
          double deviations = Math.sqrt(expected[i][i] * expected[j][j]);
          assertEquals(expected[i][j] / deviations, sum.get(i, j) / deviations, 1e-5, i + ", " + j);
        }
      }
    }
  }

  private static void fill(Tensor z, Random random) {
    for (int t = 0; t < BATCH; t++) {
      z.set(t, 0, t % 2 == 0 ? 1 : -1);
      z.set(t, 1, random.nextInt(1000) == 0 ? 30 : -0.03);
      z.set(t, 2, random.nextGaussian());
      z.set(t, 3, 0.3 * random.nextGaussian() + 0.7 * z.get(t, 2) + 0.2);
      z.set(t, 4, Math.exp(random.nextGaussian()) - 1.6);
      z.set(t, 5, z.get(t, 4));
    }
  }
}
