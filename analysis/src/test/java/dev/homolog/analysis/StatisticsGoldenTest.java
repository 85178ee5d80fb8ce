package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Statistics of model a against what make_statistics.py computed in float64 with numpy alone. */
class StatisticsGoldenTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final Path GOLDEN = FAMILY.resolve("study");
  private static final int ROWS = 24;
  private static final int CONTEXT = 64;

  private static StudyStatistics found(Backend backend, int batch) {
    TokenInput text =
        TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
            .withContext(CONTEXT)
            .withMaxTokens(ROWS * CONTEXT);
    StudyOptions options =
        StudyOptions.of(FAMILY.resolve("a"), List.of(FAMILY.resolve("b")), text)
            .withBaseline(Baseline.none())
            .withBatchRows(batch)
            .withTop(1);
    try (Kernels kernels = backend.open(2).kernels()) {
      return Study.run(options, kernels).statistics();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void everyNeuronIsAsNumpySays(Backend backend) {
    StudyStatistics found = found(backend, 7);
    try (NpyFile file = NpyFile.open(GOLDEN.resolve("statistics.npy"))) {
      Tensor golden = Tensor.wrap(file.data(), file.dtype(), 2048, 6);
      int differ = 0;
      for (int n = 0; n < golden.rows(); n++) {
        StudyStatistics.OfNeuron neuron = found.neurons().get(n);
        assertClose(golden.get(n, 0), neuron.mean());
        assertClose(golden.get(n, 1), neuron.variance());
        assertClose(golden.get(n, 2), neuron.skew());
        assertClose(golden.get(n, 3), neuron.kurtosis());
        // A position where MLP_PRE is 0 but for rounding may fire in one precision alone.
        double one = 1.0 / (ROWS * CONTEXT);
        assertEquals(golden.get(n, 4), neuron.sparsity(), 1.5 * one);
        if (Math.abs(golden.get(n, 4) - neuron.sparsity()) > one / 2) {
          differ++;
        } else {
          assertEquals(golden.get(n, 5), neuron.positionInformation(), 1e-9);
        }
      }
      assertTrue(differ <= 10, differ + " neurons fire otherwise");
    }
  }

  private static void assertClose(double expected, double found) {
    assertEquals(expected, found, 1e-4 * Math.max(1e-2, Math.abs(expected)));
  }

  @Test
  void chosenNeuronsAreAsNumpySays() {
    StudyStatistics found = found(Backend.VECTOR, 5);
    int compared = 0;
    try (NpyFile file = NpyFile.open(GOLDEN.resolve("statistics_chosen.npy"))) {
      Tensor golden = Tensor.wrap(file.data(), file.dtype(), 32, 2 * CONTEXT + 257);
      for (StudyStatistics.OfChosen of : found.chosen()) {
        int flat = of.neuron().flat(512);
        if (flat % 64 != 0) {
          continue;
        }
        int row = flat / 64;
        compared++;
        for (int p = 0; p < CONTEXT; p++) {
          assertEquals(golden.get(row, p), of.positions().get(p).mean(), 1e-5);
          assertEquals(golden.get(row, CONTEXT + p), of.positions().get(p).max(), 1e-5);
          assertEquals(ROWS, of.positions().get(p).count());
        }
        double moved = 0;
        for (int bin = 0; bin < of.histogram().size(); bin++) {
          moved += Math.abs(golden.get(row, 2 * CONTEXT + bin) - of.histogram().get(bin));
        }
        // Rounding may move a position over an edge, out of one bin and into the next.
        assertTrue(moved <= 4, "neuron " + of.neuron() + ": " + moved);
      }
    }
    assertTrue(compared >= 8, compared + " neurons compared");
  }
}
