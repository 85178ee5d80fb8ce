package dev.homolog.analysis.weights;

import dev.homolog.analysis.table.Table;
import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model's weights say, of all neurons and more of chosen ones; see {@link WeightTables}.
 *
 * @param processing of the weights
 * @param neurons by flat id
 * @param tables of the chosen neurons, each in parts that are made on demand
 */
public record WeightFindings(
    Processing processing, List<OfNeuron> neurons, List<Iterable<Table>> tables) {

  /** Looks at the weights; the parameters are those of {@link WeightTables}. */
  public static WeightFindings of(
      Kernels kernels,
      Checkpoint checkpoint,
      WeightTables.Request request,
      ProgressListener progress) {
    try (WeightTables weightTables = new WeightTables(kernels, checkpoint, request, progress)) {
      List<Iterable<Table>> tables = new ArrayList<>();
      tables.add(weightTables.neighboursParts().scanned());
      tables.add(weightTables.vocabularyParts().scanned());
      List<OfNeuron> neurons = weightTables.neurons();
      tables.add(weightTables.compositionParts().scanned());
      tables.add(weightTables.momentsParts().scanned());
      return new WeightFindings(request.processing(), neurons, List.copyOf(tables));
    }
  }

  @Override
  public String toString() {
    return Brief.of("WeightFindings")
        .with("processing", processing)
        .with("neurons", neurons)
        .with("tables", tables)
        .toString();
  }
}
