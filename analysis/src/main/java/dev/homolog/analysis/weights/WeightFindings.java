package dev.homolog.analysis.weights;

import dev.homolog.analysis.table.Table;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What a model's weights say, of all neurons and more of chosen ones; see {@link WeightTables}.
 *
 * @param processing of the weights
 * @param neurons by flat id
 * @param tables of the chosen neurons, each in parts
 */
public record WeightFindings(
    Processing processing, List<OfNeuron> neurons, List<List<Table>> tables) {

  /** Looks at the weights; the parameters are those of {@link WeightTables}. */
  public static WeightFindings of(
      Kernels kernels,
      Checkpoint checkpoint,
      WeightTables.Request request,
      ProgressListener progress) {
    try (WeightTables made = new WeightTables(kernels, checkpoint, request, progress)) {
      List<List<Table>> tables = new ArrayList<>();
      tables.add(parts(made.neighbours()));
      tables.add(parts(made.vocabulary()));
      List<OfNeuron> neurons = made.neurons();
      tables.add(parts(made.composition()));
      tables.add(parts(made.moments()));
      return new WeightFindings(request.processing(), neurons, List.copyOf(tables));
    }
  }

  private static List<Table> parts(Iterator<Table> parts) {
    List<Table> list = new ArrayList<>();
    parts.forEachRemaining(list::add);
    return List.copyOf(list);
  }
}
