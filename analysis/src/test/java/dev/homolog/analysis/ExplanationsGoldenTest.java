package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.Explanations.Explanation;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Explanations of model a against what make_explanations.py computed in float64 with numpy. */
class ExplanationsGoldenTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final Path GOLDEN = FAMILY.resolve("study");
  private static final int ROWS = 24;
  private static final int CONTEXT = 64;

  private static Explanations found(Backend backend) {
    TokenInput text =
        TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
            .withContext(CONTEXT)
            .withMaxTokens(ROWS * CONTEXT);
    StudyOptions options =
        StudyOptions.of(FAMILY.resolve("a"), List.of(FAMILY.resolve("b")), text)
            .withBaseline(Baseline.none())
            .withBatchRows(7)
            .withTop(1);
    try (Kernels kernels = backend.open(2).kernels()) {
      return Study.run(options, kernels).explanations();
    }
  }

  /** Each that numpy has is among the best of a neuron with numpy's numbers, or is less good. */
  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"VECTOR", "TORCH"})
  void everyFeatureSaysWhatNumpySays(Backend backend) throws IOException {
    Explanations found = found(backend);
    List<String> names = Files.readAllLines(GOLDEN.resolve("explanations.txt"));
    int compared = 0;
    try (NpyFile file = NpyFile.open(GOLDEN.resolve("explanations.npy"))) {
      Tensor golden = Tensor.wrap(file.data(), file.dtype(), 32 * 3, names.size());
      for (int row = 0; row < 32; row++) {
        Map<String, Explanation> best = new HashMap<>();
        for (Explanation of : found.best(64 * row, Explanations.KEPT)) {
          best.put(of.feature().kind() + "\t" + of.feature().name(), of);
        }
        double least =
            best.values().stream().mapToDouble(Explanation::explained).min().orElseThrow();
        for (int f = 0; f < names.size(); f++) {
          double explained = golden.get(3L * row, f);
          Explanation of = best.get(names.get(f));
          if (of == null) {
            assertTrue(
                explained <= least * 1.0001 || !isTried(found, names.get(f)),
                names.get(f) + " of " + 64 * row + ": " + explained + ", best from " + least);
            continue;
          }
          compared++;
          assertEquals(explained, of.explained(), 1e-4 * explained, names.get(f));
          assertEquals(golden.get(3L * row + 1, f), of.with(), 1e-5);
          assertEquals(golden.get(3L * row + 2, f), of.without(), 1e-5);
        }
      }
    }
    assertTrue(compared > 150, compared + " compared");
  }

  /** A class that holds for the same tokens as an earlier feature is not tried. */
  private static boolean isTried(Explanations found, String line) {
    return found.features().stream().anyMatch(of -> (of.kind() + "\t" + of.name()).equals(line));
  }
}
