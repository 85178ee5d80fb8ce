package dev.homolog.analysis.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Processing;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.ProgressListener;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights of model a against what make_weights.py computed in float64 with numpy alone. */
class WeightsGoldenTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final int CHOSEN = 8;
  private static final int NEURONS = 2048;

  /** The rows of a golden array [..., columns]. */
  private static double[][] golden(String name, int columns) {
    try (NpyFile file = NpyFile.open(FAMILY.resolve("study").resolve(name + ".npy"))) {
      long elements = file.data().byteSize() / 8;
      Tensor all = Tensor.wrap(file.data(), file.dtype(), elements / columns, columns);
      double[][] rows = new double[Math.toIntExact(all.rows())][columns];
      for (int i = 0; i < rows.length; i++) {
        all.readRow(i, rows[i]);
      }
      return rows;
    }
  }

  @ParameterizedTest
  @CsvSource({"VECTOR, FOLDED", "VECTOR, RAW", "TORCH, FOLDED", "TORCH, RAW"})
  void numbersOfAllNeurons(Backend backend, Processing processing) {
    double[][] golden = golden("weights_neurons", 13);
    try (Kernels kernels = backend.open(2).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(FAMILY.resolve("a"));
        var tables =
            new WeightTables(
                kernels,
                checkpoint,
                new WeightTables.Request(processing, new int[0], null),
                ProgressListener.NONE)) {
      List<OfNeuron> neurons = tables.neurons();
      assertEquals(NEURONS, neurons.size());
      for (int i = 0; i < 512; i++) {
        double[] expected = golden[processing == Processing.FOLDED ? i : 512 + i];
        OfNeuron neuron = neurons.get(4 * i);
        assertEquals(expected[0], neuron.inNorm(), 1e-10 * expected[0]);
        assertEquals(expected[1], neuron.outNorm(), 1e-10 * expected[1]);
        assertEquals(expected[2], neuron.bias(), 1e-10);
        assertEquals(expected[3], neuron.similarity(), 1e-10);
        assertEquals(expected[4], neuron.l2Penalty(), 1e-10 * expected[4]);
        Close.moments(expected, 5, array(neuron.vocabulary()), 4 * i + " vocab");
        Close.moments(expected, 9, array(neuron.vocabularyProduct()), 4 * i + " vocab_dot");
        assertEquals(4096, neuron.vocabulary().count());
      }
    }
  }

  private static double[] array(RowMoments moments) {
    return new double[] {moments.mean(), moments.variance(), moments.skew(), moments.kurtosis()};
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void tables(Backend backend) {
    try (Kernels kernels = backend.open(2).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(FAMILY.resolve("a"))) {
      ModelConfig config = checkpoint.config();
      WeightTables.Request request =
          WeightTables.Request.all(Processing.FOLDED, config, id -> "token " + id);
      try (var tables = new WeightTables(kernels, checkpoint, request, ProgressListener.NONE)) {
        Map<String, List<Rows.Row>> neighbours = Rows.neighbours(tables.neighbours());
        Map<String, List<Rows.Row>> vocabulary = Rows.vocabulary(tables.vocabulary());
        Map<String, List<Rows.Row>> composition = Rows.composition(tables.composition());
        Map<String, double[]> moments = Rows.moments(tables.moments());
        assertEquals(4 * NEURONS, neighbours.size());
        assertEquals(4 * NEURONS, vocabulary.size());
        assertEquals(4 * NEURONS, composition.size());
        assertEquals(8 * NEURONS, moments.size());
        String[] kinds = {"in_in", "in_out", "out_in", "out_out"};
        String[] spaces = {"E_in", "U_in", "E_out", "U_out"};
        double[][] near = golden("weights_neighbours", 84);
        double[][] tokens = golden("weights_vocabulary", 404);
        double[][] heads = golden("weights_composition", 16);
        for (int n = 0; n < CHOSEN; n++) {
          String name = 256 * n / 512 + " " + 256 * n % 512 + " ";
          for (int i = 0; i < 4; i++) {
            checkEnds(near[4 * n + i], 20, 512, neighbours.get(name + kinds[i]), name + kinds[i]);
            checkMoments(near[4 * n + i], 80, 2047, moments.get(name + kinds[i]), name + kinds[i]);
            checkEnds(
                tokens[4 * n + i], 100, 0, vocabulary.get(name + spaces[i]), name + spaces[i]);
            checkMoments(
                tokens[4 * n + i], 400, 4096, moments.get(name + spaces[i]), name + spaces[i]);
            checkHeads(heads[4 * n + i], composition.get(name + "qkvo".charAt(i)), name + i);
          }
        }
        checkHistograms(tables.histograms());
      }
    }
  }

  /** Highest ids and cosines, then lowest; where rounding decides the order, either will do. */
  private static void checkEnds(
      double[] golden, int top, int dMlp, List<Rows.Row> rows, String what) {
    assertEquals(2 * top, rows.size());
    for (int i = 0; i < 2 * top; i++) {
      Rows.Row row = rows.get(i);
      boolean high = i < top;
      int place = i % top;
      assertEquals(high ? place + 1 : -place - 1, row.rank(), what);
      int cosines = (high ? 1 : 3) * top;
      Close.cosine(golden[cosines + place], row.value(), what + " " + i);
      int id = dMlp == 0 ? row.first() : row.first() * dMlp + row.second();
      double[] ids = Arrays.copyOfRange(golden, cosines - top, cosines);
      int theirs = place;
      for (int p = 0; p < top; p++) {
        theirs = ids[p] == id ? p : theirs;
      }
      // The last may have one beyond the list for a rival.
      assertTrue(ids[theirs] == id || place == top - 1, what + " " + i);
      assertEquals(golden[cosines + place], golden[cosines + theirs], 1e-6, what + " " + i);
    }
  }

  private static void checkMoments(
      double[] golden, int at, long count, double[] moments, String what) {
    assertEquals(count, moments[0]);
    Close.moments(golden, at, Arrays.copyOfRange(moments, 1, 5), what);
  }

  private static void checkHeads(double[] golden, List<Rows.Row> rows, String what) {
    assertEquals(10, rows.size());
    double[] sorted = Arrays.stream(golden).sorted().toArray();
    for (int i = 0; i < 10; i++) {
      Rows.Row row = rows.get(i);
      assertEquals(i + 1, row.rank());
      Close.relative(sorted[15 - i], row.value(), what);
      Close.relative(golden[row.first() * 4 + row.second()], row.value(), what);
    }
  }

  private static void checkHistograms(Table found) {
    double[][] golden = new double[4][100];
    try (NpyFile file = NpyFile.open(FAMILY.resolve("study/weights_histograms.npy"))) {
      Tensor all = Tensor.wrap(file.data(), file.dtype(), 4, 100);
      for (int i = 0; i < 400; i++) {
        golden[i / 100][i % 100] = all.get(i / 100, i % 100);
      }
    }
    String[] kinds = {"in_in", "in_out", "out_in", "out_out"};
    assertEquals(400, found.rows());
    for (int kind = 0; kind < 4; kind++) {
      double moved = 0;
      long total = 0;
      for (int bin = 0; bin < 100; bin++) {
        int row = 100 * kind + bin;
        assertEquals("cosine_" + kinds[kind], found.texts("what").get(row));
        assertEquals(-1 + 0.02 * bin, found.doubles("low").get(row), 1e-12);
        assertEquals(-0.98 + 0.02 * bin, found.doubles("high").get(row), 1e-12);
        total += found.longs("count").get(row);
        moved += Math.abs(golden[kind][bin] - found.longs("count").get(row));
      }
      assertEquals(NEURONS * (NEURONS - 1L), total);
      // Rounding moves a cosine over an edge where it is within 1e-7 of it: 1 in 100,000.
      assertTrue(moved < 400, kinds[kind] + " moved " + moved);
    }
  }
}
