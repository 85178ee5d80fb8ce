package dev.homolog.core.stream;

import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Site;
import java.util.Map;
import java.util.Set;

/**
 * A measurement of a stream of activations. It hands blocks to the kernels and owns sums that the
 * same kernels made; it never reads an element of a block. Sums of disjoint parts of a stream add
 * up to those of the whole. So what {@link #state} gives can be saved, sent and merged; no more is
 * needed to resume, shard or distribute.
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

  /** Which values it reads. */
  Values values();

  /** Adds one batch. */
  void accept(ActivationBlock block);

  /**
   * Whether all activations that were added up so far are finite, as far as the sums can tell.
   * Asked after every batch. If not, the stream finds the activation and refuses the model.
   */
  default boolean isFinite() {
    return true;
  }

  /**
   * The sums so far, by name, in the kernels' memory or the host's: views that the next block
   * changes.
   */
  Map<String, Tensor> state();

  /**
   * Adds the {@link #state} of another sink of the same study, copied to the host; merging into a
   * new sink restores it.
   *
   * @throws IllegalArgumentException a tensor has another shape than this sink's
   */
  void merge(Map<String, Tensor> other);
}
