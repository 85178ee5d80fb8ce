package dev.homolog.core.model;

import dev.homolog.core.checkpoint.Architecture;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * GPT-2 (Radford et al. 2019) and GPT-NeoX (Black et al. 2022): blocks of causal attention and an
 * MLP that read the residual stream through a LayerNorm and add to it, one after the other or side
 * by side, with positions that are learned or rotary. Weights are used as stored. Belongs to one
 * thread and to the arena and kernels that it was made with.
 */
public final class Transformer {
  private final ModelConfig config;
  private final Kernels kernels;
  private final Weights weights;
  private final ForwardBuffers buffers;
  private final Tensor post;
  private final RotaryTables rotary; // or null
  private final long maxTokens;

  private Transformer(
      ModelConfig config, Kernels kernels, Weights weights, Arena arena, long maxTokens) {
    this.config = config;
    this.kernels = kernels;
    this.weights = weights;
    this.maxTokens = maxTokens;
    this.buffers = ForwardBuffers.allocate(arena, kernels, config, maxTokens);
    this.post = kernels.allocate(arena, kernels.working(), maxTokens, config.dMlp());
    this.rotary = RotaryTables.of(config, kernels, arena, maxTokens);
  }

  /**
   * The model of a checkpoint, which must stay open.
   *
   * @param maxTokens the most tokens (rows times context) that a batch will have
   * @throws dev.homolog.core.InputException if a weight is missing or not finite
   */
  public static Transformer of(
      Checkpoint checkpoint, Kernels kernels, Arena arena, long maxTokens) {
    Weights weights = Weights.read(checkpoint, kernels, arena);
    return new Transformer(checkpoint.config(), kernels, weights, arena, maxTokens);
  }

  /** Scratch memory in bytes that a model takes for batches of that many tokens. */
  public static long scratchBytes(ModelConfig config, DType working, long maxTokens) {
    return ForwardBuffers.bytes(working, config, maxTokens)
        + (long) config.dMlp() * maxTokens * working.bytes()
        + RotaryTables.bytes(working, config, maxTokens);
  }

  public ModelConfig config() {
    return config;
  }

  /**
   * Runs the model over a batch and writes what {@code out} asks for; stops after the last MLP
   * where no logits are wanted.
   *
   * @param ids token ids I32 [T, 1], rows of {@code context} tokens one after the other
   */
  public void forward(Tensor ids, int context, Activations out) {
    long T = ids.rows();
    if (T > maxTokens) {
      throw new IllegalArgumentException(T + " tokens with buffers for " + maxTokens);
    }
    ForwardBuffers at = buffers.firstTokens(T);
    Tensor residual = at.residual(); // [T, d_model]
    Tensor normal = at.normal(); // [T, d_model]
    boolean parallel = config.architecture().parallelResidual();

    kernels.embed(ids, context, weights.W_E(), weights.W_pos(), residual);
    for (int layer = 0; layer < config.layers(); layer++) {
      Weights.Block block = weights.blocks().get(layer);
      layerNorm(residual, block.ln1(), normal);
      kernels.linear(normal, block.qkv().W(), block.qkv().b(), at.qkv()); // [T, 3 d_model]
      AttentionShape heads = attentionShape(context, layer);
      if (rotary != null) {
        kernels.rotate(at.qkv(), heads, rotary.cos(), rotary.sin());
      }
      kernels.attention(at.qkv(), heads, at.z()); // [T, d_model]
      if (parallel) {
        layerNorm(residual, block.ln2(), normal); // the MLP reads what attention read
      }
      kernels.addLinear(at.z(), block.o().W(), block.o().b(), residual);

      if (!parallel) {
        layerNorm(residual, block.ln2(), normal); // the MLP reads what attention wrote
      }
      Tensor pre = Activations.layer(out.pre(), layer, config.dMlp()); // [T, d_mlp] or null
      Tensor post = Activations.layer(out.post(), layer, config.dMlp()); // [T, d_mlp] or null
      Tensor neurons = post != null ? post : this.post.rows(0, T); // [T, d_mlp]
      kernels.linearActivate(
          normal, block.in().W(), block.in().b(), config.activation(), pre, neurons);
      if (layer == config.layers() - 1 && out.logits() == null) {
        return;
      }
      kernels.addLinear(neurons, block.out().W(), block.out().b(), residual);
    }
    layerNorm(residual, weights.ln_final(), normal);
    kernels.linear(normal, weights.W_U(), null, out.logits()); // [T, vocab]
  }

  private void layerNorm(Tensor x, Weights.LayerNorm ln, Tensor to) {
    kernels.layerNorm(x, ln.gain(), ln.bias(), config.layerNormEpsilon(), to);
  }

  private AttentionShape attentionShape(int context, int layer) {
    Architecture architecture = config.architecture();
    double scale = architecture.scaleAttnWeights() ? 1 / Math.sqrt(config.dHead()) : 1;
    if (architecture.scaleAttnByInverseLayerIdx()) {
      scale /= layer + 1;
    }
    return new AttentionShape(context, config.heads(), config.dHead(), scale, headLayout(config));
  }

  /** Where a model's matrix of queries, keys and values has each head. */
  static HeadLayout headLayout(ModelConfig config) {
    return switch (config.architecture().family()) {
      case GPT2 -> HeadLayout.partByPart(config.heads(), config.dHead());
      case GPT_NEOX -> HeadLayout.headByHead(config.dHead());
    };
  }
}
