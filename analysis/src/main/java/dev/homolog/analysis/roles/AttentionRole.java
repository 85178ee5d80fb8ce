package dev.homolog.analysis.roles;

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
 * Neurons that turn later heads on or off, by way of their attention on BOS: the largest BOS
 * effects of each head, and what becomes of the head when such a neuron is taken out of its
 * queries.
 *
 * @param queries positions of the queries that are ablated
 * @param pairs by head, and of each head the largest absolute effect first
 */
public record AttentionRole(Positions queries, List<Pair> pairs) {
  /** Neurons of each head. */
  public static final int A_HEAD = 100;

  /** What the mean attention on BOS must change by. */
  public static final double LEAST_CHANGE = 0.05;

  /**
   * A neuron and a later head. Changes are ablated less as it is, on average over the ablated
   * positions; correlations are of the changes with the neuron's activation.
   *
   * @param bosEffect of a unit of activation on the score of BOS
   * @param zNorm norm of z as it is
   * @param bosAttention on BOS as it is
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

    /** Whether the head's attention on BOS hangs on the neuron. */
    public boolean found() {
      return Math.abs(bosAttentionChange) >= LEAST_CHANGE;
    }
  }

  /** The position from which on queries are ablated where {@code --after} says nothing. */
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
    Map<PathAblation.Path, Double> effect = new HashMap<>();
    effects.forEach((head, of) -> {
      for (BosEffects.Effect one : of) {
        var path = new PathAblation.Path(one.neuron(), head);
        byLayer.computeIfAbsent(head.layer(), _ -> new ArrayList<>()).add(path);
        effect.put(path, one.value());
      }
    });
    List<Pair> pairs = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      long tokens = (long) text.batchRows() * text.table().context();
      PathAblation ablation =
          new PathAblation(checkpoint, kernels, arena, tokens, options.queries());
      for (int layer = 1; layer < config.layers(); layer++) {
        for (PathAblation.Measured of : ablation.run(layer, byLayer.get(layer), text, progress)) {
          pairs.add(pair(of, effect.get(of.path())));
        }
      }
    }
    return new AttentionRole(options.queries(), List.copyOf(pairs));
  }

  private static Pair pair(PathAblation.Measured of, double effect) {
    double[] activation = doubles(of.activation());
    double[] ranks = Ranks.ranks(activation);
    double[] zChange = difference(of.zNormAblated(), of.zNorm());
    double[] bosChange = difference(of.bosAttentionAblated(), of.bosAttention());
    return new Pair(
        of.path().neuron(),
        of.path().head(),
        effect,
        activation.length,
        mean(activation),
        mean(doubles(of.zNorm())),
        mean(zChange),
        Ranks.pearson(activation, zChange),
        Ranks.pearson(ranks, Ranks.ranks(zChange)),
        mean(doubles(of.bosAttention())),
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
}
