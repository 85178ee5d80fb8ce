package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sums of products of prepared activations: of some neurons of a model with every neuron of all
 * models after it. For the rotation baseline it also sums products within each layer of the other
 * models.
 */
public final class CorrelationSink implements ActivationSink {
  private final Kernels kernels;
  private final List<ModelNeurons> models;
  private final List<Strip> strips;
  private final Sums sums;
  private final List<Tensor> cross = new ArrayList<>();
  private final List<List<Tensor>> grams = new ArrayList<>();
  private final List<List<Tensor>> within;

  /**
   * An empty sink for all neurons of the reference.
   *
   * @param models the reference first
   * @param withinLayers whether to keep the products within layers of the others
   */
  public CorrelationSink(SumMemory memory, List<ModelNeurons> models, boolean withinLayers) {
    this(memory, models, List.of(allOfReference(models)), withinLayers);
  }

  /** An empty sink for the neurons of some strips; of none for products within layers alone. */
  public CorrelationSink(
      SumMemory memory, List<ModelNeurons> models, List<Strip> strips, boolean withinLayers) {
    this.kernels = memory.kernels();
    this.models = models;
    this.strips = List.copyOf(strips);
    this.sums = new Sums(memory);
    this.within = grams;
    addCross();
    for (ModelNeurons other : models.subList(1, withinLayers ? models.size() : 1)) {
      List<Tensor> layers = new ArrayList<>();
      for (int layer = 0; layer < other.layers(); layer++) {
        String name = "correlation.gram." + grams.size() + "." + layer;
        layers.add(sums.add(name, other.dMlp(), other.dMlp()));
      }
      grams.add(layers);
    }
  }

  /**
   * An empty sink for the neurons of some strips, which has products within layers of another.
   *
   * @param within sums of the same text, none of strips
   */
  CorrelationSink(SumMemory memory, CorrelationSink within, List<Strip> strips) {
    this.kernels = memory.kernels();
    this.models = within.models;
    this.strips = List.copyOf(strips);
    this.sums = new Sums(memory);
    this.within = within.grams;
    addCross();
  }

  private void addCross() {
    for (Strip strip : strips) {
      long after = end(models) - end(models.subList(0, strip.model() + 1));
      String name = "correlation.cross." + strip.model() + "." + strip.from();
      cross.add(sums.add(name, strip.rows(), after));
    }
  }

  /** All neurons of the reference. */
  static Strip allOfReference(List<ModelNeurons> models) {
    return new Strip(0, 0, models.getFirst().count());
  }

  /** The column after the last of these models. */
  private static long end(List<ModelNeurons> models) {
    return models.getLast().offset() + models.getLast().count();
  }

  @Override
  public Set<Site> sites() {
    return Set.of(Site.MLP_POST);
  }

  @Override
  public Values values() {
    return Values.PREPARED;
  }

  @Override
  public void accept(ActivationBlock block) {
    add(block.site(Site.MLP_POST));
  }

  /** Adds tokens z [T, all neurons], prepared. */
  void add(Tensor z) {
    for (int i = 0; i < strips.size(); i++) {
      Strip strip = strips.get(i);
      ModelNeurons model = models.get(strip.model());
      Tensor left = model.columns(z).columns(strip.from(), strip.to());
      long right = model.offset() + model.count();
      kernels.crossProducts(left, z.columns(right, end(models)), cross.get(i));
    }
    for (int i = 0; i < grams.size(); i++) {
      ModelNeurons other = models.get(i + 1);
      for (int layer = 0; layer < other.layers(); layer++) {
        kernels.gram(other.layer(z, layer), grams.get(i).get(layer));
      }
    }
  }

  /** Σ z_a z_b of a strip with the neurons of one model after it, [rows, N_b]. */
  Tensor cross(Strip strip, ModelNeurons other) {
    ModelNeurons model = models.get(strip.model());
    long from = other.offset() - model.offset() - model.count();
    return cross.get(strips.indexOf(strip)).columns(from, from + other.count());
  }

  List<ModelNeurons> models() {
    return models;
  }

  List<Strip> strips() {
    return strips;
  }

  /** Σ z z of one layer of another model, [d_mlp, d_mlp], defined on and above the diagonal. */
  Tensor gram(ModelNeurons other, int layer) {
    return within.get(models.indexOf(other) - 1).get(layer);
  }

  @Override
  public Map<String, Tensor> state() {
    return sums.state();
  }

  @Override
  public void merge(Map<String, Tensor> other) {
    sums.merge(other);
  }
}
