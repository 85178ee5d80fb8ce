package dev.homolog.core.intervention;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What interventions change in one layer. The change of an activation times what the neuron writes
 * is added to the residual stream after the layer. So a pass can be resumed there, and an edit that
 * changes nothing adds nothing.
 */
final class LayerEdit {
  private final int layer;
  private final int[] neurons;
  private final List<List<Intervention>> before;
  private final List<List<Intervention>> after;
  private final Tensor writers;

  private LayerEdit(
      int layer, Map<Integer, List<Intervention>> byNeuron, Transformer model, Arena arena) {
    this.layer = layer;
    this.neurons = byNeuron.keySet().stream().mapToInt(Integer::intValue).toArray();
    this.before = of(byNeuron, Site.MLP_PRE);
    this.after = of(byNeuron, Site.MLP_POST);
    this.writers = model.writers(layer, neurons, arena);
  }

  /** A variant's interventions by layer, the first layer first. */
  static List<LayerEdit> of(List<Intervention> variant, Transformer model, Arena arena) {
    Map<Integer, Map<Integer, List<Intervention>>> layers = new TreeMap<>();
    for (Intervention intervention : variant) {
      for (NeuronId id : intervention.neurons()) {
        layers
            .computeIfAbsent(id.layer(), _ -> new TreeMap<>())
            .computeIfAbsent(id.neuron(), _ -> new ArrayList<>())
            .add(intervention);
      }
    }
    List<LayerEdit> edits = new ArrayList<>();
    layers.forEach((layer, byNeuron) -> edits.add(new LayerEdit(layer, byNeuron, model, arena)));
    return List.copyOf(edits);
  }

  private static List<List<Intervention>> of(Map<Integer, List<Intervention>> byNeuron, Site site) {
    return byNeuron.values().stream()
        .map(all -> all.stream().filter(one -> one.site() == site).toList())
        .toList();
  }

  int layer() {
    return layer;
  }

  int[] neurons() {
    return neurons;
  }

  boolean readsPre() {
    return before.stream().anyMatch(list -> !list.isEmpty());
  }

  /**
   * Adds what the changes write.
   *
   * @param columns the layer's activations as the pass computes them
   * @param residual [T, d_model] after the layer
   */
  void apply(
      Kernels kernels, Activation f, NeuronActivations columns, int context, Tensor residual) {
    try (Arena scratch = Arena.ofShared()) {
      long T = residual.rows();
      Tensor change = Tensor.allocate(scratch, kernels.working(), T, neurons.length);
      boolean any = false;
      for (int j = 0; j < neurons.length; j++) {
        double[] post = columns.post(neurons[j]);
        double[] changed = post.clone();
        if (!before.get(j).isEmpty()) {
          double[] pre = columns.pre(neurons[j]);
          double[] other = edited(pre, before.get(j), context);
          double[] activated = activated(kernels, scratch, f, other);
          for (int t = 0; t < changed.length; t++) {
            changed[t] = other[t] == pre[t] ? post[t] : activated[t];
          }
        }
        changed = edited(changed, after.get(j), context);
        for (int t = 0; t < changed.length; t++) {
          double difference = changed[t] - post[t];
          any |= difference != 0;
          change.set(t, j, difference);
        }
      }
      if (any) {
        kernels.addLinear(kernels.fromHost(scratch, change), writers, null, residual);
      }
    }
  }

  private static double[] edited(double[] values, List<Intervention> by, int context) {
    double[] changed = values.clone();
    for (Intervention intervention : by) {
      for (int t = 0; t < changed.length; t++) {
        if (intervention.positions().contains(t % context)) {
          changed[t] = intervention.mode().apply(changed[t], intervention.value());
        }
      }
    }
    return changed;
  }

  /** f by the kernels that the model runs on, by a product with 1. */
  private static double[] activated(Kernels kernels, Arena arena, Activation f, double[] values) {
    Tensor column = Tensor.allocate(arena, kernels.working(), values.length, 1);
    column.transposed().writeRow(0, values);
    Tensor unit = Tensor.allocate(arena, kernels.working(), 1, 1);
    unit.set(0, 0, 1);
    Tensor out = kernels.allocate(arena, kernels.working(), values.length, 1);
    kernels.linearActivate(
        kernels.fromHost(arena, column), kernels.fromHost(arena, unit), null, f, null, out);
    return kernels.toHost(arena, out).toArray();
  }
}
