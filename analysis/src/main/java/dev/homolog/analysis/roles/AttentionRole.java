package dev.homolog.analysis.roles;

import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.PathAblation;
import dev.homolog.core.intervention.PathAblation.Head;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Neurons that switch later heads on or off, by way of the heads' attention on BOS (Gurnee et al.
 * 2024, section 5.3). Candidates are the largest BOS effects of each head. The neuron is then taken
 * out of the head's queries, and the head is compared with what it was.
 *
 * @param queries positions of the queries that are ablated
 * @param pairs by head; of each head the largest absolute effect first
 */
public record AttentionRole(Positions queries, List<Pair> pairs) {
  /** Candidates of each head. */
  public static final int A_HEAD = 100;

  /** Least change of the mean attention on BOS that counts. */
  public static final double LEAST_CHANGE = 0.05;

  /**
   * A neuron and a later head. A change is the value after ablation less that before it. Means and
   * correlations are over the ablated positions; correlations are with the neuron's activation.
   *
   * @param bosEffect what a unit of activation adds to the attention score of BOS
   * @param positions number of ablated positions
   * @param meanActivation mean of the neuron's activation
   * @param zNorm mean norm of the head's output z before ablation
   * @param zNormChange mean change of that norm
   * @param zNormPearson Pearson's correlation of that change
   * @param zNormSpearman Spearman's correlation of that change
   * @param bosAttention mean attention on BOS before ablation
   * @param bosAttentionChange mean change of that attention
   * @param bosAttentionPearson Pearson's correlation of that change
   * @param bosAttentionSpearman Spearman's correlation of that change
   */
  public record Pair(
      NeuronId neuron,
      Head head,
      double bosEffect,
      long positions,
      double meanActivation,
      double zNorm,
      double zNormChange,
      double zNormPearson,
      double zNormSpearman,
      double bosAttention,
      double bosAttentionChange,
      double bosAttentionPearson,
      double bosAttentionSpearman) {

    /** Whether the head's attention on BOS depends on the neuron. */
    public boolean found() {
      return Math.abs(bosAttentionChange) >= LEAST_CHANGE;
    }
  }

  /** The first position whose query is ablated, unless {@code --after} names another. */
  public static int usualAfter(int context) {
    return Math.clamp(context / 4, 1, 64);
  }

  static AttentionRole of(
      Checkpoint checkpoint,
      Kernels kernels,
      Sweep.Text text,
      NeuronRoles.Options options,
      ProgressListener progress) {
    ModelConfig config = checkpoint.config();
    Map<Head, List<BosEffects.Effect>> effects =
        BosEffects.of(checkpoint, options.processing(), kernels, text.rules().bosId(), A_HEAD);
    Map<Integer, List<PathAblation.Path>> byLayer = new TreeMap<>();
    Map<PathAblation.Path, Double> byPath = new HashMap<>();
    effects.forEach((head, effectsOnHead) -> {
      for (BosEffects.Effect effect : effectsOnHead) {
        var path = new PathAblation.Path(effect.neuron(), head);
        byLayer.computeIfAbsent(head.layer(), _ -> new ArrayList<>()).add(path);
        byPath.put(path, effect.value());
      }
    });
    List<Pair> pairs = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      long tokens = (long) text.batchRows() * text.table().context();
      PathAblation ablation =
          new PathAblation(checkpoint, kernels, arena, tokens, options.queries());
      for (int layer = 1; layer < config.layers(); layer++) {
        for (PathAblation.Measured measured :
            ablation.run(layer, byLayer.get(layer), text, progress)) {
          pairs.add(pair(measured, byPath.get(measured.path())));
        }
      }
    }
    return new AttentionRole(options.queries(), List.copyOf(pairs));
  }

  private static Pair pair(PathAblation.Measured measured, double effect) {
    double[] activation = doubles(measured.activation());
    double[] ranks = Ranks.ranks(activation);
    double[] zChange = difference(measured.zNormAblated(), measured.zNorm());
    double[] bosChange = difference(measured.bosAttentionAblated(), measured.bosAttention());
    return new Pair(
        measured.path().neuron(),
        measured.path().head(),
        effect,
        activation.length,
        mean(activation),
        mean(doubles(measured.zNorm())),
        mean(zChange),
        Ranks.pearson(activation, zChange),
        Ranks.pearson(ranks, Ranks.ranks(zChange)),
        mean(doubles(measured.bosAttention())),
        mean(bosChange),
        Ranks.pearson(activation, bosChange),
        Ranks.pearson(ranks, Ranks.ranks(bosChange)));
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static double[] difference(float[] a, float[] b) {
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = (double) a[i] - b[i];
    }
    return difference;
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  @Override
  public String toString() {
    return Brief.of("AttentionRole").with("queries", queries).with("pairs", pairs).toString();
  }
}
