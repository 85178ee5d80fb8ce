package dev.homolog.analysis;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Intervention;
import dev.homolog.core.intervention.Metrics;
import dev.homolog.core.intervention.Reading;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import java.lang.foreign.Arena;
import java.util.List;

/** Changes neurons of a model on a text and measures what becomes of its predictions. */
public final class Interventions {
  private Interventions() {}

  /**
   * Runs them.
   *
   * @throws dev.homolog.core.InputException if the model or the text cannot be used, has no such
   *     neuron, or does not fit into memory
   */
  public static InterventionResult run(
      InterventionOptions options, Kernels kernels, ProgressListener progress) {
    Phases phases = new Phases();
    try (StudyInputs inputs = StudyInputs.open(options.model(), options.input(), progress, phases);
        Arena arena = Arena.ofShared()) {
      Checkpoint checkpoint = inputs.models().getFirst().checkpoint();
      ModelConfig config = checkpoint.config();
      options.neurons().forEach(id -> id.require("--neuron", config));
      InterventionOptions.Change change = options.change();
      List<List<Intervention>> variants =
          change.values().stream()
              .map(value ->
                  List.of(
                      new Intervention(
                          change.site(),
                          options.neurons(),
                          change.mode(),
                          value,
                          change.positions())))
              .toList();
      long rows = inputs.table().rows();
      int context = inputs.table().context();
      if (change.positions().from() >= context) {
        throw new InputException(
            "--positions",
            "",
            change.positions() + ", but rows have " + context + " tokens",
            "give less than that");
      }
      BatchPlan plan =
          BatchPlan.of(
              options.resources(),
              kernels,
              checkpoint,
              rows,
              context,
              tokens -> Sweep.bytes(config, kernels, tokens, variants));
      Reading reading = options.frozen().scale() ? Reading.FROZEN_SCALE : Reading.TOTAL;
      Sweep sweep =
          new Sweep(
              checkpoint,
              kernels,
              arena,
              (long) plan.rows() * context,
              variants,
              new Sweep.Options(
                  options.frozen().attention(), List.of(reading), Sweep.Vocabulary.NONE));
      TokenRules rules = TokenRules.of(config, inputs.tokenizer());
      Sweep.Text text = new Sweep.Text(inputs.table(), rules, Rows.all(rows), plan.rows());
      Sweep.Result found =
          phases.time(
              "interventions",
              rows * context * (1L + variants.size()),
              () -> sweep.run(text, progress, _ -> {}));
      List<Metrics> values = found.variants().stream().map(of -> of.get(reading)).toList();
      return new InterventionResult(
          options,
          found.positions(),
          found.nominal(),
          values,
          found.operations(),
          found.naiveOperations(),
          ModelRun.of(inputs, kernels, plan, phases));
    }
  }
}
