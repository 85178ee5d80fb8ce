package dev.homolog.core.stream;

import dev.homolog.core.memory.Tensor;

/**
 * The columns of an activation block that hold one model's neurons: neuron n of layer l stands in
 * column offset + l · d_mlp + n.
 *
 * @param name short name of the model, unique in its study
 */
public record ModelNeurons(String name, int layers, int dMlp, long offset) {

  /** Number of neurons: layers · d_mlp. */
  public int count() {
    return Math.multiplyExact(layers, dMlp);
  }

  /** This model's columns of a tensor [rows, all neurons of the study]. */
  public Tensor columns(Tensor all) {
    return all.columns(offset, offset + count());
  }

  /** One layer's columns of a tensor [rows, all neurons of the study]. */
  public Tensor layer(Tensor all, int layer) {
    long from = offset + (long) layer * dMlp;
    return all.columns(from, from + dMlp);
  }
}
