package dev.homolog.core.checkpoint;

import java.util.List;
import java.util.Map;

/**
 * A model's tensors, found among those of its files.
 *
 * @param tensors by their names without prefix, ordered as in the layout
 * @param prefix what stands before all stored names beyond the family's own prefix
 * @param passedOver stored names of tensors beside the model
 * @param hasUnembedding whether there is an unembedding, be it the embedding
 */
record MatchedTensors(
    Map<String, StoredTensor> tensors,
    String prefix,
    List<String> passedOver,
    boolean hasUnembedding) {}
