package dev.homolog.core.intervention;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.BlockTaps;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Takes what a neuron writes out of the queries of a later head, and out of nothing else (Gurnee et
 * al. 2024, section 5.3). The LayerNorm is computed again; keys and values stay. One measure is the
 * norm of the head's output z before W_O, without what the biases of values give it. The other is
 * its attention on BOS, position 0 of the row. Belongs to one thread, arena and kernels.
 */
public final class PathAblation {
  private final Kernels kernels;
  private final Transformer model;
  private final Positions positions;
  private final Buffers buffers;

  /** A head. */
  public record Head(int layer, int head) implements Comparable<Head> {
    @Override
    public int compareTo(Head other) {
      return layer != other.layer
          ? Integer.compare(layer, other.layer)
          : Integer.compare(head, other.head);
    }

    @Override
    public String toString() {
      return "L" + layer + "H" + head;
    }
  }

  /** A neuron and a head of a later layer. */
  public record Path(NeuronId neuron, Head head) {
    public Path {
      if (neuron.layer() >= head.layer) {
        throw new IllegalArgumentException("neuron " + neuron + " is not below " + head);
      }
    }
  }

  /**
   * A path at every position that is ablated, in the order of the text. An element of each is a
   * position.
   *
   * @param activation of the neuron, MLP_POST
   * @param zNorm norm of z as it is, and {@code zNormAblated} without the neuron in the queries
   * @param bosAttention attention on BOS as it is, and {@code bosAttentionAblated} likewise
   */
  public record Measured(
      Path path,
      float[] activation,
      float[] zNorm,
      float[] zNormAblated,
      float[] bosAttention,
      float[] bosAttentionAblated) {}

  /** [T, …] each. */
  private record Buffers(
      Tensor residual, Tensor ablated, Tensor qkv, Tensor heads, Tensor kept, Tensor z) {}

  /**
   * Prepares ablations.
   *
   * @param checkpoint must stay open
   * @param maxTokens the most tokens (rows times context) of a batch
   * @param positions of queries at which the neuron is taken out
   */
  public PathAblation(
      Checkpoint checkpoint, Kernels kernels, Arena arena, long maxTokens, Positions positions) {
    this.kernels = kernels;
    this.positions = positions;
    this.model = Transformer.of(checkpoint, kernels, arena, maxTokens);
    ModelConfig config = model.config();
    int d = config.dModel();
    int dHead = config.dHead();
    this.buffers =
        new Buffers(
            allocate(arena, maxTokens, d),
            allocate(arena, maxTokens, d),
            allocate(arena, maxTokens, config.dQkv()),
            allocate(arena, maxTokens, 6L * dHead),
            allocate(arena, maxTokens, 3L * dHead),
            allocate(arena, maxTokens, 2L * dHead));
  }

  private Tensor allocate(Arena arena, long rows, long cols) {
    return kernels.allocate(arena, kernels.working(), rows, cols);
  }

  /** Bytes that one takes besides weights, for batches of that many tokens. */
  public static long bytes(ModelConfig config, Kernels kernels, long tokens) {
    long columns = 5L * config.dModel() + 11L * config.dHead();
    return Transformer.scratchBytes(config, kernels.working(), tokens)
        + columns * tokens * kernels.working().bytes();
  }

  /**
   * Ablates paths into the heads of one layer.
   *
   * @param paths all with a head of this layer
   * @return one for each path, in order
   */
  public List<Measured> run(
      int layer, List<Path> paths, Sweep.Text text, ProgressListener progress) {
    int context = text.table().context();
    int perRow = 0;
    for (int p = 0; p < context; p++) {
      perRow += positions.contains(p) ? 1 : 0;
    }
    int count = Math.multiplyExact(perRow, text.rows().count());
    Map<Head, List<Measured>> byHead = new TreeMap<>();
    Map<NeuronId, float[]> activations = new TreeMap<>();
    List<Measured> all = new ArrayList<>();
    Map<Head, float[][]> nominal = new TreeMap<>();
    for (Path path : paths) {
      if (path.head.layer != layer) {
        throw new IllegalArgumentException(path + " in layer " + layer);
      }
      float[][] unablated = nominal.computeIfAbsent(path.head, _ -> new float[2][count]);
      Measured measured =
          new Measured(
              path,
              activations.computeIfAbsent(path.neuron, _ -> new float[count]),
              unablated[0],
              new float[count],
              unablated[1],
              new float[count]);
      all.add(measured);
      byHead.computeIfAbsent(path.head, _ -> new ArrayList<>()).add(measured);
    }
    long total = (long) text.rows().count() * context;
    for (int from = 0; from < text.rows().count(); from += text.batchRows()) {
      int to = Math.min(text.rows().count(), from + text.batchRows());
      try (Arena scratch = Arena.ofShared()) {
        Sweep.Batch batch = Sweep.Batch.of(text, from, to, kernels, scratch);
        int firstPosition = from * perRow;
        Map<NeuronId, double[]> seen = nominalPass(layer, batch, activations.keySet());
        seen.forEach((id, values) -> select(values, context, activations.get(id), firstPosition));
        Tensor residual = buffers.residual.rows(0, batch.tokens());
        Tensor qkv = buffers.qkv.rows(0, batch.tokens());
        model.queriesKeysValues(layer, residual, qkv);
        double[] constants = kernels.toHost(scratch, model.constants(layer, scratch)).toArray();
        byHead.forEach((head, measured) -> {
          OneHead oneHead = new OneHead(head, batch, constants);
          oneHead.take(qkv);
          float[][] unablated = nominal.get(head);
          oneHead.measure(unablated[0], unablated[1], firstPosition);
          for (Measured result : measured) {
            oneHead.ablate(result.path.neuron, seen.get(result.path.neuron));
            oneHead.measure(result.zNormAblated, result.bosAttentionAblated, firstPosition);
          }
        });
      }
      progress.progress("heads of layer " + layer, (long) to * context, total);
    }
    return List.copyOf(all);
  }

