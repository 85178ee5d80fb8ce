package dev.homolog.analysis;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.roles.EntropyRole;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.roles.PredictionRole;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.core.intervention.Positions;
import java.util.Arrays;
import java.util.Locale;

/** The roles of a model's neurons. */
public record RolesResult(RolesOptions options, NeuronRoles roles, ModelRun run) {

  /** Writes the tables and, last, {@code study.json}. */
  public void write(RunFolder folder, Invocation invocation) {
    roles.write(folder, invocation.format());
    ObjectNode json =
        run.manifest(
            invocation, options.input(), options.resources(), options.seed(), facts(roles));
    Positions queries = roles.attention().queries();
    ((ObjectNode) json.get("options"))
        .put("after", queries.from())
        .put("one_position", queries.to() - queries.from() == 1);
    json.put("processing", options.processing().toString());
    folder.finish(json);
  }

  /** What was found, in numbers. */
  static ObjectNode facts(NeuronRoles roles) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (PredictionRole.Kind kind : PredictionRole.Kind.values()) {
      if (kind != PredictionRole.Kind.NONE) {
        json.put(
            kind.name().toLowerCase(Locale.ROOT),
            roles.prediction().neurons().stream().filter(n -> n.kind() == kind).count());
      }
    }
    ObjectNode layers = json.putObject("by_layer");
    for (PredictionRole.Kind kind : PredictionRole.Kind.values()) {
      if (kind != PredictionRole.Kind.NONE) {
        ArrayNode counts = layers.putArray(kind.name().toLowerCase(Locale.ROOT));
        Arrays.stream(roles.prediction().byLayer(kind)).forEach(counts::add);
      }
    }
    roles
        .prediction()
        .turnsToSuppression()
        .ifPresentOrElse(
            layer -> json.put("suppression_from_layer", layer),
            () -> json.putNull("suppression_from_layer"));
    EntropyRole entropy = roles.entropy();
    json.put("frequency_tokens", entropy.frequencies().tokens());
    json.put("frequency_unseen", entropy.frequencies().unseen());
    json.put("entropy", entropy.neurons().stream().filter(entropy::setsEntropy).count());
    json.put("frequency", entropy.neurons().stream().filter(entropy::setsFrequency).count());
    json.put(
        "attention",
        roles.attention().pairs().stream()
            .filter(pair -> pair.found())
            .map(pair -> pair.neuron())
            .distinct()
            .count());
    json.put("intervention_positions", entropy.positions());
    json.put("null_space", entropy.unembedding().nullity());
    for (double value : entropy.unembedding().singular()) {
      json.withArray("singular_values").add(value);
    }
    return json;
  }
}
