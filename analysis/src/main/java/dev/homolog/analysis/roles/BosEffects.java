package dev.homolog.analysis.roles;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.PathAblation.Head;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.BlockTaps;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.model.Processing;
import dev.homolog.core.model.Transformer;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * How much each neuron draws each later head's attention to or from BOS (Gurnee et al. 2024,
 * section 5.3).
 *
 * <p>The effect is w_out · (W_Q k_BOS) / √d_head. Here k_BOS is the head's key of the one-token
 * input BOS, with its bias and before rotary positions. The vector w_out is not normalised, and
 * there is no 1 / (layer + 1) as in scaled models. Only the largest effects of each head are kept
 * in memory.
 */
final class BosEffects {
  private BosEffects() {}

  /** A neuron's effect: what a unit of its activation adds to the head's score of BOS. */
  record Effect(NeuronId neuron, double value) {}

  /** The largest first: by size, then by neuron. */
  private static final Comparator<Effect> ORDER =
      Comparator.comparingDouble((Effect effect) -> -Math.abs(effect.value))
          .thenComparing(Effect::neuron);

  /**
   * For every head above layer 0, the neurons of largest absolute effect, the largest first.
   *
   * @param processing how weights are processed
   * @param bos BOS's id
   * @param count neurons that are kept a head
   */
  static Map<Head, List<Effect>> of(
      Checkpoint checkpoint, Processing processing, Kernels kernels, int bos, int count) {
    ModelConfig config = checkpoint.config();
    Map<Head, double[]> queries = queries(checkpoint, processing, kernels, bos);
    Map<Head, PriorityQueue<Effect>> best = new TreeMap<>();
    queries.keySet().forEach(head -> best.put(head, new PriorityQueue<>(ORDER.reversed())));
    ProcessedWeights weights = new ProcessedWeights(checkpoint, processing);
    for (int layer = 0; layer < config.layers() - 1; layer++) {
      try (Arena arena = Arena.ofConfined()) {
        Tensor W = weights.mlp(layer, arena).W_out();
        double[] writer = new double[config.dModel()];
        for (int n = 0; n < config.dMlp(); n++) {
          W.readRow(n, writer);
          NeuronId id = new NeuronId(layer, n);
          int below = layer;
          queries.forEach((head, query) -> {
            if (below < head.layer()) {
              PriorityQueue<Effect> effects = best.get(head);
              effects.add(new Effect(id, Unembedding.dot(writer, query)));
              if (effects.size() > count) {
                effects.poll(); // the smallest
              }
            }
          });
        }
      }
    }
    Map<Head, List<Effect>> sorted = new TreeMap<>();
    best.forEach((head, effects) -> sorted.put(head, effects.stream().sorted(ORDER).toList()));
    return sorted;
  }

  /** W_Q k_BOS / √d_head [d_model] of every head above layer 0. */
  private static Map<Head, double[]> queries(
      Checkpoint checkpoint, Processing processing, Kernels kernels, int bos) {
    ModelConfig config = checkpoint.config();
    int dHead = config.dHead();
    Map<Head, double[]> queries = new TreeMap<>();
    List<double[]> keys = keys(checkpoint, kernels, bos);
    ProcessedWeights weights = new ProcessedWeights(checkpoint, processing);
    for (int layer = 1; layer < config.layers(); layer++) {
      try (Arena arena = Arena.ofConfined()) {
        Tensor W_Q = weights.attention(layer, arena).W_Q();
        double[] row = new double[config.dModel()];
        for (int head = 0; head < config.heads(); head++) {
          queries.put(new Head(layer, head), new double[config.dModel()]);
        }
        for (int i = 0; i < config.dModel(); i++) {
          W_Q.readRow(i, row);
          for (int head = 0; head < config.heads(); head++) {
            double sum = 0;
            for (int e = 0; e < dHead; e++) {
              sum += row[head * dHead + e] * keys.get(layer)[head * dHead + e];
            }
            queries.get(new Head(layer, head))[i] = sum / Math.sqrt(dHead);
          }
        }
      }
    }
    return queries;
  }

  /** Keys of the one-token input BOS: one [d_model] a layer, heads side by side. */
  private static List<double[]> keys(Checkpoint checkpoint, Kernels kernels, int bos) {
    ModelConfig config = checkpoint.config();
    List<double[]> keys = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      Transformer model = Transformer.of(checkpoint, kernels, arena, 1);
      Tensor id = Tensor.allocate(arena, DType.I32, 1, 1);
      id.set(0, 0, bos);
      Tensor x = kernels.allocate(arena, kernels.working(), 1, config.dModel());
      Tensor qkv = kernels.allocate(arena, kernels.working(), 1, 3L * config.dModel());
      model.embed(kernels.fromHost(arena, id), 1, x);
      for (int layer = 0; layer < config.layers(); layer++) {
        model.queriesKeysValues(layer, x, qkv);
        double[] all = kernels.toHost(arena, qkv).toArray();
        double[] key = new double[config.dModel()];
        for (int head = 0; head < config.heads(); head++) {
          System.arraycopy(
              all, model.headLayout().key(head), key, head * config.dHead(), config.dHead());
        }
        keys.add(key);
        model.write(layer, model.activate(layer, 1, x, BlockTaps.NONE), x);
      }
    }
    return keys;
  }
}
