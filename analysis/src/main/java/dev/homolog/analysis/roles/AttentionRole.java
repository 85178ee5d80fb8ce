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
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

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

  /** Numbers that are kept of a measured path: those of a pair from its positions on. */
  private static final int MEASURED = 10;

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
      NeuronRoles.Watch watch) {
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
        List<PathAblation.Path> paths = byLayer.get(layer);
        double[] measured = measured(ablation, layer, paths, text, watch);
        for (int i = 0; i < paths.size(); i++) {
          pairs.add(pair(paths.get(i), byPath.get(paths.get(i)), measured, i * MEASURED));
        }
      }
    }
    return new AttentionRole(options.queries(), List.copyOf(pairs));
  }

  /** What ablations of the paths into a layer's heads change: {@link #MEASURED} numbers each. */
  private static double[] measured(
      PathAblation ablation,
      int layer,
      List<PathAblation.Path> paths,
      Sweep.Text text,
      NeuronRoles.Watch watch) {
    String step = "attention." + layer;
    Optional<double[]> kept = watch.journal().find(step);
    if (kept.isPresent()) {
      if (kept.get().length != paths.size() * MEASURED) {
        throw watch.journal().refused(step, "has " + kept.get().length + " numbers");
      }
      return kept.get();
    }
    double[] measured =
        ablation.run(layer, paths, text, watch.progress()).stream()
            .flatMapToDouble(path -> DoubleStream.of(numbers(path)))
            .toArray();
    watch.journal().put(step, measured);
    return measured;
  }

  private static double[] numbers(PathAblation.Measured measured) {
    double[] activation = doubles(measured.activation());
    double[] ranks = Ranks.ranks(activation);
    double[] zChange = difference(measured.zNormAblated(), measured.zNorm());
    double[] bosChange = difference(measured.bosAttentionAblated(), measured.bosAttention());
    return new double[] {
      activation.length,
      mean(activation),
      mean(doubles(measured.zNorm())),
      mean(zChange),
      Ranks.pearson(activation, zChange),
      Ranks.pearson(ranks, Ranks.ranks(zChange)),
      mean(doubles(measured.bosAttention())),
      mean(bosChange),
      Ranks.pearson(activation, bosChange),
      Ranks.pearson(ranks, Ranks.ranks(bosChange))
    };
  }

  private static Pair pair(PathAblation.Path path, double effect, double[] measured, int at) {
    return new Pair(
        path.neuron(),
        path.head(),
        effect,
        (long) measured[at],
        measured[at + 1],
        measured[at + 2],
        measured[at + 3],
        measured[at + 4],
        measured[at + 5],
        measured[at + 6],
        measured[at + 7],
        measured[at + 8],
        measured[at + 9]);
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