  /** The residual stream before the layer, and activations of the neurons on the way. */
  private Map<NeuronId, double[]> nominalPass(
      int layer, Sweep.Batch batch, Iterable<NeuronId> neurons) {
    Map<Integer, SortedSet<Integer>> byLayer = new TreeMap<>();
    for (NeuronId id : neurons) {
      byLayer.computeIfAbsent(id.layer(), _ -> new TreeSet<>()).add(id.neuron());
    }
    Map<NeuronId, double[]> activations = new TreeMap<>();
    Tensor x = buffers.residual.rows(0, batch.tokens());
    model.embed(batch.ids(), batch.context(), x);
    for (int l = 0; l < layer; l++) {
      Tensor post = model.activate(l, batch.context(), x, BlockTaps.NONE);
      for (int neuron : byLayer.getOrDefault(l, new TreeSet<>())) {
        activations.put(new NeuronId(l, neuron), NeuronActivations.column(kernels, post, neuron));
      }
      model.write(l, post, x);
    }
    return activations;
  }

  /** Values at the ablated positions. */
  private void select(double[] values, int context, float[] into, int begin) {
    int next = begin;
    for (int t = 0; t < values.length; t++) {
      if (positions.contains(t % context)) {
        into[next++] = (float) values[t];
      }
    }
  }

  /**
   * A head on a batch. Attention runs on two heads side by side: the head itself, and one with the
   * same queries and keys. The second one's values are 1 at BOS, so its output is the attention on
   * BOS.
   */
  private final class OneHead {
    private final Head head;
    private final Sweep.Batch batch;
    private final Tensor kept; // query, key and value before rotary positions [T, 3 d_head]
    private final Tensor both; // [T, 6 d_head]
    private final Tensor z; // [T, 2 d_head]
    private final double[] constant; // what biases give a value
    private final int dHead;

    OneHead(Head head, Sweep.Batch batch, double[] constants) {
      this.head = head;
      this.batch = batch;
      this.dHead = model.config().dHead();
      this.kept = buffers.kept.rows(0, batch.tokens());
      this.both = buffers.heads.rows(0, batch.tokens());
      this.z = buffers.z.rows(0, batch.tokens());
      this.constant = new double[dHead];
      System.arraycopy(constants, model.headLayout().value(head.head), constant, 0, dHead);
    }

    /** Copies the head's part, and makes the second head's values. */
    void take(Tensor qkv) {
      HeadLayout layout = model.headLayout();
      int[] parts = {layout.query(head.head), layout.key(head.head), layout.value(head.head)};
      for (int part = 0; part < 3; part++) {
        copy(qkv.columns(parts[part], parts[part] + dHead), kept, part);
      }
      try (Arena scratch = Arena.ofShared()) {
        Tensor bos = Tensor.allocate(scratch, kernels.working(), batch.tokens(), dHead);
        for (long t = 0; t < bos.rows(); t += batch.context()) {
          bos.set(t, 0, 1);
        }
        kernels.copy(bos, part(both, 5));
      }
    }

    /** Queries without what the neuron writes. */
    void ablate(NeuronId id, double[] activation) {
      try (Arena scratch = Arena.ofShared()) {
        Tensor x = buffers.ablated.rows(0, batch.tokens());
        kernels.copy(buffers.residual.rows(0, batch.tokens()), x);
        Tensor change = Tensor.allocate(scratch, kernels.working(), batch.tokens(), 1);
        for (int t = 0; t < activation.length; t++) {
          change.set(t, 0, positions.contains(t % batch.context()) ? -activation[t] : 0);
        }
        Tensor writer = model.writers(id.layer(), new int[] {id.neuron()}, scratch);
        kernels.addLinear(kernels.fromHost(scratch, change), writer, null, x);
        model.queries(head.layer, head.head, x, part(kept, 0));
      }
    }

    /** Norm of z and attention on BOS at the ablated positions. */
    void measure(float[] zNorm, float[] bosAttention, int begin) {
      for (int part = 0; part < 3; part++) {
        copy(part(kept, part), both, part);
      }
      copy(part(kept, 0), both, 3);
      copy(part(kept, 1), both, 4);
      model.attend(head.layer, batch.context(), both, z);
      // Rotary positions leave values alone, so that the second head's stay as they are.
      try (Arena scratch = Arena.ofShared()) {
        Tensor host = kernels.toHost(scratch, z);
        double[] row = new double[2 * dHead];
        int next = begin;
        for (int t = 0; t < host.rows(); t++) {
          if (positions.contains(t % batch.context())) {
            host.readRow(t, row);
            double square = 0;
            for (int i = 0; i < dHead; i++) {
              square += (row[i] - constant[i]) * (row[i] - constant[i]);
            }
            zNorm[next] = (float) Math.sqrt(square);
            bosAttention[next++] = (float) row[dHead];
          }
        }
      }
    }

    private Tensor part(Tensor parts, int part) {
      return parts.columns((long) part * dHead, (part + 1L) * dHead);
    }

    private void copy(Tensor from, Tensor to, int part) {
      kernels.copy(from, part(to, part));
    }
  }
}
