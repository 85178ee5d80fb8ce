/**
 * What a model's weights say of its neurons, without any text: norms, cosines of neurons with each
 * other and with tokens, and how much attention heads and neurons have to do with each other. All
 * of it is of weights as {@link dev.homolog.core.model.ProcessedWeights} makes them.
 */
package dev.homolog.analysis.weights;
