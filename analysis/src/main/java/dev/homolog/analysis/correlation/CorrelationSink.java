package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sums of products of standardised activations: of every neuron of the reference with every neuron
 * of all other models, and, for the rotation baseline, of the neurons of each layer of the others
 * among themselves.
 */
public final class CorrelationSink implements ActivationSink {
  private final Kernels kernels;
  private final Arena arena;
  private final List<ModelNeurons> models;
  private final long others;
  private final Tensor cross;
  private final List<List<Tensor>> grams = new ArrayList<>();

  /**
   * An empty sink.
   *
   * @param models the reference first
   * @param withinLayers whether to keep the products within layers of the others
   */
  public CorrelationSink(
      Kernels kernels, Arena arena, List<ModelNeurons> models, boolean withinLayers) {
    this.kernels = kernels;
    this.arena = arena;
    this.models = models;
    ModelNeurons last = models.getLast();
    this.others = last.offset() + last.count() - models.getFirst().count();
    this.cross = kernels.allocate(arena, DType.F64, models.getFirst().count(), others);
    for (ModelNeurons other : models.subList(1, withinLayers ? models.size() : 1)) {
      List<Tensor> layers = new ArrayList<>();
      for (int layer = 0; layer < other.layers(); layer++) {
        layers.add(kernels.allocate(arena, DType.F64, other.dMlp(), other.dMlp()));
      }
      grams.add(layers);
    }
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.STANDARDIZED;
  }

  @Override
  public void accept(ActivationBlock block) {
    Tensor z = block.site(Site.MLP_POST);
    long from = models.getFirst().count();
    kernels.crossProducts(models.getFirst().columns(z), z.columns(from, from + others), cross);
    for (int i = 0; i < grams.size(); i++) {
      ModelNeurons other = models.get(i + 1);
      for (int layer = 0; layer < other.layers(); layer++) {
        kernels.gram(other.layer(z, layer), grams.get(i).get(layer));
      }
    }
  }

  /** Σ z_a z_b with the neurons of one other model, F64 [N_a, N_b]. */
  Tensor cross(ModelNeurons other) {
    long from = other.offset() - models.getFirst().count();
    return cross.columns(from, from + other.count());
  }

  /** Σ z z of one layer of another model, F64 [d_mlp, d_mlp], defined on and above the diagonal. */
  Tensor gram(ModelNeurons other, int layer) {
    return grams.get(models.indexOf(other) - 1).get(layer);
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    sums().forEach((name, sum) -> state.put(name, kernels.toHost(arena, sum)));
    return state;
  }

  private Map<String, Tensor> sums() {
    Map<String, Tensor> sums = new LinkedHashMap<>();
    sums.put("correlation.cross", cross);
    for (int i = 0; i < grams.size(); i++) {
      for (int layer = 0; layer < grams.get(i).size(); layer++) {
        sums.put("correlation.gram." + i + "." + layer, grams.get(i).get(layer));
      }
    }
    return sums;
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    sums()
        .forEach((name, mine) -> {
          Tensor theirs = other.get(name);
          theirs.requireShape(name, mine.rows(), mine.cols());
          try (Arena scratch = Arena.ofShared()) {
            kernels.add(kernels.fromHost(scratch, theirs), mine);
          }
        });
  }
}
