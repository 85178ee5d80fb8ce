package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.Convergence;
import dev.homolog.analysis.correlation.Correlations;
import dev.homolog.analysis.correlation.Homologs;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.lineage.Lineage;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.statistics.NeuronMoments;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.analysis.weights.WeightFindings;
import dev.homolog.core.backend.Backend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Results hold every neuron and print in a line; StructureTest finds those that would not. */
class PrintedTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final int MOST = 2000;

  @Test
  void resultsOfAStudy() {
    StudyOptions options =
        StudyOptions.of(
                FAMILY.resolve("a"),
                List.of(FAMILY.resolve("b"), FAMILY.resolve("c")),
                TokenInput.text(FAMILY.resolve("validation.jsonl.zst"))
                    .withContext(32)
                    .withMaxTokens(128))
            .withTop(2)
            .withRoles(true);
    try (var kernels = Backend.VECTOR.open(2).kernels()) {
      StudyResult result = Study.run(options, kernels);
      List<Object> all = new ArrayList<>(List.of(result, options, options.scope(), result.facts()));
      all.addAll(List.of(options.input(), result.facts().tokens(), result.facts().plan()));
      all.add(result.facts().models().getFirst());
      for (Class<?> kind :
          List.of(
              NeuronMoments.OfStudy.class,
              Correlations.class,
              StudyStatistics.class,
              Explanations.class,
              CloseUp.class,
              Homologs.class,
              Convergence.class,
              Lineage.class,
              NeuronRoles.class,
              WeightFindings.class)) {
        all.add(result.find(kind).map(Object.class::cast).orElseThrow());
      }
      all.add(result.summary());
      all.add(result.summary().pairs().getFirst());
      all.add(result.universality());
      all.add(result.statistics().chosen().getFirst());
      all.add(result.closeUp().neurons().getFirst());
      all.add(result.closeUp().examples());
      NeuronRoles roles = result.find(NeuronRoles.class).orElseThrow();
      all.addAll(List.of(roles.prediction(), roles.entropy(), roles.attention()));
      for (Object printed : all) {
        String text = printed.toString();
        assertTrue(text.length() < MOST, printed.getClass() + ": " + text.length());
      }
      assertTrue(result.toString().startsWith("StudyResult[extent=EVERYTHING, models=3 × ["));
    }
  }
}
