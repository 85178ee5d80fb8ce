package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the page has at hand as soon as it opens: all but the cards. */
final class Overview {
  /** Tables of few rows, shown whole. */
  private static final List<String> SMALL =
      List.of("histograms", "convergence", "by_other", "comparison");

  private static final int TOP_TOKENS = 6;

  private final JsonNode study;
  private final Reference reference;
  private final RunTables tables;
  private final Counterparts counterparts;
  private final Chosen chosen;

  Overview(
      JsonNode study,
      Reference reference,
      RunTables tables,
      Counterparts counterparts,
      Chosen chosen) {
    this.study = study;
    this.reference = reference;
    this.tables = tables;
    this.counterparts = counterparts;
    this.chosen = chosen;
  }

  /** An object: study, neurons, others, tables, cards, top_tokens. */
  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeFieldName("study");
    new ObjectMapper().writeTree(json, study);
    json.writeObjectFieldStart("neurons");
    json.writeNumberField("layers", reference.layers());
    json.writeNumberField("width", reference.width());
    json.writeArrayFieldStart("columns");
    for (Column column : reference.neurons().columns()) {
      if (!List.of("layer", "neuron").contains(column.name())) {
        column(json, column);
      }
    }
    homologs(json);
    json.writeEndArray();
    json.writeEndObject();
    json.writeFieldName("others");
    counterparts.write(json);
    json.writeObjectFieldStart("tables");
    for (String name : SMALL) {
      Table table = tables.read(name).orElse(null);
      if (table != null) {
        json.writeFieldName(name);
        small(json, table);
      }
    }
    json.writeEndObject();
    json.writeObjectFieldStart("cards");
    json.writeNumberField("block", Cards.BLOCK);
    json.writeFieldName("ids");
    json.writeArray(chosen.ids(), 0, chosen.ids().length);
    json.writeEndObject();
    topTokens(json);
    json.writeEndObject();
  }

  /** A column of all neurons; one of lists is left out. */
  private static void column(JsonGenerator json, Column column) throws IOException {
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
      default -> {
        start(json, column.name(), "number");
        numbers(json, column);
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

  private static void numbers(JsonGenerator json, Column column) throws IOException {
    for (int i = 0; i < column.size(); i++) {
      switch (column) {
        case Column.Ints ints -> json.writeNumber(ints.get(i));
        case Column.Longs longs -> json.writeNumber(longs.get(i));
        case Column.Doubles doubles -> Packed.number(json, doubles.get(i));
        default -> throw new AssertionError(column.type());
      }
    }
  }

  /** An object of arrays, one a column. */
  private static void small(JsonGenerator json, Table table) throws IOException {
    json.writeStartObject();
    for (Column column : table.columns()) {
      json.writeArrayFieldStart(column.name());
      switch (column) {
        case Column.Texts texts -> {
          for (int i = 0; i < texts.size(); i++) {
            json.writeString(texts.get(i));
          }
        }
        case Column.Booleans flags -> {
          for (int i = 0; i < flags.size(); i++) {
            json.writeBoolean(flags.get(i));
          }
        }
        case Column.Lists<?> _ -> {}
        default -> numbers(json, column);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  /** Of each neuron, in how many other models it has a homolog, and its group's cohesion. */
  private void homologs(JsonGenerator json) throws IOException {
    Table members =
        tables
            .read(
                "homologs",
                RowFilter.ALL,
                "group INT",
                "model TEXT",
                "layer INT",
                "neuron INT",
                "cohesion DOUBLE")
            .orElse(null);
    if (members == null) {
      return;
    }
    String name = study.path("models").path(0).path("name").asText();
    Map<Integer, Integer> sizes = new HashMap<>();
    for (int row = 0; row < members.rows(); row++) {
      sizes.merge(members.ints("group").get(row), 1, Integer::sum);
    }
    int[] models = new int[reference.count()];
    double[] cohesion = new double[reference.count()];
    Arrays.fill(cohesion, Double.NaN);
    for (int row = 0; row < members.rows(); row++) {
      int id = reference.id(members.ints("layer").get(row), members.ints("neuron").get(row));
      if (id >= 0 && members.texts("model").get(row).equals(name)) {
        models[id] = sizes.get(members.ints("group").get(row)) - 1;
        cohesion[id] = members.doubles("cohesion").get(row);
      }
    }
    start(json, "homolog_models", "number");
    for (int count : models) {
      json.writeNumber(count);
    }
    end(json);
    start(json, "cohesion", "number");
    for (double value : cohesion) {
      Packed.number(json, value);
    }
    end(json);
  }

  /** Pairs of a flat id and the tokens that the neuron fires most on. */
  private void topTokens(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("top_tokens");
    Table table =
        tables
            .read(
                "tokens",
                RowFilter.ALL.between("rank", 1, TOP_TOKENS).of(reference.width(), chosen.set()),
                "layer INT",
                "neuron INT",
                "rank INT",
                "text TEXT")
            .orElse(null);
    if (table != null) {
      ByNeuron byNeuron = new ByNeuron(reference, table);
      for (int id : chosen.ids()) {
        List<Integer> rows = byNeuron.of(id);
        if (!rows.isEmpty()) {
          json.writeStartArray();
          json.writeNumber(id);
          json.writeStartArray();
          for (int row : rows) {
            json.writeString(table.texts("text").get(row));
          }
          json.writeEndArray();
          json.writeEndArray();
        }
      }
    }
    json.writeEndArray();
  }
}
