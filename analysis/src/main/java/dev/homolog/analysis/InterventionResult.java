package dev.homolog.analysis;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.intervention.Metrics;
import java.util.List;
import java.util.Locale;

/**
 * What interventions did.
 *
 * @param positions over how many averages are
 * @param nominal without intervention
 * @param values for each value of the options, in order
 * @param operations floating-point operations of the passes
 * @param naiveOperations of as many whole passes as there are values, and one
 */
public record InterventionResult(
    InterventionOptions options,
    long positions,
    Metrics nominal,
    List<Metrics> values,
    double operations,
    double naiveOperations,
    ModelRun run) {

  /** Tokens read. */
  public long tokens() {
    return run.tokens().read();
  }

  /** The model's name. */
  public String model() {
    return run.model().name();
  }

  /** Writes {@code intervention.json}, the same as a table, and, last, {@code study.json}. */
  public void write(RunFolder folder, Invocation invocation, long seed) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    metrics(json.putObject("nominal"), nominal);
    ArrayNode list = json.putArray("values");
    for (int i = 0; i < values.size(); i++) {
      metrics(list.addObject().put("value", options.change().values().get(i)), values.get(i));
    }
    folder.writeJson("intervention", json);
    folder.write(table(), invocation.format());
    folder.finish(manifest(invocation, seed));
  }

  private static void metrics(ObjectNode json, Metrics of) {
    json.put("loss", of.loss()).put("entropy", of.entropy()).put("rank", of.rank());
    json.put("recip_rank", of.recipRank()).put("scale", of.scale());
  }

  private Table table() {
    Table.Builder table = Table.builder("interventions");
    var value = table.doubles("value");
    var loss = table.doubles("loss");
    var entropy = table.doubles("entropy");
    var rank = table.doubles("rank");
    var recipRank = table.doubles("recip_rank");
    var scale = table.doubles("scale");
    var lossChange = table.doubles("loss_change");
    var entropyChange = table.doubles("entropy_change");
    for (int i = 0; i < values.size(); i++) {
      Metrics of = values.get(i);
      value.add(options.change().values().get(i));
      loss.add(of.loss());
      entropy.add(of.entropy());
      rank.add(of.rank());
      recipRank.add(of.recipRank());
      scale.add(of.scale());
      lossChange.add(of.loss() - nominal.loss());
      entropyChange.add(of.entropy() - nominal.entropy());
    }
    return table.build();
  }

  private ObjectNode manifest(Invocation invocation, long seed) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.put("positions", positions);
    result.put("operations", operations).put("naive_operations", naiveOperations);
    ObjectNode json = run.manifest(invocation, options.input(), options.resources(), seed, result);
    ObjectNode asked = (ObjectNode) json.get("options");
    options.neurons().forEach(id -> asked.withArray("neuron").add(id.toString()));
    asked.put("mode", options.change().mode().toString());
    options.change().values().forEach(asked.putArray("value")::add);
    asked.put("site", options.change().site().name().toLowerCase(Locale.ROOT));
    asked.put("positions", options.change().positions().toString());
    asked.put("freeze_scale", options.frozen().scale());
    asked.put("freeze_attention", options.frozen().attention());
    return json;
  }
}
