package dev.homolog.analysis;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.module.ModuleDescriptor;
import java.util.List;

/**
 * A result as {@code study.json}: what was run and on what, and what it took; made when the tables
 * are written, whose memory counts too.
 */
final class StudyManifest {
  private final StudyResult result;
  private final Invocation invocation;

  StudyManifest(StudyResult result, Invocation invocation) {
    this.result = result;
    this.invocation = invocation;
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    StudyOptions options = result.options();
    StudyFacts facts = result.facts();
    json.put("homolog", version());
    json.put("command", invocation.command());
    ArrayNode models = json.putArray("models");
    for (int i = 0; i < facts.models().size(); i++) {
      StudyFacts.ModelFacts model = facts.models().get(i);
      ObjectNode node = models.addObject();
      node.put("role", i == 0 ? "reference" : "other");
      model(model, node);
      node.put("constant_neurons", result.constants().get(i));
    }
    tokens(json.putObject("tokens"), facts.tokens());
    json.put("backend", invocation.backendLine()).put("precision", facts.precision());
    json.put("site", "MLP_POST");
    if (result.comparisons() != null) {
      json.put("similarity", options.comparison().similarity().toString());
    }
    json.put("weights", "as stored");
    if (result.weights() != null) {
      json.put("processing", result.weights().processing().toString());
    }
    versions(json.putObject("versions"));
    options(json.putObject("options"));
    plan(facts.plan(), json.putObject("plan"));
    json.putObject("memory").put("peak_bytes", MemoryBounds.peak());
    ObjectNode found = json.putObject("result");
    found.put("neurons", result.moments().size());
    if (result.comparisons() != null) {
      found.put("universal", result.universal());
      found.put("homologs", result.comparisons().homologs().size());
      chance(json.putArray("chance"));
    }
    if (result.roles() != null) {
      json.set("roles", RolesResult.facts(result.roles()));
    }
    json.putNull("resumed_from_token");
    phases(facts.phases(), json.putArray("phases"));
    return json;
  }

  static void tokens(ObjectNode text, StudyFacts.TokenFacts tokens) {
    text.put("rows", tokens.rows()).put("context", tokens.context());
    text.put("read", tokens.read()).put("kept", tokens.kept());
    text.put("filtered", tokens.read() - tokens.kept());
    text.put("filter", "BOS, EOS and pad ids anywhere, and the single token \"\\n\"");
    text.put("dropped_tail", tokens.droppedTail());
    text.put("replaced_characters", tokens.replacedCharacters());
    text.put("documents", tokens.documents()).put("sha256", tokens.sha256());
    text.put("share", tokens.share().part()).put("held_out", tokens.share().heldOut());
    text.put("documents_left_out", tokens.leftOut());
    tokens.subsets().forEach(text.putArray("subsets")::add);
    text.put("pilot", tokens.pilot());
  }

  static void phases(List<StudyFacts.PhaseFacts> phases, ArrayNode json) {
    for (StudyFacts.PhaseFacts phase : phases) {
      ObjectNode node = json.addObject().put("name", phase.name());
      node.put("seconds", phase.seconds());
      if (phase.tokens() > 0) {
        node.put("tokens", phase.tokens()).put("tokens_per_second", phase.tokensPerSecond());
      }
    }
  }

  static String version() {
    ModuleDescriptor module = Study.class.getModule().getDescriptor();
    return module == null ? "" : module.rawVersion().orElse("");
  }

  static void versions(ObjectNode json) {
    json.put("java", Runtime.version().toString());
    json.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
  }

  static void model(StudyFacts.ModelFacts model, ObjectNode json) {
    json.put("name", model.name()).put("path", model.path());
    json.put("layers", model.layers()).put("d_mlp", model.dMlp());
    json.put("d_model", model.dModel()).put("vocab_size", model.vocabSize());
    model.sha256().forEach(json.putObject("sha256")::put);
  }

  static void plan(Plan plan, ObjectNode json) {
    json.put("passes", plan.passes()).put("reference_neurons_a_pass", plan.rowsAPass());
    json.put("host_bytes", plan.hostBytes()).put("device_bytes", plan.deviceBytes());
    json.put("seconds", plan.seconds());
    ObjectNode bytes = json.putObject("bytes");
    plan.parts().forEach(part -> bytes.put(part.name(), part.bytes()));
    ObjectNode flops = json.putObject("flops");
    plan.flops().forEach(kind -> flops.put(kind.name(), kind.operations()));
  }

  /** What as many independent normal neurons as the other model has would reach. */
  private void chance(ArrayNode json) {
    for (StudyComparisons.OfChance of : result.comparisons().chance()) {
      ObjectNode node = json.addObject().put("other", of.other());
      node.put("median", of.median()).put("upper_5_percent", of.upper());
      node.put("neurons_above", of.above());
    }
  }

  private void options(ObjectNode json) {
    StudyOptions options = result.options();
    json.put("reference", options.reference().toString());
    options.others().forEach(path -> json.withArray("other").add(path.toString()));
    input(json, options.input());
    json.put("batch", result.facts().batchRows());
    options.resources().memory().ifPresent(bytes -> json.put("memory", bytes));
    if (result.comparisons() != null) {
      comparison(json);
    }
    focus(json);
    json.put("seed", options.seed());
    if (result.weights() != null) {
      json.put("processing", options.processing().toString());
    }
    invocation(invocation, json);
  }

  /** The options of INPUT. */
  static void input(ObjectNode json, TokenInput input) {
    input.text().forEach(path -> json.withArray("text").add(path.toString()));
    if (input.tokens() != null) {
      json.put("tokens", input.tokens().toString());
    }
    input.context().ifPresent(context -> json.put("context", context));
    input.maxTokens().ifPresent(most -> json.put("max_tokens", most));
    if (!input.share().all()) {
      json.put("share", input.share().part()).put("held_out", input.share().heldOut());
    }
  }

  /** What every command has: where it writes and what computes. */
  static void invocation(Invocation invocation, ObjectNode json) {
    json.put("out", invocation.out().toString()).put("format", invocation.format().extension());
    json.put("backend", invocation.backend()).put("threads", invocation.threads());
    json.put("precision", invocation.precision());
    if (!invocation.libtorch().isEmpty()) {
      json.put("libtorch", invocation.libtorch());
    }
  }

  private void comparison(ObjectNode json) {
    StudyOptions options = result.options();
    Comparison comparison = options.comparison();
    json.put("similarity", comparison.similarity().toString());
    json.put("baseline", options.baseline().kind().toString());
    json.put("baseline_draws", options.baseline().draws());
    if (options.baseline().rotation() != null) {
      json.put("rotation", options.baseline().rotation().toString());
    }
    json.put("top", comparison.top()).put("threshold", comparison.threshold());
    json.put("all_pairs", comparison.allPairs()).put("by_subset", comparison.bySubset());
    json.put("roles", options.roles());
  }

  private void focus(ObjectNode json) {
    Focus focus = result.options().focus();
    focus.neurons().forEach(neuron -> json.withArray("neuron").add(neuron.toString()));
    focus
        .cache()
        .ifPresent(cache ->
            json.put("cache", cache.file().toString()).put("cache_site", cache.site().name()));
  }
}
