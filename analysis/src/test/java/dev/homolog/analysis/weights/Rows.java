package dev.homolog.analysis.weights;

import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The rows of tables that come in parts, by the neuron and kind that they are of. */
final class Rows {
  private Rows() {}

  /** One row: a rank, what was found there (two numbers for a neuron or a head), and its value. */
  record Row(int rank, int first, int second, double value) {}

  /**
   * Rows by "layer neuron kind".
   *
   * @param columns of the kind, of what was found (first, second), and of the value
   */
  static Map<String, List<Row>> of(Iterator<Table> parts, String... columns) {
    Map<String, List<Row>> rows = new LinkedHashMap<>();
    while (parts.hasNext()) {
      Table part = parts.next();
      for (int i = 0; i < part.rows(); i++) {
        String key =
            part.ints("layer").get(i)
                + " "
                + part.ints("neuron").get(i)
                + " "
                + part.texts(columns[0]).get(i);
        rows.computeIfAbsent(key, _ -> new ArrayList<>())
            .add(
                new Row(
                    part.ints("rank").get(i),
                    part.ints(columns[1]).get(i),
                    part.ints(columns[2]).get(i),
                    part.doubles(columns[3]).get(i)));
      }
    }
    return rows;
  }

  static Map<String, List<Row>> neighbours(Iterator<Table> parts) {
    return of(parts, "kind", "other_layer", "other_neuron", "cosine");
  }

  static Map<String, List<Row>> vocabulary(Iterator<Table> parts) {
    return of(parts, "space", "token", "token", "cosine");
  }

  static Map<String, List<Row>> composition(Iterator<Table> parts) {
    return of(parts, "kind", "head_layer", "head", "composition");
  }

  /** Count, mean, variance, skew and kurtosis by "layer neuron of". */
  static Map<String, double[]> moments(Iterator<Table> parts) {
    Map<String, double[]> rows = new LinkedHashMap<>();
    while (parts.hasNext()) {
      Table part = parts.next();
      for (int i = 0; i < part.rows(); i++) {
        String key =
            part.ints("layer").get(i)
                + " "
                + part.ints("neuron").get(i)
                + " "
                + part.texts("of").get(i);
        rows.put(
            key,
            new double[] {
              part.longs("count").get(i),
              part.doubles("mean").get(i),
              part.doubles("var").get(i),
              part.doubles("skew").get(i),
              part.doubles("kurt").get(i)
            });
      }
    }
    return rows;
  }
}
