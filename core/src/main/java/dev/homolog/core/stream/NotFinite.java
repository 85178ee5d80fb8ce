package dev.homolog.core.stream;

import dev.homolog.core.InputException;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds the activation of a batch that is not finite, once it is known that there is one.
 *
 * @param locations the models' folders, in the order of the block
 */
record NotFinite(Kernels kernels, TokenTable table, List<String> locations) {
  private static final String FINITE = "all activations of the batch are finite";

  /**
   * The refusal of the model: its lowest such layer, since the layers above follow from it, and in
   * that the first token.
   */
  InputException find(ActivationBlock block) {
    if (block.post() != null) {
      for (int i = 0; i < block.models().size(); i++) {
        Optional<InputException> refusal =
            find(block.post(), block.models().get(i), i, block.rows());
        if (refusal.isPresent()) {
          return refusal.get();
        }
      }
    }
    // What an activation function swallows is still no number.
    if (block.pre() != null) {
      return find(block.pre(), block.models().getFirst(), 0, block.rows())
          .orElseThrow(() -> new IllegalStateException(FINITE));
    }
    throw new IllegalStateException(FINITE);
  }

  private Optional<InputException> find(Tensor all, ModelNeurons model, int number, Rows rows) {
    for (int layer = 0; layer < model.layers(); layer++) {
      Tensor x = model.layer(all, layer);
      if (isFinite(x)) {
        continue;
      }
      for (int row = 0; row < x.rows() / table.context(); row++) {
        Optional<InputException> refusal =
            find(x, row, locations.get(number), layer, rows.get(row));
        if (refusal.isPresent()) {
          return refusal;
        }
      }
    }
    return Optional.empty();
  }

  private boolean isFinite(Tensor layer) {
    try (Arena scratch = Arena.ofShared()) {
      FiniteSink.Extremes extremes =
          FiniteSink.Extremes.allocate(kernels, scratch, layer.rows(), layer.cols());
      extremes.add(layer);
      return FiniteSink.allFinite(kernels, extremes.sums());
    }
  }

  /** Looks at one row of the table, a layer [context, d_mlp] at a time, in the host's memory. */
  private Optional<InputException> find(
      Tensor x, int row, String location, int layer, long tableRow) {
    int context = table.context();
    try (Arena scratch = Arena.ofConfined()) {
      Tensor part = x.rows((long) row * context, (row + 1L) * context);
      Tensor values = kernels.toHost(scratch, part);
      for (int position = 0; position < context; position++) {
        for (int neuron = 0; neuron < values.cols(); neuron++) {
          double value = values.get(position, neuron);
          if (!Double.isFinite(value)) {
            int document = table.documentOf(tableRow, position);
            return Optional.of(
                new InputException(
                    location,
                    "layer " + layer + ", row " + tableRow,
                    String.format(
                        Locale.ROOT,
                        "neuron %d is %s at position %d, in %s",
                        neuron,
                        name(value),
                        position,
                        table.document(document)),
                    "use a checkpoint that stays within single precision on this text"));
          }
        }
      }
    }
    return Optional.empty();
  }

  private static String name(double value) {
    return Double.isNaN(value) ? "NaN" : value > 0 ? "infinite" : "minus infinite";
  }
}
