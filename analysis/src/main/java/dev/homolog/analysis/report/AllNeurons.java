package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.correlation.CorrelationColumns;
import dev.homolog.analysis.roles.RoleColumns;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The table of all neurons as the page holds it: an array of columns. */
final class AllNeurons {
  private final Reference reference;
  private final RunTables tables;
  private final Set<String> written = new HashSet<>();

  AllNeurons(Reference reference, RunTables tables) {
    this.reference = reference;
    this.tables = tables;
    written.addAll(List.of(NeuronColumns.LAYER, NeuronColumns.NEURON));
  }

  /**
   * Writes the columns of the neurons, of their roles and of their groups of homologs.
   *
   * @param model the reference's name
   */
  void write(JsonGenerator json, String model) throws IOException {
    json.writeStartArray();
    columns(json, reference.neurons());
    Table roles = tables.first(RoleColumns.PREDICTION.name(), reference.count() + 1).orElse(null);
    if (roles != null && reference.matches(roles)) {
      columns(json, roles);
    }
    homologs(json, model);
    json.writeEndArray();
  }

  private void columns(JsonGenerator json, Table table) throws IOException {
    for (Column column : table.columns()) {
      Optional<ColumnSpec> spec = Declared.ofNeuron(column.name());
      boolean leftOut = spec.filter(of -> of.is(ColumnSpec.Use.LEFT_OUT)).isPresent();
      if (!leftOut && written.add(column.name())) {
        column(json, column, spec.map(ColumnSpec::digits).orElse(ColumnSpec.DIGITS));
      }
    }
  }

  /** A column of all neurons; one of lists is left out. */
  private static void column(JsonGenerator json, Column column, int digits) throws IOException {
    switch (column) {
      case Column.Booleans flags -> {
        start(json, column.name(), "flag");
        for (int i = 0; i < flags.size(); i++) {
          json.writeNumber(flags.get(i) ? 1 : 0);
        }
        end(json);
      }
      case Column.Texts texts -> {
        Map<String, Integer> dictionary = new LinkedHashMap<>();
        int[] codes = new int[texts.size()];
        for (int i = 0; i < codes.length; i++) {
          String text = texts.get(i);
          codes[i] = -1;
          if (text != null) {
            dictionary.putIfAbsent(text, dictionary.size());
            codes[i] = dictionary.get(text);
          }
        }
        start(json, column.name(), "text");
        for (String text : dictionary.keySet()) {
          json.writeString(text);
        }
        json.writeEndArray();
        json.writeFieldName("codes");
        json.writeArray(codes, 0, codes.length);
        json.writeEndObject();
      }
      case Column.Lists<?> _ -> {}
      case Column.Doubles doubles -> {
        start(json, column.name(), "number");
        for (int i = 0; i < doubles.size(); i++) {
          Packed.number(json, Rounded.declared(doubles.get(i), digits));
        }
        end(json);
      }
      case Column.Ints ints -> {
        start(json, column.name(), "number");
        for (int i = 0; i < ints.size(); i++) {
          json.writeNumber(ints.get(i));
        }
        end(json);
      }
      case Column.Longs longs -> {
        start(json, column.name(), "number");
        for (int i = 0; i < longs.size(); i++) {
          json.writeNumber(longs.get(i));
        }
        end(json);
      }
    }
  }

  private static void start(JsonGenerator json, String name, String kind) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeStringField("kind", kind);
    json.writeArrayFieldStart("values");
  }

  private static void end(JsonGenerator json) throws IOException {
    json.writeEndArray();
    json.writeEndObject();
  }

  /**
   * Of each neuron, in how many other models it has a homolog, its group's cohesion, and the share
   * of them that are of its family.
   */
  private void homologs(JsonGenerator json, String model) throws IOException {
    Table members =
        tables
            .read(
                CorrelationColumns.HOMOLOGS,
                RowFilter.ALL,
                List.of("group", "model", "layer", "neuron"))
            .orElse(null);
    if (members == null) {
      return;
    }
    Map<Integer, Integer> sizes = new HashMap<>();
    for (int row = 0; row < members.rows(); row++) {
      sizes.merge(members.ints("group").get(row), 1, Integer::sum);
    }
    double[] models = new double[members.rows()];
    Arrays.setAll(models, row -> sizes.get(members.ints("group").get(row)) - 1);
    ofReference(json, Declared.HOMOLOG_MODELS.name(), 0, members, model, models);
    for (String column : Declared.OF_GROUP) {
      Table values =
          tables.read(CorrelationColumns.HOMOLOGS, RowFilter.ALL, List.of(column)).orElse(null);
      if (values != null) {
        double[] all = values.doubles(column).toArray();
        ofReference(json, column, Double.NaN, members, model, all);
      }
    }
  }

  /**
   * Writes what the rows of the reference's members say, and for the other neurons {@code none}.
   */
  private void ofReference(
      JsonGenerator json, String name, double none, Table members, String model, double[] values)
      throws IOException {
    double[] column = new double[reference.count()];
    Arrays.fill(column, none);
    for (int row = 0; row < members.rows(); row++) {
      int id = reference.id(members.ints("layer").get(row), members.ints("neuron").get(row));
      if (id >= 0 && RunTables.text(members, "model", row).equals(model)) {
        column[id] = values[row];
      }
    }
    start(json, name, "number");
    for (double value : column) {
      Packed.number(json, Rounded.brief(value));
    }
    end(json);
  }
}
