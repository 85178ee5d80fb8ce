package dev.homolog.analysis;

import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.plan.BatchPlan;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Manifest;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.state.Identity;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.TokenTable;
import java.util.List;

/** What runs of one model on a text have in common. */
final class ModelStudy {
  private ModelStudy() {}

  /** What such a run ran on, when its work is done. */
  static RunFacts facts(
      Inputs inputs, TokenTable table, Kernels kernels, BatchPlan batches, Phases phases) {
    ActivationStream.Model model = inputs.models().getFirst();
    int neurons = inputs.reference().neurons();
    Plan plan =
        new Plan(
                1,
                neurons,
                List.of(),
                batches.hostBytes(),
                batches.deviceBytes(),
                List.of(),
                Double.NaN)
            .after(inputs.reading());
    return new RunFacts(
        List.of(RunFacts.ModelFacts.of("model", model)),
        RunFacts.TokenFacts.of(table, 0),
        kernels.description(),
        kernels.precision(),
        RunFacts.PhaseFacts.of(phases),
        plan,
        batches.rows());
  }

  /** What a run that goes on must have in common with the one that stopped, options aside. */
  static Identity identity(
      Kernels kernels, List<ActivationStream.Model> models, ActivationStream.Text text) {
    Identity identity = new Identity();
    identity.put("the version of homolog", Manifest.version());
    identity.put("the backend", kernels.numerics());
    for (ActivationStream.Model model : models) {
      model
          .checkpoint()
          .hashes()
          .forEach((file, hash) -> identity.put(model.name() + ": " + file, hash));
    }
    TokenTable table = text.table();
    identity.put("the text", table.sha256());
    identity.put("documents and their labels", table.documentsSha256());
    identity.put("tokens a row", table.context()).put("rows of tokens", table.rows());
    identity.put("--batch", text.rows());
    return identity;
  }

  /** The options that such runs have. */
  static void describe(
      Facts options, RunFacts facts, TokenInput input, Resources resources, long seed) {
    options.put("model", facts.models().getFirst().path());
    Manifest.input(options, input);
    Manifest.resources(options, resources, facts.batchRows());
    options.put("seed", seed);
  }
}
