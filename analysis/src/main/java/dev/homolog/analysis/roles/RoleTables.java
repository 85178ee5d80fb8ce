package dev.homolog.analysis.roles;

import dev.homolog.analysis.table.RowColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import java.util.List;

/** Roles as the tables {@code prediction}, {@code entropy} and {@code attention}. */
final class RoleTables {
  private RoleTables() {}

  static Table prediction(PredictionRole role) {
    return table(RoleColumns.PREDICTION, RoleColumns.PREDICTION_COLUMNS, role.neurons());
  }

  static Table entropy(EntropyRole role) {
    double[] values = EntropyRole.VALUES.stream().mapToDouble(Double::doubleValue).toArray();
    List<RoleColumns.Candidate> rows =
        role.neurons().stream()
            .map(neuron -> new RoleColumns.Candidate(role, neuron, values))
            .toList();
    return table(RoleColumns.ENTROPY, RoleColumns.ENTROPY_COLUMNS, rows);
  }

  static Table attention(AttentionRole role) {
    return table(RoleColumns.ATTENTION, RoleColumns.ATTENTION_COLUMNS, role.pairs());
  }

  private static <R> Table table(TableSpec spec, RowColumns<R> columns, List<R> rows) {
    Table.Builder table = spec.builder();
    columns.addTo(table, rows);
    return table.build();
  }
}
