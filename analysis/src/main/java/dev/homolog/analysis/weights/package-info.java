/**
 * What a model's weights say of its neurons, without any text. It covers norms, cosines of neurons
 * with each other and with tokens, and composition of neurons with attention heads. The weights are
 * those of {@link dev.homolog.core.model.ProcessedWeights}.
 */
package dev.homolog.analysis.weights;
