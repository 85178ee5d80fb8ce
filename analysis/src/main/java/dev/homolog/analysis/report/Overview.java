package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.analysis.explanation.ExplanationColumns;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.util.List;

/** What the page has at hand as soon as it opens: all but the cards. */
final class Overview {
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

  /** An object: declared, study, neurons, others, tables, cards, top_tokens. */
  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeFieldName("declared");
    Declared.write(json);
    json.writeFieldName("study");
    new ObjectMapper().writeTree(json, study);
    json.writeObjectFieldStart("neurons");
    json.writeNumberField("layers", reference.layers());
    json.writeNumberField("width", reference.width());
    json.writeFieldName("columns");
    new AllNeurons(reference, tables).write(json, model());
    json.writeEndObject();
    json.writeFieldName("others");
    counterparts.write(json);
    json.writeFieldName("tables");
    Section.writeTables(json, tables);
    json.writeObjectFieldStart("cards");
    json.writeNumberField("block", Cards.BLOCK);
    json.writeFieldName("ids");
    json.writeArray(chosen.ids(), 0, chosen.ids().length);
    json.writeEndObject();
    topTokens(json);
    json.writeEndObject();
  }

  private String model() {
    return study.path("models").path(0).path("name").asText();
  }

  /** Pairs of a flat id and the tokens that the neuron fires most on. */
  private void topTokens(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("top_tokens");
    Table table =
        tables
            .read(
                ExplanationColumns.TOKENS,
                RowFilter.ALL.between("rank", 1, TOP_TOKENS).of(reference.width(), chosen.set()),
                List.of("layer", "neuron", "rank", "text"))
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
