package dev.homolog.analysis.explanation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * A text whose every position is known, and activations made up by a test, shown to sinks as a
 * stream would show them.
 *
 * @param ids by position, rows one after the other
 * @param subset by position, or {@link TokenTable#NO_SUBSET}
 */
record Shown(Kernels kernels, Arena arena, int context, int[] ids, int[] subset) {

  int positions() {
    return ids.length;
  }

  /** Mean and deviation of each column over some rows from the beginning. */
  Pilot pilot(float[][] x, int rows) {
    int neurons = x[0].length;
    MomentsSink moments =
        new MomentsSink(kernels, arena, Pilot.identity(kernels, arena, neurons), neurons);
    moments.accept(block(x, 0, rows));
    return moments.moments().pilot(kernels, arena);
  }

  /** Shows rows [from, to) in batches. */
  void to(ExplanationSink sink, float[][] x, int from, int to, int batch) {
    for (int row = from; row < to; row += batch) {
      sink.accept(block(x, row, Math.min(to, row + batch)));
    }
  }

  private ActivationBlock block(float[][] x, int fromRow, int toRow) {
    int from = fromRow * context;
    int tokens = toRow * context - from;
    int neurons = x[0].length;
    Tensor id = Tensor.allocate(arena, DType.I32, tokens, 1);
    Tensor keep = Tensor.allocate(arena, DType.U8, tokens, 1);
    Tensor subsets = Tensor.allocate(arena, DType.I32, tokens, 1);
    Tensor post = Tensor.allocate(arena, DType.F32, tokens, neurons);
    keep.fill(1);
    double[] line = new double[neurons];
    for (int t = 0; t < tokens; t++) {
      id.set(t, 0, ids[from + t]);
      subsets.set(t, 0, subset[from + t]);
      for (int j = 0; j < neurons; j++) {
        line[j] = x[from + t][j];
      }
      post.writeRow(t, line);
    }
    return new ActivationBlock(
        kernels,
        List.of(new ModelNeurons("a", 1, neurons, 0)),
        Rows.all(toRow).part(fromRow, toRow),
        kernels.fromHost(arena, id),
        kernels.fromHost(arena, keep),
        tokens,
        subsets,
        null,
        kernels.fromHost(arena, post));
  }
}
