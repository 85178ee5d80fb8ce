package dev.homolog.core.model;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Architecture;
import dev.homolog.core.model.family.NormSpec;
import java.lang.foreign.Arena;
import java.util.Optional;

/**
 * A decoder-only transformer, whose blocks are made as its {@link Architecture} says. Causal
 * attention and an MLP read the residual stream through a norm and add to it, one after the other
 * or side by side. Positions are learned or rotary. Weights are used as stored. Belongs to one
 * thread and to the arena and kernels that it was made with.
 */
public final class Transformer {
  private final ModelConfig config;
  private final Architecture architecture;
  private final Kernels kernels;
  private final Weights weights;
  private final ForwardBuffers buffers;
  private final Tensor post;
  private final Optional<RotaryTables> rotary;
  private final long maxTokens;

  private Transformer(
      ModelConfig config, Kernels kernels, Weights weights, Arena arena, long maxTokens) {
    this.config = config;
    this.architecture = config.architecture();
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

  /** Bytes that opening a model copies of its weights; the rest is read where it is mapped. */
  public static long copiedWeights(Checkpoint checkpoint, Kernels kernels) {
    return checkpoint.names().stream()
        .mapToLong(name -> kernels.weightBytes(checkpoint.tensor(name)))
        .sum();
  }

  /** The model's sizes and architecture. */
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
    Tensor residual = buffers(ids.rows()).residual(); // [T, d_model]
    embed(ids, context, residual);
    for (int layer = 0; layer < config.layers(); layer++) {
      Tensor pre = Activations.layer(out.pre(), layer, config.dMlp()); // [T, d_mlp] or null
      Tensor post = Activations.layer(out.post(), layer, config.dMlp()); // [T, d_mlp] or null
      Tensor neurons = activate(layer, context, residual, BlockTaps.sites(pre, post));
      if (layer == config.layers() - 1 && out.logits() == null) {
        return;
      }
      write(layer, neurons, residual);
    }
    unembed(finalNorm(residual), out.logits()); // [T, vocab]
  }

  // ---- the parts of a forward pass, for those that begin in the middle of one ----

  /** The residual stream [T, d_model] before layer 0. */
  public void embed(Tensor ids, int context, Tensor residual) {
    kernels.embed(ids, context, weights.W_E(), weights.W_pos().orElse(null), residual);
  }

  /**
   * The first part of a block: attention adds to the residual stream, and the MLP reads it.
   *
   * @param residual [T, d_model], before the layer; then with what attention has added
   * @return MLP_POST [T, d_mlp]: the tap's tensor, or memory that the next call uses again
   */
  public Tensor activate(int layer, int context, Tensor residual, BlockTaps taps) {
    long T = residual.rows();
    ForwardBuffers scratch = buffers(T);
    Tensor normal = scratch.normal(); // [T, d_model]
    boolean parallel = architecture.parallelResidual();
    Weights.Block block = weights.blocks().get(layer);
    Tensor z = taps.frozenZ(); // [T, d_model]
    if (z == null) {
      z = taps.z() != null ? taps.z() : scratch.z();
      normalise(residual, block.ln1(), normal);
      kernels.linear(normal, block.qkv().W(), block.qkv().b(), scratch.qkv()); // [T, 3 d_model]
      attend(scratch.qkv(), attentionShape(context, layer), z);
    }
    if (parallel) {
      normalise(residual, block.ln2(), normal); // the MLP reads what attention read
    }
    kernels.addLinear(z, block.o().W(), block.o().b(), residual);

    if (!parallel) {
      normalise(residual, block.ln2(), normal); // the MLP reads what attention wrote
    }
    Tensor neurons = taps.post() != null ? taps.post() : post.rows(0, T); // [T, d_mlp]
    Activation f = architecture.mlp().activation();
    kernels.linearActivate(normal, block.in().W(), block.in().b(), f, taps.pre(), neurons);
    return neurons;
  }

  /** The second part of a block: what its neurons write is added to the residual stream. */
  public void write(int layer, Tensor neurons, Tensor residual) {
    Weights.Block block = weights.blocks().get(layer);
    kernels.addLinear(neurons, block.out().W(), block.out().b(), residual);
  }

  /** The last LayerNorm's output [T, d_model], in memory that the next call uses again. */
  public Tensor finalNorm(Tensor residual) {
    Tensor normal = buffers(residual.rows()).normal();
    normalise(residual, weights.ln_final(), normal);
    return normal;
  }

  /** What the last LayerNorm divides by, √(variance + epsilon): F64 [T, 1]. */
  public void finalScale(Tensor residual, Tensor scale) {
    switch (architecture.norm()) {
      case NormSpec.LayerNorm(double epsilon) -> kernels.layerNormScale(residual, epsilon, scale);
    }
  }

  /** Logits [T, vocab] of the last LayerNorm's output. */
  public void unembed(Tensor normal, Tensor logits) {
    kernels.linear(normal, weights.W_U(), null, logits);
  }

