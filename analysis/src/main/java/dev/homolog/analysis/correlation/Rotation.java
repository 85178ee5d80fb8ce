package dev.homolog.analysis.correlation;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The matrices R that rotate the layers of the other models: drawn at random, or given in a file.
 */
public final class Rotation {
  private final long seed;
  private final int draw;
  private final Tensor matrices;

  private Rotation(long seed, int draw, Tensor matrices) {
    this.seed = seed;
    this.draw = draw;
    this.matrices = matrices;
  }

  /** Standard normal entries, rows scaled to length 1; different for each model, layer and draw. */
  public static Rotation random(long seed, int draw) {
    return new Rotation(seed, draw, null);
  }

  /**
   * Matrices from a {@code .npy} file [layers, m, m] of float16, 32 or 64 in C order. Every other
   * model uses the same ones, with rows as given.
   *
   * @throws InputException if the file is not that, or does not fit one of the models
   */
  public static Rotation read(Path file, List<ModelNeurons> others) {
    try (NpyFile npy = NpyFile.open(file)) {
      requireFits(file, npy, others);
      List<Long> shape = npy.shape();
      long rows = Math.multiplyExact(shape.get(0), shape.get(1));
      int m = Math.toIntExact(shape.get(1));
      Tensor mapped = Tensor.wrap(npy.data(), npy.dtype(), rows, m);
      // Outside the heap, freed with the last reference: it outlives the file.
      Tensor copy = Tensor.allocate(Arena.ofAuto(), npy.dtype(), rows, m);
      copy.data().copyFrom(mapped.data());
      double[] values = new double[m];
      for (int row = 0; row < rows; row++) {
        copy.readRow(row, values);
        requireUsable(file, values, row / m, row % m);
      }
      return new Rotation(0, 0, copy);
    }
  }

  /**
   * Looks at a file's header alone.
   *
   * @throws InputException as {@link #read} for another shape or type
   */
  public static void requireFits(Path file, List<ModelNeurons> others) {
    try (NpyFile npy = NpyFile.open(file)) {
      requireFits(file, npy, others);
    }
  }

  /**
   * Checks that the file holds a matrix of numbers, whatever it is to fit.
   *
   * @throws InputException if it does not
   */
  public static void requireFile(Path file) {
    NpyFile.open(file).close();
  }

  private static void requireFits(Path file, NpyFile npy, List<ModelNeurons> others) {
    for (ModelNeurons other : others) {
      List<Long> expectedShape =
          List.of((long) other.layers(), (long) other.dMlp(), (long) other.dMlp());
      if (!npy.dtype().isFloat() || !npy.shape().equals(expectedShape)) {
        throw new InputException(
            file,
            "",
            npy.dtype() + " " + npy.shape() + " is no rotation of model " + other.name(),
            "give float16, float32 or float64 " + expectedShape);
      }
    }
  }

  private static void requireUsable(Path file, double[] row, int layer, int number) {
    double square = 0;
    for (double value : row) {
      square += value * value;
    }
    if (!(square > 0 && square < Double.POSITIVE_INFINITY)) {
      throw new InputException(
          file,
          "[" + layer + ", " + number + "]",
          square == 0 ? "all zero" : "not finite",
          "give rows of finite numbers that are not all zero");
    }
  }

  /**
   * Writes the matrix of a layer of the other model with that number; row j gives rotated neuron j.
   *
   * @param rows F64 [m, m], on the host
   */
  public void fill(Tensor rows, int other, int layer) {
    int m = Math.toIntExact(rows.rows());
    RandomGenerator random =
        RandomGeneratorFactory.of("L64X128MixRandom").create(stream(other, layer));
    double[] row = new double[m];
    for (int j = 0; j < m; j++) {
      if (matrices != null) {
        matrices.readRow((long) layer * m + j, row);
      } else {
        double square = 0;
        for (int k = 0; k < m; k++) {
          row[k] = random.nextGaussian();
          square += row[k] * row[k];
        }
        double inverse = 1 / Math.sqrt(square);
        for (int k = 0; k < m; k++) {
          row[k] *= inverse;
        }
      }
      rows.writeRow(j, row);
    }
  }

  /** The seed of a matrix, mixed as in SplitMix64 so that neighbouring matrices are unrelated. */
  private long stream(int other, int layer) {
    long x = seed;
    for (long part : new long[] {draw, other, layer}) {
      x += 0x9e3779b97f4a7c15L * (part + 1);
      x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
      x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
      x ^= x >>> 31;
    }
    return x;
  }
}
