package dev.homolog.core.intervention;

import dev.homolog.core.memory.Tensor;

/**
 * Metrics of every position of a batch, valid during the call that hands them over.
 *
 * @param variant number of the variant, or −1 without intervention
 * @param reading how the residual stream was read
 * @param from the first of the batch's rows, counted in those that are read
 * @param values F64 [T, 6] on the host, in the order of {@link Metrics}; loss and ranks are NaN at
 *     the end of a row
 */
public record PositionMetrics(int variant, Reading reading, int from, Tensor values) {}
