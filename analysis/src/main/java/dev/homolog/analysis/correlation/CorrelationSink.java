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
    block
        .kernels()
        .crossProducts(models.getFirst().columns(z), z.columns(from, from + others), cross);
    for (int i = 0; i < grams.size(); i++) {
      ModelNeurons other = models.get(i + 1);
      for (int layer = 0; layer < other.layers(); layer++) {
        block.kernels().gram(other.layer(z, layer), grams.get(i).get(layer));
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
    state.put("correlation.cross", cross);
    for (int i = 0; i < grams.size(); i++) {
      for (int layer = 0; layer < grams.get(i).size(); layer++) {
        state.put("correlation.gram." + i + "." + layer, grams.get(i).get(layer));
      }
    }
    return state;
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    state().forEach((name, mine) -> add(mine, other.get(name)));
  }

  private static void add(Tensor mine, Tensor theirs) {
    theirs.requireShape("sums", mine.rows(), mine.cols());
    for (long i = 0; i < mine.rows(); i++) {
      for (long j = 0; j < mine.cols(); j++) {
        mine.set(i, j, mine.get(i, j) + theirs.get(i, j));
      }
    }
  }
}
