package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.closeup.ExampleColumns;
import dev.homolog.analysis.contrast.ContrastColumns;
import dev.homolog.analysis.correlation.CorrelationColumns;
import dev.homolog.analysis.explanation.ExplanationColumns;
import dev.homolog.analysis.roles.RoleColumns;
import dev.homolog.analysis.statistics.StatisticsColumns;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.TableSpec;
import dev.homolog.analysis.weights.WeightColumns;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** All tables that a run can write, as they are declared. */
final class Declared {
  /** The table of all neurons; a run has the columns that it measures. */
  static final TableSpec NEURONS =
      TableSpec.of(
          "neurons",
          "a row a neuron",
          NeuronColumns.OWN,
          StatisticsColumns.NEURONS,
          CorrelationColumns.NEURONS,
          ExplanationColumns.NEURONS.specs(),
          WeightColumns.NEURONS.specs());

  static final List<TableSpec> TABLES =
      List.of(
          NEURONS,
          CorrelationColumns.MATCHES,
          CorrelationColumns.HISTOGRAMS,
          CorrelationColumns.SUBSET_CORRELATIONS,
          CorrelationColumns.BY_OTHER,
          CorrelationColumns.HOMOLOGS,
          CorrelationColumns.CONVERGENCE,
          CorrelationColumns.ALL_BUT_ONE,
          ContrastColumns.COMPARISON,
          ContrastColumns.DEPTHS,
          ExampleColumns.EXAMPLES,
          StatisticsColumns.POSITIONS,
          StatisticsColumns.SUBSETS,
          StatisticsColumns.HISTOGRAMS,
          ExplanationColumns.TOKENS,
          ExplanationColumns.EXPLANATIONS,
          WeightColumns.NEIGHBOURS,
          WeightColumns.VOCABULARY,
          WeightColumns.COMPOSITION,
          WeightColumns.MOMENTS,
          WeightColumns.HISTOGRAMS,
          RoleColumns.PREDICTION,
          RoleColumns.ENTROPY,
          RoleColumns.ATTENTION,
          RoleColumns.INTERVENTIONS);

  /** How many other models a neuron has a homolog in: no table's column, but made for the page. */
  static final ColumnSpec HOMOLOG_MODELS =
      ColumnSpec.ints(
              "homolog_models",
              "homologs",
              "other models in which its best match is mutual and above the threshold")
          .first(100)
          .notCompared();

  /** The columns of the table of homologs that are shown with each neuron. */
  static final List<String> OF_GROUP = List.of("cohesion", "agreement");

  private static final Map<String, ColumnSpec> OF_NEURON = ofNeuron();

  private Declared() {}

  private static Map<String, ColumnSpec> ofNeuron() {
    Map<String, ColumnSpec> columns = new LinkedHashMap<>();
    Stream<ColumnSpec> group =
        OF_GROUP.stream().flatMap(name -> CorrelationColumns.HOMOLOGS.find(name).stream());
    Stream.of(
            NEURONS.columns().stream(),
            RoleColumns.PREDICTION.columns().stream(),
            Stream.of(HOMOLOG_MODELS),
            group)
        .flatMap(columnsOfOne -> columnsOfOne)
        .forEach(column -> columns.putIfAbsent(column.name(), column));
    return columns;
  }

  /** A column of the page's table of all neurons, which is put together from several tables. */
  static Optional<ColumnSpec> ofNeuron(String column) {
    return Optional.ofNullable(OF_NEURON.get(column));
  }

  /** A column of a table. */
  static Optional<ColumnSpec> find(String table, String column) {
    return TABLES.stream()
        .filter(spec -> spec.name().equals(table))
        .flatMap(spec -> spec.find(column).stream())
        .findFirst();
  }

  /** By table, by column: label, meaning, place, uses. */
  static void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    write(json, NEURONS.name(), List.copyOf(OF_NEURON.values()));
    for (TableSpec table : TABLES) {
      if (!table.equals(NEURONS) && !table.equals(WeightColumns.HISTOGRAMS)) {
        write(json, table.name(), table.columns());
      }
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String table, List<ColumnSpec> columns)
      throws IOException {
    json.writeObjectFieldStart(table);
    for (ColumnSpec column : columns) {
      json.writeObjectFieldStart(column.name());
      json.writeStringField("label", column.label());
      json.writeStringField("meaning", column.meaning());
      json.writeNumberField("place", column.place());
      json.writeArrayFieldStart("uses");
      for (ColumnSpec.Use use : ColumnSpec.Use.values()) {
        if (column.is(use)) {
          json.writeString(use.name());
        }
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndObject();
  }
}
