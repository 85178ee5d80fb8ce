/**
 * The stream of activations. Batches of tokens run through all models, and sinks see each batch
 * once. An {@link dev.homolog.core.stream.ActivationSink} is a measurement whose sums add up.
 */
package dev.homolog.core.stream;
