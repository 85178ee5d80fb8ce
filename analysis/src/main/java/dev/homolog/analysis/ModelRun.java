package dev.homolog.analysis;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.kernels.Kernels;
import java.util.List;

/**
 * What a run of one model ran on, for its manifest.
 *
 * @param model the model
 * @param tokens the text
 * @param precision of the kernels
 * @param batchRows rows of tokens a batch
 * @param hostBytes the most that the process was expected to hold
 * @param phases seconds and tokens of each part
 */
public record ModelRun(
    StudyFacts.ModelFacts model,
    StudyFacts.TokenFacts tokens,
    String precision,
    int batchRows,
    long hostBytes,
    List<StudyFacts.PhaseFacts> phases) {

  static ModelRun of(StudyInputs inputs, Kernels kernels, BatchPlan plan, Phases phases) {
    return new ModelRun(
        StudyFacts.ModelFacts.of(inputs.models().getFirst()),
        StudyFacts.TokenFacts.of(inputs.table(), 0),
        kernels.precision(),
        plan.rows(),
        plan.hostBytes(),
        StudyFacts.phases(phases));
  }

  /** {@code study.json}; the command adds its own options and what it found. */
  ObjectNode manifest(
      Invocation invocation, TokenInput input, Resources resources, long seed, ObjectNode result) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("homolog", StudyManifest.version()).put("command", invocation.command());
    ObjectNode one = json.putArray("models").addObject().put("role", "model");
    StudyManifest.model(model, one);
    StudyManifest.tokens(json.putObject("tokens"), tokens);
    json.put("backend", invocation.backendLine()).put("precision", precision);
    json.put("site", "MLP_POST");
    StudyManifest.versions(json.putObject("versions"));
    ObjectNode options = json.putObject("options").put("model", model.path());
    StudyManifest.input(options, input);
    options.put("batch", batchRows);
    resources.memory().ifPresent(bytes -> options.put("memory", bytes));
    options.put("seed", seed);
    StudyManifest.invocation(invocation, options);
    json.putObject("plan").put("host_bytes", hostBytes);
    json.putObject("memory").put("peak_bytes", MemoryBounds.peak());
    json.set("result", result);
    json.putNull("resumed_from_token");
    StudyManifest.phases(phases, json.putArray("phases"));
    return json;
  }
}
