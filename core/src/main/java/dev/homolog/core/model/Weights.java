package dev.homolog.core.model;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.TensorNames;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A model's weights as the kernels read them, in the field's names. Matrices are [in, out].
 *
 * @param W_E token embedding [vocab, d_model]
 * @param W_pos position embedding [positions, d_model]; empty where positions are rotary
 * @param blocks one a layer
 * @param ln_final gain and bias of the last norm
 * @param head unembedding [d_model, vocab]; W_E transposed unless the checkpoint has its own; empty
 *     for a model without a head that predicts tokens
 */
record Weights(
    Tensor W_E, Optional<Tensor> W_pos, List<Block> blocks, Norm ln_final, Optional<Tensor> head) {

  /**
   * The unembedding.
   *
   * @throws IllegalStateException if the model has none
   */
  Tensor W_U() {
    return head.orElseThrow(() -> new IllegalStateException("the model has no unembedding"));
  }

  /** Gain and bias [1, d_model]. */
  record Norm(Tensor gain, Tensor bias) {}

  /** A matrix [in, out] and its bias [1, out], or null where there is none. */
  record Linear(Tensor W, Tensor b) {}

  /**
   * One layer.
   *
   * @param qkv [d_model, 3 d_model]: queries, keys, values, in the order of {@link
   *     dev.homolog.core.model.family.HeadOrder}
   * @param o attention output [d_model, d_model]
   * @param in [d_model, d_mlp]
   * @param out [d_mlp, d_model]
   */
  record Block(Norm ln1, Linear qkv, Linear o, Norm ln2, Linear in, Linear out) {}

  /**
   * Reads all weights.
   *
   * @throws InputException if one is missing or not finite, or is in double precision and beyond
   *     single precision, which these kernels compute in
   */
  static Weights read(Checkpoint checkpoint, Kernels kernels, Arena arena) {
    return new Reader(checkpoint, kernels, arena).weights();
  }

  private record Reader(Checkpoint checkpoint, Kernels kernels, Arena arena) {

    Weights weights() {
      ModelConfig c = checkpoint.config();
      TensorNames names = names();
      int d = c.dModel();
      boolean biased = c.architecture().attention().biased();
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < c.layers(); layer++) {
        TensorNames.Block block = names.block(layer);
        blocks.add(
            new Block(
                norm(block.ln1(), d),
                linear(block.qkv(), d, c.dQkv(), biased),
                linear(block.o(), d, d, biased),
                norm(block.ln2(), d),
                linear(block.in(), d, c.dMlp(), true),
                linear(block.out(), c.dMlp(), d, true)));
      }
      Tensor W_E = tensor(names.embedding(), c.vocabSize(), d);
      boolean untied = checkpoint.names().contains(names.unembedding());
      Tensor head = untied ? tensor(names.unembedding(), c.vocabSize(), d) : W_E;
      boolean any = checkpoint.hasUnembedding();
      return new Weights(
          W_E,
          names.positions().map(name -> tensor(name, c.positions(), d)),
          List.copyOf(blocks),
          norm(names.finalNorm(), d),
          any ? Optional.of(head.transposed()) : Optional.empty());
    }

    private TensorNames names() {
      return checkpoint.config().architecture().family().names();
    }

    private Norm norm(String name, int d) {
      return new Norm(tensor(name + ".weight", 1, d), tensor(name + ".bias", 1, d));
    }

    private Linear linear(String name, int in, int out, boolean biased) {
      Tensor W =
          switch (checkpoint.config().architecture().family().matrixOrder()) {
            case IN_OUT -> tensor(name + ".weight", in, out);
            case OUT_IN -> tensor(name + ".weight", out, in).transposed();
          };
      return new Linear(W, biased ? tensor(name + ".bias", 1, out) : null);
    }

    private Tensor tensor(String name, long rows, long cols) {
      StoredTensor stored = checkpoint.tensor(name);
      DoubleWeights.require(checkpoint.location(), stored, kernels.working());
      return kernels.weight(arena, stored, rows, cols);
    }
  }
}
