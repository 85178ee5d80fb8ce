package dev.homolog.analysis.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.analysis.correlation.CorrelationColumns;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Of every neuron of the reference, the best match in each other model. */
final class Counterparts {
  /** Best matches in one other model, by flat id of the reference; −1 where there is none. */
  private record Other(int[] layer, int[] neuron, double[] r, boolean[] mutual) {
    Other(int count) {
      this(new int[count], new int[count], new double[count], new boolean[count]);
      Arrays.fill(layer, -1);
      Arrays.fill(neuron, -1);
      Arrays.fill(r, Double.NaN);
    }
  }

  /** Neurons times other models: as much as a browser takes in. */
  private static final long MOST_MATCHES = 1L << 25;

  private final Map<String, Other> others = new LinkedHashMap<>();

  private Counterparts() {}

  static Counterparts read(Reference reference, RunTables tables) {
    Counterparts counterparts = new Counterparts();
    tables
        .read(
            CorrelationColumns.MATCHES,
            RowFilter.ALL.between("rank", 1, 1),
            List.of(
                "layer",
                "neuron",
                "other",
                "direction",
                "rank",
                "other_layer",
                "other_neuron",
                "correlation"))
        .ifPresent(best -> counterparts.add(reference, best));
    return counterparts;
  }

  private void add(Reference reference, Table best) {
    int[] layer = best.ints("layer").toArray();
    int[] neuron = best.ints("neuron").toArray();
    int[] otherLayer = best.ints("other_layer").toArray();
    int[] otherNeuron = best.ints("other_neuron").toArray();
    for (int row = 0; row < best.rows(); row++) {
      if (RunTables.text(best, "direction", row).equals("out")) {
        Other other =
            others.computeIfAbsent(
                RunTables.text(best, "other", row), _ -> other(reference, best.name()));
        int id = reference.id(layer[row], neuron[row]);
        if (id >= 0) {
          other.layer[id] = otherLayer[row];
          other.neuron[id] = otherNeuron[row];
          other.r[id] = best.doubles("correlation").get(row);
        }
      }
    }
    for (int row = 0; row < best.rows(); row++) {
      if (RunTables.text(best, "direction", row).equals("back")) {
        Other other = others.get(RunTables.text(best, "other", row));
        int id = reference.id(otherLayer[row], otherNeuron[row]);
        if (other != null
            && id >= 0
            && other.layer[id] == layer[row]
            && other.neuron[id] == neuron[row]) {
          other.mutual[id] = true;
        }
      }
    }
  }

  private Other other(Reference reference, String table) {
    if (others.size() == StudyFile.MOST_MODELS
        || (others.size() + 1L) * reference.count() > MOST_MATCHES) {
      throw new MalformedTable(table, "other", "names more models than a page can show");
    }
    return new Other(reference.count());
  }

  /** The other models, in the order of the run. */
  List<String> names() {
    return List.copyOf(others.keySet());
  }

  /** An array of objects, one another model, of arrays by flat id. */
  void write(JsonGenerator json) throws IOException {
    json.writeStartArray();
    for (var entry : others.entrySet()) {
      Other other = entry.getValue();
      json.writeStartObject();
      json.writeStringField("name", entry.getKey());
      json.writeFieldName("layer");
      json.writeArray(other.layer, 0, other.layer.length);
      json.writeFieldName("neuron");
      json.writeArray(other.neuron, 0, other.neuron.length);
      json.writeArrayFieldStart("r");
      for (double r : other.r) {
        Packed.number(json, Rounded.brief(r));
      }
      json.writeEndArray();
      json.writeArrayFieldStart("mutual");
      for (boolean mutual : other.mutual) {
        json.writeNumber(mutual ? 1 : 0);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