  /** Logits that the last LayerNorm's bias alone gives, β W_U: [1, vocab]. */
  public Tensor constantLogits(Arena arena) {
    Tensor logits = kernels.allocate(arena, kernels.working(), 1, config.vocabSize());
    try (Arena scratch = Arena.ofShared()) {
      unembed(bias(weights.ln_final(), scratch), logits);
    }
    return logits;
  }

  /**
   * W_U u: the last LayerNorm's output times it is the logits' component along u.
   *
   * @param u [1, vocab] of the working type
   * @return [d_model, 1]
   */
  public Tensor reader(Tensor u, Arena arena) {
    Tensor reader = kernels.allocate(arena, kernels.working(), 1, config.dModel());
    kernels.linear(u, weights.W_U().transposed(), null, reader);
    return reader.transposed();
  }

  /** What some neurons of a layer write at activation 1, as stored: [neurons, d_model]. */
  public Tensor writers(int layer, int[] neurons, Arena arena) {
    Tensor W = weights.blocks().get(layer).out().W();
    Tensor list = Tensor.allocate(arena, DType.I32, neurons.length, 1);
    for (int i = 0; i < neurons.length; i++) {
      list.set(i, 0, neurons[i]);
    }
    Tensor writers = kernels.allocate(arena, W.dtype(), neurons.length, config.dModel());
    kernels.gatherRows(W, kernels.fromHost(arena, list), writers);
    return writers;
  }

  /** Queries, keys and values [T, 3 d_model] of a layer, before rotary positions. */
  public void queriesKeysValues(int layer, Tensor residual, Tensor qkv) {
    Weights.Block block = weights.blocks().get(layer);
    Tensor normal = buffers(residual.rows()).normal();
    normalise(residual, block.ln1(), normal);
    kernels.linear(normal, block.qkv().W(), block.qkv().b(), qkv);
  }

  /** One head's queries [T, d_head], before rotary positions. */
  public void queries(int layer, int head, Tensor residual, Tensor q) {
    Weights.Block block = weights.blocks().get(layer);
    Tensor normal = buffers(residual.rows()).normal();
    normalise(residual, block.ln1(), normal);
    long from = headLayout(config).query(head);
    long to = from + config.dHead();
    Tensor b = block.qkv().b();
    kernels.linear(
        normal, block.qkv().W().columns(from, to), b == null ? null : b.columns(from, to), q);
  }

  /** What biases alone give every query, key and value: [1, 3 d_model]. */
  public Tensor constants(int layer, Arena arena) {
    Weights.Block block = weights.blocks().get(layer);
    Tensor qkv = kernels.allocate(arena, kernels.working(), 1, config.dQkv());
    kernels.linear(bias(block.ln1(), arena), block.qkv().W(), block.qkv().b(), qkv);
    return qkv;
  }

  /** A norm's bias [1, d_model] in the working type: what it makes of 0. */
  private Tensor bias(Weights.Norm norm, Arena arena) {
    Tensor bias = kernels.allocate(arena, kernels.working(), 1, config.dModel());
    normalise(kernels.allocate(arena, kernels.working(), 1, config.dModel()), norm, bias);
    return bias;
  }

  /** Where a head's query, key and value lie in a row of queries, keys and values. */
  public HeadLayout headLayout() {
    return headLayout(config);
  }

  /**
   * Attention of some heads of a layer whose queries, keys and values lie head by head. They are
   * rotated by rotary positions in place.
   *
   * @param qkv [T, heads · 3 d_head]
   * @param z [T, heads · d_head]
   */
  public void attend(int layer, int context, Tensor qkv, Tensor z) {
    int dHead = config.dHead();
    AttentionShape all = attentionShape(context, layer);
    AttentionShape heads =
        new AttentionShape(
            context,
            Math.toIntExact(z.cols() / dHead),
            dHead,
            all.scale(),
            HeadLayout.headByHead(dHead));
    attend(qkv, heads, z);
  }

  private void attend(Tensor qkv, AttentionShape heads, Tensor z) {
    rotary.ifPresent(tables -> kernels.rotate(qkv, heads, tables.cos(), tables.sin()));
    kernels.attention(qkv, heads, z);
  }

  private ForwardBuffers buffers(long tokens) {
    if (tokens > maxTokens) {
      throw new IllegalArgumentException(tokens + " tokens with buffers for " + maxTokens);
    }
    return buffers.firstTokens(tokens);
  }

  private void normalise(Tensor x, Weights.Norm norm, Tensor out) {
    switch (architecture.norm()) {
      case NormSpec.LayerNorm(double epsilon) ->
          kernels.layerNorm(x, norm.gain(), norm.bias(), epsilon, out);
    }
  }

  private AttentionShape attentionShape(int context, int layer) {
    double scale = architecture.attention().scale(config.dHead(), layer);
    return new AttentionShape(context, config.heads(), config.dHead(), scale, headLayout(config));
  }

  /** Where a model's matrix of queries, keys and values has each head. */
  static HeadLayout headLayout(ModelConfig config) {
    return switch (config.architecture().attention().order()) {
      case PART_BY_PART -> HeadLayout.partByPart(config.heads(), config.dHead());
      case HEAD_BY_HEAD -> HeadLayout.headByHead(config.dHead());
    };
  }
}
