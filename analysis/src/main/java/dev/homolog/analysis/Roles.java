package dev.homolog.analysis;

import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.roles.TokenSets;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;

/** Looks for neurons whose role in the model is known: prediction, entropy, attention heads. */
public final class Roles {
  private Roles() {}

  /**
   * Runs it.
   *
   * @throws dev.homolog.core.InputException if the model or the text cannot be used, or if it does
   *     not fit into memory
   */
  public static RolesResult run(RolesOptions options, Kernels kernels, ProgressListener progress) {
    Phases phases = new Phases();
    try (StudyInputs inputs =
        StudyInputs.open(options.model(), options.input(), progress, phases)) {
      int context = inputs.table().context();
      var how =
          new NeuronRoles.Options(options.processing(), options.queries(context), options.seed());
      BatchPlan plan = plan(options.resources(), kernels, inputs);
      NeuronRoles roles = of(inputs, kernels, plan.rows(), how, phases, progress);
      return new RolesResult(options, roles, ModelRun.of(inputs, kernels, plan, phases));
    }
  }

  static BatchPlan plan(Resources resources, Kernels kernels, StudyInputs inputs) {
    Checkpoint checkpoint = inputs.models().getFirst().checkpoint();
    ModelConfig config = checkpoint.config();
    return BatchPlan.of(
        resources,
        kernels,
        checkpoint,
        inputs.table().rows(),
        inputs.table().context(),
        tokens -> NeuronRoles.bytes(config, kernels, tokens));
  }

  /** Those of the first model of open inputs, in batches of that many rows. */
  static NeuronRoles of(
      StudyInputs inputs,
      Kernels kernels,
      int batchRows,
      NeuronRoles.Options options,
      Phases phases,
      ProgressListener progress) {
    Checkpoint checkpoint = inputs.models().getFirst().checkpoint();
    TokenRules rules = TokenRules.of(checkpoint.config(), inputs.tokenizer());
    Sweep.Text text =
        new Sweep.Text(inputs.table(), rules, Rows.all(inputs.table().rows()), batchRows);
    return phases.time(
        "roles",
        0,
        () ->
            NeuronRoles.of(
                checkpoint,
                kernels,
                text,
                TokenSets.of(inputs.tokenizer(), checkpoint.config().vocabSize()),
                options,
                progress));
  }
}
