package dev.homolog.core.model;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * A GPT-2 model's weights as the kernels read them, in the field's names. Matrices are [in, out].
 *
 * @param W_E token embedding [vocab, d_model]
 * @param W_pos position embedding [positions, d_model]
 * @param blocks one a layer
 * @param ln_final gain and bias of the last LayerNorm
 * @param W_U unembedding [d_model, vocab]; W_E transposed unless the checkpoint has its own
 */
record Weights(Tensor W_E, Tensor W_pos, List<Block> blocks, LayerNorm ln_final, Tensor W_U) {

  /** Gain and bias [1, d_model]. */
  record LayerNorm(Tensor gain, Tensor bias) {}

  /** A matrix [in, out] and its bias [1, out]. */
  record Linear(Tensor W, Tensor b) {}

  /**
   * One layer.
   *
   * @param qkv [d_model, 3 d_model]: queries, keys, values
   * @param o attention output [d_model, d_model]
   * @param in [d_model, d_mlp]
   * @param out [d_mlp, d_model]
   */
  record Block(LayerNorm ln1, Linear qkv, Linear o, LayerNorm ln2, Linear in, Linear out) {}

  static Weights read(Checkpoint checkpoint, Kernels kernels, Arena arena) {
    return new Reader(checkpoint, kernels, arena).weights();
  }

  private record Reader(Checkpoint checkpoint, Kernels kernels, Arena arena) {

    Weights weights() {
      ModelConfig c = checkpoint.config();
      int d = c.dModel();
      List<Block> blocks = new ArrayList<>();
      for (int layer = 0; layer < c.layers(); layer++) {
        String h = "h." + layer + ".";
        blocks.add(
            new Block(
                norm(h + "ln_1", d),
                linear(h + "attn.c_attn", d, 3 * d),
                linear(h + "attn.c_proj", d, d),
                norm(h + "ln_2", d),
                linear(h + "mlp.c_fc", d, c.dMlp()),
                linear(h + "mlp.c_proj", c.dMlp(), d)));
      }
      Tensor W_E = tensor("wte.weight", c.vocabSize(), d);
      boolean untied = checkpoint.names().contains("lm_head.weight");
      Tensor head = untied ? tensor("lm_head.weight", c.vocabSize(), d) : W_E;
      return new Weights(
          W_E,
          tensor("wpe.weight", c.positions(), d),
          List.copyOf(blocks),
          norm("ln_f", d),
          head.transposed());
    }

    private LayerNorm norm(String name, int d) {
      return new LayerNorm(tensor(name + ".weight", 1, d), tensor(name + ".bias", 1, d));
    }

    private Linear linear(String name, int in, int out) {
      return new Linear(tensor(name + ".weight", in, out), tensor(name + ".bias", 1, out));
    }

    private Tensor tensor(String name, long rows, long cols) {
      StoredTensor stored = checkpoint.tensor(name);
      return kernels.weight(arena, stored, rows, cols);
    }
  }
}
