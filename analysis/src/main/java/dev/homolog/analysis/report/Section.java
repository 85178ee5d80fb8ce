package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.contrast.ContrastColumns;
import dev.homolog.analysis.correlation.CorrelationColumns;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A section of the page. A new one is a script and a line in {@link #ALL}.
 *
 * @param script which draws it, and adds itself to the page's sections
 * @param tables that the page holds for it, beside the table of all neurons
 */
record Section(String script, List<PageTable> tables) {
  /** The sections in the order of the page; a table stands in one of them. */
  static final List<Section> ALL =
      List.of(
          of("study.js", PageTable.complete(CorrelationColumns.CONVERGENCE)),
          of(
              "correlations.js",
              PageTable.complete(CorrelationColumns.HISTOGRAMS),
              PageTable.complete(CorrelationColumns.BY_OTHER)),
          of("universal.js", PageTable.complete(CorrelationColumns.ALL_BUT_ONE)),
          of("families.js"),
          of("percentiles.js", PageTable.complete(ContrastColumns.COMPARISON)),
          of("roles.js", RoleSection.ENTROPY, RoleSection.ATTENTION));

  private static Section of(String script, PageTable... tables) {
    return new Section(script, List.of(tables));
  }

  /** Writes the tables of all sections, as fields of an object. */
  static void writeTables(JsonGenerator json, RunTables tables) throws IOException {
    json.writeStartObject();
    for (Section section : ALL) {
      for (PageTable pageTable : section.tables()) {
        Optional<Table> table = pageTable.read(tables);
        if (table.isPresent()) {
          json.writeFieldName(pageTable.spec().name());
          SmallTable.write(json, table.get(), pageTable.rows().apply(table.get()));
        }
      }
    }
    json.writeEndObject();
  }
}
