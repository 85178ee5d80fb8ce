package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.roles.RoleColumns;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.ColumnSpec;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What interventions found, as fields of the page's tables; those of a run without roles are left
 * out.
 */
final class RoleParts {
  private static final int FIRST_OF_HEAD = 2;
  private static final int STRONGEST = 20;
  private static final int MOST_PAIRS = 4000;

  private RoleParts() {}

  /** Writes the fields {@code entropy} and {@code attention}. */
  static void write(JsonGenerator json, RunTables tables) throws IOException {
    Optional<Table> entropy = shownColumns(tables, RoleColumns.ENTROPY);
    if (entropy.isPresent()) {
      json.writeFieldName("entropy");
      SmallTable.write(json, entropy.get(), IntStream.range(0, entropy.get().rows()).toArray());
    }
    Optional<Table> attention = shownColumns(tables, RoleColumns.ATTENTION);
    if (attention.isPresent()) {
      json.writeFieldName("attention");
      SmallTable.write(json, attention.get(), shown(attention.get()));
    }
  }

  private static Optional<Table> shownColumns(RunTables tables, TableSpec table) {
    List<String> columns =
        table.columns().stream()
            .filter(column -> !column.is(ColumnSpec.Use.LEFT_OUT))
            .map(ColumnSpec::name)
            .toList();
    return tables.read(table, RowFilter.ALL, columns);
  }

  /**
   * The pairs of neuron and head that ablation confirms, the first of each head, and those whose
   * ablation changes most.
   */
  private static int[] shown(Table pairs) {
    Map<List<Integer>, Integer> ofHead = new HashMap<>();
    Column.Doubles changes = pairs.doubles("bos_attention_change");
    double least =
        IntStream.range(0, pairs.rows())
            .mapToDouble(row -> -Math.abs(changes.get(row)))
            .sorted()
            .skip(STRONGEST - 1)
            .findFirst()
            .orElse(0);
    return IntStream.range(0, pairs.rows())
        .filter(row -> {
          List<Integer> head =
              List.of(pairs.ints("head_layer").get(row), pairs.ints("head").get(row));
          int before = ofHead.merge(head, 1, Integer::sum) - 1;
          return before < FIRST_OF_HEAD
              || pairs.booleans("found").get(row)
              || Math.abs(changes.get(row)) >= -least;
        })
        .limit(MOST_PAIRS)
        .toArray();
  }
}
