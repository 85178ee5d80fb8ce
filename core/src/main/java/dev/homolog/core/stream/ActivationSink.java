package dev.homolog.core.stream;

import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import java.util.Map;
import java.util.Set;

/**
 * A measurement of a stream of activations. It hands blocks to the kernels and owns sums that the
 * same kernels made; it never reads an element of a block. Sums of disjoint parts of a stream add
 * up to those of the whole, so what {@link #state} gives can be saved, sent and merged: resuming,
 * sharding and distributing are all that.
 */
public interface ActivationSink {

  /** How a sink wants the activations. */
  enum Values {
    /** As the models made them. */
    RAW,
    /** As the pilot prepares them: standardised, say, and zero where a token is not kept. */
    PREPARED
  }

  /** The sites that are read. */
  Set<Site> sites();

  Values values();

  /** Adds one batch. */
  void accept(ActivationBlock block);

  /** The sums so far, by name, in host memory: a view that the next block changes. */
  Map<String, Tensor> state();

  /**
   * Adds the {@link #state} of another sink of the same study; merging into a new sink restores it.
   */
  void merge(Map<String, Tensor> other);
}
